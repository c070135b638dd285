/**
 * Waiting for a stream whose feed may be replaced meanwhile (its stream is split otherwise): who waited on the old feed waits
 * on the one in its place, and never enters one that is gone.
 */
import { TickcastError } from "../../feed/error.ts";
import type { EdgeCore } from "../edge_core.ts";
import type { FeedSet } from "../pull/feed_set.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";
import { whenWarm } from "./feed_wait.ts";

/** How long an answer waits for a store that doesn't answer. */
const STORE_PATIENCE_MS = 2_000;

/**
 * Enters a stream's feed once it is ready, in the same breath as it was found to be the present one.
 * @param whenReady rejects when the caller is to wait no longer
 * @param enter disposes of the want given to it
 */
export async function onPresentFeed<T>(
  feeds: FeedSet,
  asked: StreamFeed,
  whenReady: (feed: StreamFeed) => Promise<void>,
  enter: (feed: StreamFeed, want: Disposable) => T | Promise<T>,
): Promise<T> {
  let feed = asked;
  let want = feeds.want(feed);
  while (true) {
    const failure = await whenReady(feed).then(() => undefined, (error: unknown) => ({ error }));
    const present = feeds.get(feed.spec.name) ?? feed;
    if (present === feed) {
      if (failure === undefined) return enter(feed, want);
      want[Symbol.dispose]();
      throw failure.error;
    }
    const before = want;
    want = feeds.want(present);
    before[Symbol.dispose]();
    feed = present;
  }
}

/**
 * Answers a request from a feed once its lists were read, within bounds.
 * @param alsoReady what else the answer waits for
 * @throws {TickcastError} STORE_UNAVAILABLE, DRAINING
 */
export function answerFromFeed(
  core: EdgeCore,
  asked: StreamFeed,
  alsoReady: (feed: StreamFeed) => Promise<void>,
  answer: (feed: StreamFeed) => Response | Promise<Response>,
): Promise<Response> {
  return onPresentFeed(core.feeds, asked, (feed) => readable(core, feed, alsoReady), async (feed, want) => {
    using _want = want;
    return await answer(feed);
  });
}

/** What a request is told while lists can't be read. */
export const unreadable = (cause?: unknown): TickcastError =>
  new TickcastError("STORE_UNAVAILABLE", "Cannot answer as the lists can't be read now", { cause });

async function readable(
  { clock, stopped }: EdgeCore,
  feed: StreamFeed,
  alsoReady: (feed: StreamFeed) => Promise<void>,
): Promise<void> {
  try {
    const isWarm = await whenWarm(feed, clock, STORE_PATIENCE_MS, stopped);
    if (!isWarm && !feed.hasBegun) throw unreadable();
    await alsoReady(feed);
  } catch (error) {
    if (stopped.aborted) {
      const message = "Cannot answer as this instance is going away";
      throw new TickcastError("DRAINING", message, { cause: error });
    }
    // A wait that ran out or was ended, not a fault of ours.
    throw error instanceof DOMException ? unreadable(error) : error;
  }
}
