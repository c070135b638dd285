/** Waiting until a stream's feed can say where a client stands: after a first read, and after a fresh one for who is ahead. */
import type { Clock } from "../../feed/clock.ts";
import { streamOfList } from "../../feed/stream.ts";
import { isAhead, type Place, placeEarliest, placeNow, placeOf } from "../follow/resume.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";
import type { Start } from "./subscription_ask.ts";

/** A cursor ahead of what this instance has seen is held for a fresh read no longer than this. */
export const AHEAD_HOLD_MS = 2_000;

/** Between two of its reads. */
const AHEAD_RETRY_MS = 200;

/** Runs `work` with a signal that also aborts after `ms`; false when time ran out first. */
async function within(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const limit = new AbortController();
  using _timer = clock.timer(ms, () => limit.abort(new DOMException("time is up", "TimeoutError")));
  try {
    await work(AbortSignal.any([signal, limit.signal]));
    return true;
  } catch (error) {
    if (signal.aborted || !limit.signal.aborted) throw error;
    return false;
  }
}

/**
 * Waits until what the feed holds is what there is. False when the store did not answer within `ms`.
 * Rejects with the signal's reason.
 */
export function whenWarm(feed: StreamFeed, clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  if (feed.isWarm) return Promise.resolve(true);
  return within(clock, ms, signal, (both) => feed.fresh(both));
}

/** Waits for a cursor that is ahead to be caught up with, by fresh reads, no longer than {@link AHEAD_HOLD_MS} in all. */
export async function whenCaughtUp(
  feed: StreamFeed,
  start: Start,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (start.from !== "cursor") return;
  const untilMs = clock.monotonic() + AHEAD_HOLD_MS;
  while (isAhead(feed.log, start.cursor)) {
    const leftMs = untilMs - clock.monotonic();
    if (leftMs <= 0 || !await within(clock, leftMs, signal, (both) => feed.fresh(both))) return;
    if (isAhead(feed.log, start.cursor)) await clock.sleep(Math.min(AHEAD_RETRY_MS, leftMs), signal);
  }
}

/**
 * Whether a cursor speaks of a stream at all, be it by lists that it no longer has: of one it doesn't, the client wants what
 * comes.
 */
export const namesStream = (feed: StreamFeed, start: Start): boolean =>
  start.from === "cursor" && [...start.cursor.keys()].some((list) => streamOfList(list) === feed.spec.name);

/** The place, now that all waiting is over. */
export function placeFor(feed: StreamFeed, start: Start): Place {
  if (start.from === "earliest") return placeEarliest(feed.log);
  if (start.from === "cursor" && namesStream(feed, start)) {
    return placeOf(feed.log, start.cursor, !feed.isWarm || feed.isLost);
  }
  return placeNow(feed.log);
}
