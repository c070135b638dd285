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

/** Whose frame is waited for: as a follower's. */
export interface WaitingPlace {
  readonly wanted: Wanted;
  readonly intervalMs: number;
  readonly offset: number;
}

/** How long it may take: nothing comes before `dueInMs`, and there is an answer after `waitMs` whatever came. */
export interface WaitLimits {
  readonly dueInMs: number;
  readonly waitMs: number;
}

/**
 * Waits for the first frame from a place on; over at once when the instance drains.
 * @param signal aborts when the client is gone: nothing is given, and counted as sent, to nobody
 */
export async function waitForFrame(
  core: EdgeCore,
  feed: StreamFeed,
  { wanted, intervalMs, offset }: WaitingPlace,
  { dueInMs, waitMs }: WaitLimits,
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
  follower.restsUntilMs = core.clock.monotonic() + dueInMs;
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
