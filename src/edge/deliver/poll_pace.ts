/**
 * How often polls are given news: no more often than a socket of the same tier and `max_hz`. Between two turns every poll
 * of one pace sees the stream up to the same place, which also is what a proxy can answer them all with.
 */
import type { Clock } from "../../feed/clock.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";

/** Wishes remembered for one stream; the one whose turn is longest ago is forgotten first. */
const WISHES_MAX = 256;

/** What a poll is held to, ms between two turns, 0 for nothing: its tier's pace, and its own `max_hz`. */
export interface Paces {
  readonly tierMs: number;
  readonly wishMs: number;
}

/** See the file comment. Offsets are of the feed's log. */
export class PollPace {
  /** Apart, so that whoever names another `max_hz` each time is still held to its tier's. */
  readonly #tiers: Turns;
  readonly #wishes: Turns;

  constructor(clock: Clock) {
    this.#tiers = new Turns(clock, Infinity);
    this.#wishes = new Turns(clock, WISHES_MAX);
  }

  /** How far an answer may look now. */
  endOf(feed: StreamFeed, { tierMs, wishMs }: Paces): number {
    return Math.min(this.#tiers.endOf(feed, tierMs), this.#wishes.endOf(feed, wishMs));
  }

  /** Ms until there may be more. */
  dueInMs(feed: StreamFeed, { tierMs, wishMs }: Paces): number {
    return Math.max(this.#tiers.dueInMs(feed, tierMs), this.#wishes.dueInMs(feed, wishMs));
  }

  /** A turn is taken: everything there is now may be seen, and no more until the next. Returns the log's end. */
  take(feed: StreamFeed, { tierMs, wishMs }: Paces): number {
    this.#tiers.take(feed, tierMs);
    return this.#wishes.take(feed, wishMs);
  }
}

/** How far polls of one pace see, and until when. */
interface Turn {
  readonly end: number;
  readonly dueMs: number;
}

class Turns {
  readonly #turns = new WeakMap<StreamFeed, Map<number, Turn>>();

  constructor(readonly clock: Clock, readonly max: number) {}

  endOf(feed: StreamFeed, paceMs: number): number {
    const turn = this.#turns.get(feed)?.get(paceMs);
    const isOver = turn === undefined || (this.clock.monotonic() >= turn.dueMs && turn.end < feed.log.end);
    return isOver ? this.take(feed, paceMs) : turn.end;
  }

  dueInMs(feed: StreamFeed, paceMs: number): number {
    const dueMs = this.#turns.get(feed)?.get(paceMs)?.dueMs ?? 0;
    return Math.max(0, dueMs - this.clock.monotonic());
  }

  take(feed: StreamFeed, paceMs: number): number {
    const { end } = feed.log;
    if (paceMs === 0) return end;
    const turns = this.#turns.get(feed) ?? new Map<number, Turn>();
    if (turns.size === 0) this.#turns.set(feed, turns);
    turns.delete(paceMs);
    const [oldest] = turns.keys();
    if (oldest !== undefined && turns.size >= this.max) turns.delete(oldest);
    turns.set(paceMs, { end, dueMs: this.clock.monotonic() + paceMs });
    return end;
  }
}
