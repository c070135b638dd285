/** Joining streams: from a place that is asked for to a follower that flows. */
import { formatCursor, type Position } from "../../feed/cursor.ts";
import type { RequestId } from "./client_commands.ts";
import type { EdgeCore } from "../edge_core.ts";
import { placeFor, whenCaughtUp, whenWarm } from "./feed_wait.ts";
import { flushIntervalMs, streamFloorMs } from "../follow/flush_interval.ts";
import { Follower } from "../follow/follower.ts";
import type { Principal } from "../admit/principal.ts";
import { isAhead } from "../follow/resume.ts";
import { streamOfList } from "../../feed/stream.ts";
import type { Wanted } from "../follow/wanted.ts";
import * as say from "./server_messages.ts";
import type { Session } from "./session.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";
import type { Start } from "./subscription_ask.ts";

/** How long a client waits for a store that doesn't answer before it is told that it waits. */
const STORE_PATIENCE_MS = 2_000;

/** A feed that is about to be followed. */
export interface Joining {
  readonly feed: StreamFeed;
  readonly wanted: Wanted;
  readonly want: Disposable;
}

/** How often a subscription is flushed. */
export const intervalOf = (core: EdgeCore, feed: StreamFeed, wanted: Wanted, principal: Principal): number =>
  flushIntervalMs(principal.tier, streamFloorMs(feed.spec, core.settings.flushFloorMs), wanted.maxHz);

/**
 * Brings a session into feeds: waits until they can say where it stands, then tells it `subscribed`, its gaps, and lets events
 * flow. What was wanted is given back when the session ends meanwhile.
 * @param shown feeds whose latest events a snapshot will need
 * @param adapt changes what is followed besides, once all waiting is over
 */
export async function join(
  session: Session,
  principal: Principal,
  id: RequestId | undefined,
  start: Start,
  joining: readonly Joining[],
  shown: readonly StreamFeed[],
  adapt: () => void = () => {},
): Promise<void> {
  let present = joining;
  for (const { feed } of joining) {
    session.awaits(feed.spec.name, start.from === "cursor" ? ownWords(feed, start.cursor) : "");
  }
  try {
    for (let isReady = false; !isReady;) {
      const failure = await whenReady(session, start, present, shown).catch((error: unknown) => ({ error }));
      const renewed = renew(session.core, present);
      // Whoever waited on a feed that was replaced meanwhile waits on the one in its place.
      if (renewed !== undefined) present = renewed;
      else if (failure !== undefined) throw failure.error;
      else isReady = true;
    }
  } catch (error) {
    for (const { want } of present) want[Symbol.dispose]();
    if (session.isClosed) return;
    throw error;
  } finally {
    for (const { feed } of joining) session.awaits(feed.spec.name, "");
  }
  if (session.isClosed) {
    for (const { want } of present) want[Symbol.dispose]();
    return;
  }
  adapt();
  const joined = present.map((one) => enter(session, principal, one, start));
  session.say(say.subscribed("subscribed", session.subscriptions(), session.cursor(), id));
  for (const { follower, place, cursor } of joined) {
    follower.tell(place.gaps, cursor);
    follower.isReady = true;
  }
  // One that has all there is waits for news like everybody else.
  const isBehind = joined.some(({ follower }) => follower.place < follower.feed.log.end);
  if (isBehind) session.core.schedule.wake();
}

/** Resolves once all feeds can say where the session stands in them, and have what a snapshot needs. */
async function whenReady(
  session: Session,
  start: Start,
  joining: readonly Joining[],
  shown: readonly StreamFeed[],
): Promise<undefined> {
  const { feeds } = session.core;
  const cold = joining.filter(({ feed }) =>
    !feed.isWarm || (start.from === "cursor" && isAhead(feed.log, start.cursor))
  );
  if (cold.length > 0) await Promise.all(cold.map(({ feed }) => waitFor(session, feed, start)));
  if (shown.length === 0) return;
  // One that can't be read now is owed until it can.
  const present = shown.map((feed) => feeds.get(feed.spec.name) ?? feed);
  await Promise.all(present.map((feed) => feed.latest.load(session.signal).catch(() => {})));
}

/** The same, on the feeds that are there now; undefined when none was replaced. */
function renew({ feeds }: EdgeCore, joining: readonly Joining[]): readonly Joining[] | undefined {
  const nowOf = ({ feed }: Joining) => feeds.get(feed.spec.name) ?? feed;
  if (joining.every((one) => nowOf(one) === one.feed)) return undefined;
  return joining.map((one) => {
    const feed = nowOf(one);
    if (feed === one.feed) return one;
    const want = feeds.want(feed);
    one.want[Symbol.dispose]();
    return { ...one, feed, want };
  });
}

async function waitFor(session: Session, feed: StreamFeed, start: Start): Promise<void> {
  const { clock } = session.core;
  if (!await whenWarm(feed, clock, STORE_PATIENCE_MS, session.signal) && !feed.hasBegun) {
    session.say(
      say.warning("STORE_UNAVAILABLE", "Waiting for the lists: the subscription begins when they answer"),
    );
    await feed.fresh(session.signal);
  }
  await whenCaughtUp(feed, start, clock, session.signal);
}

/** Makes the follower, told of by what the client itself said until the gaps before it are told. */
function enter(session: Session, principal: Principal, { feed, wanted, want }: Joining, start: Start) {
  const selection = feed.selections.hold(wanted, intervalOf(session.core, feed, wanted, principal));
  const place = placeFor(feed, start);
  const follower = new Follower(session, feed, selection, place.offset, place.skip);
  const { cursor } = follower;
  if (place.gaps.length > 0 && start.from === "cursor") follower.cursor = ownWords(feed, start.cursor);
  session.hold(follower, want);
  return { follower, place, cursor };
}

/** The part of a client's cursor that speaks of this stream, be it by lists that it no longer has. */
const ownWords = ({ spec }: StreamFeed, cursor: ReadonlyMap<string, Position>): string =>
  formatCursor(new Map([...cursor].filter(([list]) => streamOfList(list) === spec.name)));
