/**
 * Frames that come out the same for different subscriptions: whoever wants the same events of the same range gets the same
 * frame, whatever else they want. Kept only while the log stands still, and bounded; and only once two have asked for the
 * same, for where all subscriptions differ nothing is worth keeping.
 */
import type { Frame } from "./frame.ts";

/** Frames kept at once, and their bytes together; beyond it all are forgotten. */
const FRAMES_MAX = 4096;
const BYTES_MAX = 8 * 1024 * 1024;
/** What one has asked for is remembered so often. */
const HASHES_MAX = 65_536;

interface Shared {
  readonly frame: Frame;
  readonly offsets: readonly number[];
}

/** See the file comment. */
export class FrameShare {
  readonly #shared = new Map<number, Shared[]>();
  /** Hashes of what one has asked for. */
  readonly #once = new Set<number>();
  #count = 0;
  #bytes = 0;
  #end = -1;

  /**
   * The frame of these events, made by `build` unless it is here.
   * @param end the log's end; when it moves everything is forgotten
   * @param offsets of the events, ascending
   */
  get(end: number, from: number, to: number, offsets: readonly number[], build: () => Frame): Frame {
    if (end !== this.#end) this.#forget(end);
    const hash = hashOf(from, to, offsets);
    const same = this.#shared.get(hash);
    const known = same?.find(({ frame, offsets: theirs }) =>
      frame.from === from && frame.to === to && areEqual(theirs, offsets)
    );
    if (known !== undefined) return known.frame;
    const frame = build();
    if (!this.#once.has(hash)) {
      if (this.#once.size >= HASHES_MAX) this.#once.clear();
      this.#once.add(hash);
      return frame;
    }
    this.#bytes += frame.bytes;
    if (++this.#count > FRAMES_MAX || this.#bytes > BYTES_MAX) this.#forget(end);
    const entry = { frame, offsets };
    if (same === undefined || this.#count === 0) this.#shared.set(hash, [entry]);
    else same.push(entry);
    return frame;
  }

  #forget(end: number): void {
    this.#shared.clear();
    this.#once.clear();
    this.#count = 0;
    this.#bytes = 0;
    this.#end = end;
  }
}

/** Only sorts candidates: equality is looked at. */
function hashOf(from: number, to: number, offsets: readonly number[]): number {
  let hash = Math.imul(from, 31) + to;
  for (const offset of offsets) hash = Math.imul(hash, 31) + offset | 0;
  return hash;
}

function areEqual(some: readonly number[], others: readonly number[]): boolean {
  if (some.length !== others.length) return false;
  for (let n = 0; n < some.length; n++) if (some[n] !== others[n]) return false;
  return true;
}
