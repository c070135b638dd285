/**
 * What one send carries: events of one stream, or one gap. Built once for a range and a subscription, then handed to every
 * follower that needs it; text for sockets and bytes for event streams are made at first use and kept.
 */
import type { GapCause } from "../edge_counters.ts";
import { sseEventBytes } from "../deliver/sse_text.ts";

const encoder = new TextEncoder();

/** A range of a stream's log as one subscription sees it. */
export class Frame {
  #wsText: string | undefined;
  #sseBytes: Uint8Array | undefined;
  /** The last block built with an `id:` line, and the cursor in it: most event-stream clients share it. */
  #blockCursor = "";
  #block: Uint8Array | undefined;

  constructor(
    readonly stream: string,
    /** Log offset it starts at, and the first offset after it. */
    readonly from: number,
    readonly to: number,
    /** The stream's part of the cursor once it is read. */
    readonly cursor: string,
    /** A JSON array of events; empty string: nothing for this subscription in the range. */
    readonly body: string,
    /** Events in it … */
    readonly count: number,
    /** … and how many others were merged into them. */
    readonly merged: number,
    /** Set for a gap: the members of its message but for the cursor, as JSON text without braces. */
    readonly gap: string | undefined,
    readonly gapCause: GapCause | undefined,
  ) {}

  /** Nothing to send: the follower only moves on. */
  get isEmpty(): boolean {
    return this.count === 0 && this.gap === undefined;
  }

  /** About what it takes on the wire. */
  get bytes(): number {
    return this.body.length + 96;
  }

  /** The WebSocket message. */
  get wsText(): string {
    return this.#wsText ??= this.gap === undefined
      ? `{"type":"events","stream":"${this.stream}","cursor":"${this.cursor}","events":${this.body}}`
      : `{"type":"gap",${this.gap},"cursor":"${this.cursor}"}`;
  }

  /** The event-stream block without its `id:` line. */
  get sseBytes(): Uint8Array {
    return this.#sseBytes ??= this.gap === undefined
      ? sseEventBytes(this.stream, this.body)
      : sseEventBytes("gap", this.wsText);
  }

  /** The whole block, `id:` line first. */
  sseBlock(cursor: string): Uint8Array {
    if (this.#block !== undefined && this.#blockCursor === cursor) return this.#block;
    const id = encoder.encode(`id: ${cursor}\n`);
    const block = new Uint8Array(id.length + this.sseBytes.length);
    block.set(id);
    block.set(this.sseBytes, id.length);
    this.#block = block;
    this.#blockCursor = cursor;
    return block;
  }
}
