/**
 * How often polls are given news: no more often than a socket of the same tier and `max_hz`. Between two turns every poll
 * of one pace sees the stream up to the same place, which also is what a proxy can answer them all with.
 */
import type { Clock } from "../../feed/clock.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";

/** Paces remembered for one stream; the oldest is forgotten first. Tiers alone have two. */
const PACES_MAX = 256;

/** How far polls of one pace see, and until when. */
interface Turn {
  readonly end: number;
  readonly dueMs: number;
}

/** See the file comment. Offsets are of the feed's log; a pace is ms between two turns, 0 for none. */
export class PollPace {
  readonly #turns = new WeakMap<StreamFeed, Map<number, Turn>>();

  constructor(readonly clock: Clock) {}

  /** How far an answer may look now. */
  endOf(feed: StreamFeed, paceMs: number): number {
    if (paceMs === 0) return feed.log.end;
    const turn = this.#turns.get(feed)?.get(paceMs);
    if (turn !== undefined && (this.clock.monotonic() < turn.dueMs || turn.end === feed.log.end)) {
      return turn.end;
    }
    return this.take(feed, paceMs);
  }

  /** Ms until there may be more. */
  dueInMs(feed: StreamFeed, paceMs: number): number {
    const dueMs = this.#turns.get(feed)?.get(paceMs)?.dueMs ?? 0;
    return Math.max(0, dueMs - this.clock.monotonic());
  }

  /** A turn is taken: everything there is now may be seen, and no more until the next. Returns the log's end. */
  take(feed: StreamFeed, paceMs: number): number {
    const { end } = feed.log;
    if (paceMs === 0) return end;
    const turns = this.#turns.get(feed) ?? new Map<number, Turn>();
    if (turns.size === 0) this.#turns.set(feed, turns);
    turns.delete(paceMs);
    const [oldest] = turns.keys();
    if (oldest !== undefined && turns.size >= PACES_MAX) turns.delete(oldest);
    turns.set(paceMs, { end, dueMs: this.clock.monotonic() + paceMs });
    return end;
  }
}
