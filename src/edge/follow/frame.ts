/**
 * What one send carries: events of one stream, or one gap. Built once for a range and a subscription, then handed to every
 * follower that needs it. Text for sockets and bytes for event streams are kept from the second use on: where every client
 * has a filter of its own they would all outlive their send until the flush is over, and collecting that was two fifths of
 * the work.
 */
import type { GapCause } from "../edge_counters.ts";
import { SSE_END, sseDataHead } from "./sse_text.ts";

const encoder = new TextEncoder();

/** A range of a stream's log as one subscription sees it. */
export class Frame {
  #bytes = 0;
  #isUsed = false;
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
    if (this.#wsText !== undefined) return this.#wsText;
    const text = this.#makeWsText();
    if (!this.#isFirstUse()) this.#wsText = text;
    return text;
  }

  /** The event-stream block, `id:` line first. */
  sseBlock(cursor: string): Uint8Array {
    if (this.#block !== undefined && this.#blockCursor === cursor) return this.#block;
    if (this.#isFirstUse()) return encoder.encode(`id: ${cursor}\n` + this.#makeSseText());
    const id = encoder.encode(`id: ${cursor}\n`);
    const bytes = this.#sseBytes ??= encoder.encode(this.#makeSseText());
    const block = new Uint8Array(id.length + bytes.length);
    block.set(id);
    block.set(bytes, id.length);
    this.#block = block;
    this.#blockCursor = cursor;
    return block;
  }

  #isFirstUse(): boolean {
    const isFirst = !this.#isUsed;
    this.#isUsed = true;
    return isFirst;
  }

  #makeWsText(): string {
    const { stream, cursor, gap } = this;
    return gap === undefined
      ? spliced(`{"type":"events","stream":"${stream}","cursor":"${cursor}","events":[`, this.texts, "]}")
      : `{"type":"gap",${gap},"cursor":"${cursor}"}`;
  }

  /** Without its `id:` line. */
  #makeSseText(): string {
    return this.gap === undefined
      ? spliced(sseDataHead(this.stream) + "[", this.texts, "]" + SSE_END)
      : sseDataHead("gap") + this.#makeWsText() + SSE_END;
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
