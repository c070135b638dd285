/**
 * What one client that filters nothing saw: the truth that filtering clients are held against. A filtered client can't see a
 * hole in its ids, so its events are counted against the witness's between two cursors.
 */
import type { Position } from "../../feed/cursor.ts";
import type { Run } from "./read_message.ts";

/** Events remembered, all lists together; beyond that later ranges can't be verified and are counted as such. */
export const WITNESS_EVENTS_MAX = 20_000_000;

/** A stretch of a list a filtering client went through without being told of a gap: after `from`, up to and with `to`. */
export interface Stretch {
  readonly list: string;
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly symbols: readonly string[];
  /** Events the client got in it. */
  readonly received: number;
}

interface Seen {
  readonly epoch: string;
  /** The first seq it can speak for, and the last. */
  readonly from: number;
  to: number;
  readonly bySymbol: Map<string, number[]>;
  /** Ranges the witness itself was told it missed, exclusive bounds. */
  readonly missed: { readonly after: number; readonly before: number }[];
}

/** See the file comment. */
export class Witness {
  readonly #seen = new Map<string, Seen>();
  #events = 0;

  /** Where it began, or stands now without having got anything. */
  at(list: string, { epoch, seq }: Position): void {
    const seen = this.#seen.get(`${list}:${epoch}`);
    if (seen === undefined) this.#begin(list, epoch, seq);
    else if (seq > seen.to) seen.to = seq;
  }

  /** Events it got. */
  note({ list, epoch, seqs, symbols }: Run): void {
    const first = seqs[0];
    if (first === undefined) return;
    const seen = this.#seen.get(`${list}:${epoch}`) ?? this.#begin(list, epoch, first - 1);
    seqs.forEach((seq, n) => {
      const symbol = symbols[n] ?? "";
      if (seq <= seen.to || this.#events >= WITNESS_EVENTS_MAX) return;
      seen.to = seq;
      this.#events++;
      const known = seen.bySymbol.get(symbol);
      if (known === undefined) seen.bySymbol.set(symbol, [seq]);
      else known.push(seq);
    });
  }

  /** A gap it was told of. */
  gap(list: string, after: Position, before: Position): void {
    const old = this.#seen.get(`${list}:${after.epoch}`);
    if (after.epoch === before.epoch && old !== undefined) {
      old.missed.push({ after: after.seq, before: before.seq });
      old.to = Math.max(old.to, before.seq - 1);
    } else this.#begin(list, before.epoch, before.seq - 1);
  }

  /** Whether it has come as far as a stretch's end. */
  hasReached({ list, epoch, to }: Stretch): boolean {
    return (this.#seen.get(`${list}:${epoch}`)?.to ?? -1) >= to;
  }

  /** Events of a stretch's symbols in it; undefined when it can't tell. */
  expected(stretch: Stretch): number | undefined {
    const { list, epoch, from, to, symbols } = stretch;
    const seen = this.#seen.get(`${list}:${epoch}`);
    if (seen === undefined || from < seen.from || to > seen.to) return undefined;
    if (seen.missed.some(({ after, before }) => after < to && before - 1 > from)) return undefined;
    return symbols.reduce((sum, symbol) => sum + countBetween(seen.bySymbol.get(symbol) ?? [], from, to), 0);
  }

  #begin(list: string, epoch: string, from: number): Seen {
    const seen: Seen = { epoch, from, to: from, bySymbol: new Map(), missed: [] };
    this.#seen.set(`${list}:${epoch}`, seen);
    return seen;
  }
}

/** How many of `ascending` are over `from` and up to `to`. */
const countBetween = (ascending: readonly number[], from: number, to: number): number =>
  Math.max(0, firstOver(ascending, to) - firstOver(ascending, from));

function firstOver(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? Infinity) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
