/** A long poll is a follower of one frame: it stands in the ring like any other client and is answered with what comes first. */
import type { EdgeCore } from "../edge_core.ts";
import { Follower, type FollowerHost } from "../follow/follower.ts";
import type { Frame } from "../follow/frame.ts";
import type { Wanted } from "../follow/wanted.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";

/** What came, or only how far the stream has moved without it. */
export interface Waited {
  readonly frame: Frame | undefined;
  readonly cursor: string;
  /** The ring has passed the place it waited at: the answer is to be made anew from there. */
  readonly isOvertaken: boolean;
}

/** Polls that may wait at once, beside `WS_MAX_CONNECTIONS`. */
export const WAITING_POLLS_MAX = 20_000;

/**
 * Waits for the first frame of `wanted` from `offset` on, `waitMs` at most; over at once when the instance drains.
 * @param signal aborts when the client is gone: nothing is given, and counted as sent, to nobody
 */
export async function waitForFrame(
  core: EdgeCore,
  feed: StreamFeed,
  wanted: Wanted,
  intervalMs: number,
  offset: number,
  waitMs: number,
  signal: AbortSignal,
): Promise<Waited> {
  const { promise, resolve } = Promise.withResolvers<Omit<Waited, "cursor">>();
  const host: FollowerHost = {
    drainedMs: -1,
    buffered: () => 0,
    mayTake: () => true,
    take: (frame) => resolve({ frame, isOvertaken: false }),
    giveSnapshot: () => {},
    tellMissing: () => resolve({ frame: undefined, isOvertaken: true }),
  };
  const selection = feed.selections.hold(wanted, intervalMs);
  const follower = new Follower(host, feed, selection, offset, undefined);
  follower.isReady = true;
  follower.isOnce = true;
  const giveUp = () => resolve({ frame: undefined, isOvertaken: false });
  using _timer = core.clock.timer(waitMs, giveUp);
  const ends = [core.stopped, signal];
  for (const end of ends) end.addEventListener("abort", giveUp, { once: true });
  if (ends.some((end) => end.aborted)) giveUp();
  core.counters.active.poll++;
  core.schedule.add(follower);
  try {
    const waited = await promise;
    return { ...waited, cursor: waited.frame?.cursor ?? follower.cursor };
  } finally {
    for (const end of ends) end.removeEventListener("abort", giveUp);
    core.counters.active.poll--;
    core.schedule.remove(follower);
    feed.selections.release(selection);
  }
}
