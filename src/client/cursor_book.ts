/**
 * Where this client stands: one position per list, kept over reconnects, edges and transports, and the newest id seen per
 * list, which is how a repeat is told from news (ids rise strictly per list).
 */

/** Lists remembered at most; a server has one per stream, a few more when a stream is split. */
export const LISTS_MAX = 512;

interface Seen {
  readonly epoch: string;
  readonly seq: number;
}

/** Reads `[<list number>.]<epoch>-<seq>`; undefined when it is no id. */
function readId(id: string): (Seen & { readonly suffix: string }) | undefined {
  const dash = id.indexOf("-");
  const dot = id.indexOf(".");
  const seq = Number(id.slice(dash + 1));
  if (dash <= dot + 1 || dash === id.length - 1 || !Number.isSafeInteger(seq) || seq < 0) return undefined;
  return { epoch: id.slice(dot + 1, dash), seq, suffix: dot < 0 ? "" : id.slice(0, dot + 1) };
}

const isAfter = (a: Seen, b: Seen): boolean => a.epoch === b.epoch ? a.seq > b.seq : a.epoch > b.epoch;

/** Whether id `a` is `b` or an earlier one of the same epoch. */
export function isUpTo(a: string, b: string): boolean {
  const left = readId(a), right = readId(b);
  return left !== undefined && right !== undefined && left.epoch === right.epoch && left.seq <= right.seq;
}

const isOfStream = (list: string, stream: string): boolean =>
  list === stream || (list.startsWith(stream) && list[stream.length] === ".");

/** See the file's own words. */
export class CursorBook {
  readonly #positions = new Map<string, string>();
  readonly #seen = new Map<string, Seen>();
  /** Streams that are to begin at the oldest event still held. */
  readonly #earliest = new Set<string>();

  constructor(cursor = "") {
    this.take(cursor);
  }

  /** Notes what the server says: the last word wins, for within one connection it comes in order. */
  take(cursor: string | undefined): void {
    for (const part of cursor?.split(",") ?? []) {
      const colon = part.indexOf(":");
      const list = part.slice(0, Math.max(0, colon));
      const at = readId(part.slice(colon + 1));
      if (!list || !at || (this.#positions.size >= LISTS_MAX && !this.#positions.has(list))) continue;
      this.#positions.set(list, part.slice(colon + 1));
      this.#earliest.delete(list.split(".", 1)[0] ?? list);
      const seen = this.#seen.get(list);
      // An epoch that goes back means the lists were lost together with the clock that named them: begin afresh.
      if (seen && at.epoch < seen.epoch) this.#seen.delete(list);
    }
  }

  /** Where a new subscription is to begin: a cursor, or `earliest`. Streams that already stand somewhere stay there. */
  resume(streams: readonly string[], cursor: string): void {
    const fresh = streams.filter((stream) => this.of([stream]) === "");
    if (cursor === "earliest") { for (const stream of fresh) this.#earliest.add(stream); }
    else {this.take(
        cursor.split(",").filter((part) =>
          fresh.some((stream) => isOfStream(part.split(":", 1)[0] ?? "", stream))
        ).join(","),
      );}
  }

  /** The cursor of the given streams, or of all. Empty when none of them has one yet. */
  of(streams?: readonly string[]): string {
    const wanted = streams;
    const parts: string[] = [];
    if (wanted?.length && wanted.every((stream) => this.#earliest.has(stream))) return "earliest";
    for (const [list, at] of this.#positions) {
      if (!wanted || wanted.some((stream) => isOfStream(list, stream))) parts.push(`${list}:${at}`);
    }
    return parts.join(",");
  }

  /** Notes an event; false when it was seen before, came out of order or has no id of this service. */
  isNews(stream: string, id: string): boolean {
    const at = readId(id);
    if (!at) return false;
    const list = at.suffix ? `${stream}.${at.suffix.slice(0, -1)}` : stream;
    const seen = this.#seen.get(list);
    if (seen ? !isAfter(at, seen) : this.#seen.size >= LISTS_MAX) return false;
    this.#seen.set(list, at);
    return true;
  }

  /** The stream's lists were lost and began anew: what comes next is news whatever it is called. */
  restart(stream: string): void {
    for (const list of this.#seen.keys()) if (isOfStream(list, stream)) this.#seen.delete(list);
  }

  /** Nobody wants the stream any more: the next subscription starts now rather than where this one stopped. */
  drop(stream: string): void {
    this.restart(stream);
    this.#earliest.delete(stream);
    for (const list of this.#positions.keys()) if (isOfStream(list, stream)) this.#positions.delete(list);
  }
}
