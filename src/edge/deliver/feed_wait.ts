/** Waiting until a stream's feed can say where a client stands: after a first read, and after a fresh one for who is ahead. */
import type { Clock } from "../../feed/clock.ts";
import { TimeLimitError, within } from "../../feed/time_limit.ts";
import { streamOfList } from "../../feed/stream.ts";
import { isAhead, type Place, placeEarliest, placeNow, placeOf } from "../follow/resume.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";
import type { Start } from "./subscription_ask.ts";

/** A cursor ahead of what this instance has seen is held for a fresh read no longer than this. */
export const AHEAD_HOLD_MS = 2_000;

/**
 * While anybody waits so, a list is read at least this often. No sooner: a cursor costs nothing to forge, and lists over Redis
 * are read as often anyway, so that however many wait they cost the store nothing more.
 */
const AHEAD_READ_MS = 250;

/** Whether `work` was done in time: it is given a signal that ends with its time. Rejects with the signal's reason. */
async function inTime(
  clock: Clock,
  limitMs: number,
  signal: AbortSignal,
  work: (stop: AbortSignal) => Promise<void>,
): Promise<boolean> {
  try {
    await within({ clock, limitMs, signal }, work);
    return true;
  } catch (error) {
    if (error instanceof TimeLimitError) return false;
    throw error;
  }
}

/**
 * Waits until what the feed holds is what there is. False when the store did not answer within `ms`.
 * Rejects with the signal's reason.
 */
export function whenWarm(feed: StreamFeed, clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  if (feed.isWarm) return Promise.resolve(true);
  return inTime(clock, ms, signal, (stop) => feed.fresh(stop));
}

/** Waits for a cursor that is ahead to be caught up with, by fresh reads, {@link AHEAD_HOLD_MS} at most. */
export async function whenCaughtUp(
  feed: StreamFeed,
  start: Start,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (start.from !== "cursor") return;
  const { cursor } = start;
  if (!isAhead(feed.log, cursor)) return;
  await inTime(clock, AHEAD_HOLD_MS, signal, async (stop) => {
    while (isAhead(feed.log, cursor)) await feed.fresh(stop, AHEAD_READ_MS);
  });
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
