/**
 * What one send carries: events of one stream, or one gap. Built once for a range and a subscription, then handed to every
 * follower that needs it; text for sockets and bytes for event streams are made at first use and kept.
 */
import type { GapCause } from "../edge_counters.ts";
import { SSE_END, sseDataHead, sseEventBytes } from "./sse_text.ts";

const encoder = new TextEncoder();

/** A range of a stream's log as one subscription sees it. */
export class Frame {
  #bytes = 0;
  #body: string | undefined;
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
    /** Its events, each a JSON text; none: nothing for this subscription in the range. */
    readonly texts: readonly string[],
    /** How many others were merged into them. */
    readonly merged: number,
    /** Set for a gap: the members of its message but for the cursor, as JSON text without braces. */
    readonly gap: string | undefined,
    readonly gapCause: GapCause | undefined,
  ) {}

  /** Events in it. */
  get count(): number {
    return this.texts.length;
  }

  /** A JSON array of the events; empty string when there are none. */
  get body(): string {
    return this.#body ??= this.texts.length === 0 ? "" : spliced("[", this.texts, "]");
  }

  /** Nothing to send: the follower only moves on. */
  get isEmpty(): boolean {
    return this.count === 0 && this.gap === undefined;
  }

  /** About what it takes on the wire. */
  get bytes(): number {
    return this.#bytes ||= this.texts.reduce((sum, text) => sum + text.length + 1, 96);
  }

  /** The WebSocket message. */
  get wsText(): string {
    return this.#wsText ??= this.gap === undefined
      ? spliced(
        `{"type":"events","stream":"${this.stream}","cursor":"${this.cursor}","events":[`,
        this.texts,
        "]}",
      )
      : `{"type":"gap",${this.gap},"cursor":"${this.cursor}"}`;
  }

  /** The event-stream block without its `id:` line. */
  get sseBytes(): Uint8Array {
    return this.#sseBytes ??= this.gap === undefined
      ? encoder.encode(spliced(sseDataHead(this.stream) + "[", this.texts, "]" + SSE_END))
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

/**
 * The texts with commas between, in one copy: one put together of texts put together is copied again by whoever sends it,
 * which counts where every client has a filter, and so a frame, of its own.
 */
function spliced(head: string, texts: readonly string[], tail: string): string {
  const last = texts.length - 1;
  const parts = [...texts];
  parts[0] = head + (parts[0] ?? "");
  parts[last] += tail;
  return parts.join(",");
}
