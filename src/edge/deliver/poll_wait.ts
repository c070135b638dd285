/** A long poll is a follower of one frame: it stands in the ring like any other client and is answered with what comes first. */
import type { EdgeCore } from "../edge_core.ts";
import { Follower, type FollowerHost } from "../follow/follower.ts";
import type { Frame } from "../follow/frame.ts";
import type { Missing } from "../pull/log_record.ts";
import { gapMembers } from "../follow/selection.ts";
import type { Wanted } from "../follow/wanted.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";

/** What came, or only how far the stream has moved without it. */
export interface Waited {
  readonly frame: Frame | undefined;
  /** Members of a gap that is not in the log. */
  readonly gap: string | undefined;
  readonly cursor: string;
}

/** Polls that may wait at once, beside `WS_MAX_CONNECTIONS`. */
export const WAITING_POLLS_MAX = 20_000;

/** Waits for the first frame of `wanted` from `offset` on, `waitMs` at most; answered at once when the instance drains. */
export async function waitForFrame(
  core: EdgeCore,
  feed: StreamFeed,
  wanted: Wanted,
  intervalMs: number,
  offset: number,
  waitMs: number,
): Promise<Waited> {
  const { promise, resolve } = Promise.withResolvers<Omit<Waited, "cursor">>();
  const host: FollowerHost = {
    drainedMs: -1,
    buffered: () => 0,
    mayTake: () => true,
    take: (frame) => resolve({ frame, gap: undefined }),
    giveSnapshot: () => {},
    tellMissing: (_follower, list: string, missing: Missing) =>
      resolve({ frame: undefined, gap: gapMembers(feed.spec.name, list, missing) }),
  };
  const selection = feed.selections.hold(wanted, intervalMs);
  const follower = new Follower(host, feed, selection, offset, undefined);
  follower.isReady = true;
  follower.isOnce = true;
  const giveUp = () => resolve({ frame: undefined, gap: undefined });
  using _timer = core.clock.timer(waitMs, giveUp);
  core.stopped.addEventListener("abort", giveUp, { once: true });
  if (core.stopped.aborted) giveUp();
  core.counters.active.poll++;
  core.schedule.add(follower);
  try {
    const waited = await promise;
    return { ...waited, cursor: waited.frame?.cursor ?? follower.cursor };
  } finally {
    core.stopped.removeEventListener("abort", giveUp);
    core.counters.active.poll--;
    core.schedule.remove(follower);
    feed.selections.release(selection);
  }
}
