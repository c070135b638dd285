/**
 * Where this client stands: one position per list, kept over reconnects, edges and transports, and the newest id seen per
 * list, which is how a repeat is told from news (ids rise strictly per list).
 */

import type { GapNotice } from "./message.ts";

/** Lists remembered at most; a server has one per stream, a few more when a stream is split. */
export const LISTS_MAX = 128;

interface Seen {
  readonly epoch: string;
  readonly seq: number;
}

/** One list's part of a cursor, and an id with its list's number: the server's own grammar, so that what it is sent is good. */
const PART = /^([a-z][a-z0-9_]{0,31}(?:\.\d{1,4})?):(.*)$/;
const ID = /^(?:(\d{1,4})\.)?(0|[0-9a-z]{8})-(0|[1-9]\d{0,15})$/;

/** Reads `[<list number>.]<epoch>-<seq>`; undefined when it is no id. */
function readId(id: string): (Seen & { readonly list: string | undefined }) | undefined {
  const [, list, epoch, digits] = ID.exec(id) ?? [];
  const seq = Number(digits);
  return epoch !== undefined && Number.isSafeInteger(seq) ? { epoch, seq, list } : undefined;
}

const isAfter = (a: Seen, b: Seen): boolean => a.epoch === b.epoch ? a.seq > b.seq : a.epoch > b.epoch;

/** Whether id `a` is `b` or an earlier one of the same epoch. */
export function isUpTo(a: string, b: string): boolean {
  const left = readId(a), right = readId(b);
  return left !== undefined && right !== undefined && left.epoch === right.epoch && left.seq <= right.seq;
}

const streamOf = (list: string): string => list.split(".", 1)[0] ?? list;
const listOf = (stream: string, number: string | undefined): string =>
  number ? `${stream}.${number}` : stream;

/** See the file's own words. */
export class CursorBook {
  readonly #positions = new Map<string, string>();
  readonly #seen = new Map<string, Seen>();
  /** Streams that are to begin at the oldest event still held. */
  readonly #earliest = new Set<string>();
  /** Streams that nobody wants any more: what is still on its way must not say where the next subscription begins. */
  readonly #dropped = new Set<string>();

  constructor(cursor = "") {
    this.take(cursor);
  }

  /** Notes what the server says: the last word wins, for within one connection it comes in order. */
  take(cursor: string | undefined): void {
    for (const part of cursor?.split(",") ?? []) {
      const [, list, at] = PART.exec(part) ?? [];
      if (list === undefined || at === undefined || !readId(at) || this.#dropped.has(streamOf(list))) {
        continue;
      }
      if (this.#positions.size >= LISTS_MAX && !this.#positions.has(list)) continue;
      this.#positions.set(list, at);
      this.#earliest.delete(streamOf(list));
    }
  }

  /** Where a new subscription is to begin: a cursor, or `earliest`. Streams that already stand somewhere stay there. */
  resume(streams: readonly string[], cursor = ""): void {
    // What was still on its way when it was dropped must not make repeats of what is asked for now.
    for (const stream of streams) if (this.#dropped.delete(stream)) this.restart(stream);
    const fresh = streams.filter((stream) => this.of([stream]) === "");
    if (cursor === "earliest") { for (const stream of fresh) this.#earliest.add(stream); }
    else this.take(cursor.split(",").filter((part) => fresh.includes(/^\w*/.exec(part)?.[0] ?? "")).join());
  }

  /** The cursor of the given streams, or of all. Empty when none of them has one yet. */
  of(streams?: readonly string[]): string {
    if (streams?.length && streams.every((stream) => this.#earliest.has(stream))) return "earliest";
    const parts: string[] = [];
    // Beside others "earliest" has no word of its own: it is after nothing.
    for (const stream of streams ?? []) if (this.#earliest.has(stream)) parts.push(`${stream}:0-0`);
    for (const [list, at] of this.#positions) {
      if (!streams || streams.includes(streamOf(list))) parts.push(`${list}:${at}`);
    }
    return parts.join();
  }

  /** Notes an event; false when it was seen before, came out of order or has no id of this service. */
  isNews(stream: string, id: string): boolean {
    const at = readId(id);
    if (!at) return false;
    const list = listOf(stream, at.list);
    const seen = this.#seen.get(list);
    if (seen ? !isAfter(at, seen) : this.#seen.size >= LISTS_MAX) return false;
    this.#seen.set(list, at);
    return true;
  }

  /**
   * A list began anew (the one that `before` is of, all of the stream's when it is none): what comes next is news whatever it
   * is called. `cursor` says where the stream stands now, in all the lists it has left.
   */
  restart(stream: string, { after = "", before = "", cursor }: Partial<GapNotice> = {}): void {
    const at = readId(before);
    for (const [list, { epoch }] of this.#seen) {
      if (at ? list !== listOf(stream, at.list) : streamOf(list) !== stream) continue;
      // Told again, as to one that asked once more from where it stood before: what has come since has come.
      if (epoch === at?.epoch && readId(after)?.epoch !== epoch) continue;
      this.#seen.delete(list);
    }
    if (cursor) this.#forget(stream);
    this.take(cursor);
  }

  /** Nobody wants the stream any more: the next subscription starts now rather than where this one stopped. */
  drop(stream: string): void {
    this.restart(stream);
    this.#forget(stream);
    this.#earliest.delete(stream);
    this.#dropped.add(stream);
  }

  #forget(stream: string): void {
    for (const list of this.#positions.keys()) if (streamOf(list) === stream) this.#positions.delete(list);
  }
}
