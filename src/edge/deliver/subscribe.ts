/**
 * Subscribing and unsubscribing: what a session holds after a request, and what its client is told, in the order of the
 * protocol: `subscribed` with the cursor, gaps, snapshot, events.
 */
import { TickcastError } from "../../feed/error.ts";
import { parsePattern, patternList, symbolPatterns } from "../../feed/symbol.ts";
import type { StreamAsk } from "./ask_memo.ts";
import type { EdgeCore } from "../edge_core.ts";
import type { UnsubscribeCommand } from "./client_commands.ts";
import { namesStream } from "./feed_wait.ts";
import type { Follower } from "../follow/follower.ts";
import { intervalOf, join, type Joining } from "./join_streams.ts";
import type { Principal } from "../admit/principal.ts";
import type { Wanted } from "../follow/wanted.ts";
import * as say from "./server_messages.ts";
import type { SubscriptionRequest } from "./subscription_request.ts";
import type { Session } from "./session.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";
import {
  checkStreams,
  checkSymbols,
  readStart,
  type Start,
  unknownSymbols,
  wantedAfter,
} from "./subscription_ask.ts";

/** What a follower gets is to change. */
interface HeldChange {
  readonly follower: Follower;
  readonly wanted: Wanted;
}

/**
 * Carries out a subscription.
 * @throws {TickcastError} whatever is wrong with the request; nothing has changed then
 */
export async function subscribe(
  session: Session,
  principal: Principal,
  request: SubscriptionRequest,
): Promise<void> {
  const { core } = session;
  const planned = core.plan.ensure();
  if (planned !== undefined) await planned;
  const start = readStart(request.cursor);
  const asks = session.isFollowing
    ? asksBeside(session, principal, request, start)
    : core.asks.of(core, request, principal);
  if (asks.length === 0) throw new TickcastError("BAD_REQUEST", "Cannot subscribe as no stream is named");
  const joining: Joining[] = [];
  const held: HeldChange[] = [];
  const shown: StreamFeed[] = [];
  const names: string[] = [];
  for (const { stream, wanted, unknown } of asks) {
    if (unknown.length > 0) {
      const error = unknownSymbols(stream, unknown);
      session.say(say.fault(error.code, error.message, request.id));
    }
    if (wanted === undefined) continue;
    const feed = feedOf(core, stream);
    names.push(stream);
    if (request.snapshot || feed.spec.snapshotAlways) shown.push(feed);
    const follower = session.follower(stream);
    if (follower !== undefined) held.push({ follower, wanted });
    else joining.push({ feed, wanted, want: core.feeds.want(feed) });
  }
  if (names.length === 0) return;
  // What is followed already changes with the rest: what that brings comes after `subscribed`.
  const adapt = () => reshapeAll(session, held, principal);
  await join(session, principal, request.id, start, joining, shown, adapt);
  oweSnapshots(session, request, shown);
  core.log.info("ws_subscribe", { client: session.id, streams: names, symbols: logged(request.symbols) });
}

/** Symbols for the log, a few of them. */
const logged = (symbols: readonly string[] | undefined): readonly string[] => (symbols ?? ["*"]).slice(0, 10);

/** The streams of a request of a client that follows some already: symbols are added to what it has of them. */
function asksBeside(
  session: Session,
  principal: Principal,
  request: SubscriptionRequest,
  start: Start,
): readonly StreamAsk[] {
  return checkStreams(request.streams, session.core.feeds.streams, principal).map((stream) =>
    askOf(session, principal, stream, request, start)
  );
}

function askOf(
  session: Session,
  principal: Principal,
  stream: string,
  request: SubscriptionRequest,
  start: Start,
): StreamAsk {
  const feed = feedOf(session.core, stream);
  const held = session.follower(stream)?.selection.wanted;
  if (held !== undefined && startsIn(feed, start)) {
    throw new TickcastError(
      "CURSOR_IN_USE",
      `Cannot begin ${stream} at a cursor as it is followed already: unsubscribe it first`,
    );
  }
  const texts = request.symbols ?? (held === undefined ? ["*"] : []);
  const { patterns, unknown } = checkSymbols(texts, stream, session.core.plan, principal);
  const shape = held === undefined ? request.firstShape ?? request.shape : request.shape;
  const isEmpty = patterns.length === 0 && (held === undefined || unknown.length > 0);
  return {
    stream,
    wanted: isEmpty
      ? undefined
      : wantedAfter(held, patterns, shape, principal.tier, session.core.settings.maxSymbols),
    unknown,
  };
}

function feedOf(core: EdgeCore, stream: string): StreamFeed {
  const feed = core.feeds.get(stream);
  if (feed !== undefined) return feed;
  throw new TickcastError("UNKNOWN_STREAM", "Cannot follow a stream of that name");
}

const startsIn = (feed: StreamFeed, start: Start): boolean =>
  start.from === "earliest" || namesStream(feed, start);

/** Changes what a follower gets; its place stays. */
export function reshape(session: Session, follower: Follower, wanted: Wanted, principal: Principal): void {
  const { schedule } = session.core;
  const { feed } = follower;
  const before = follower.selection;
  schedule.remove(follower);
  follower.selection = feed.selections.hold(wanted, intervalOf(session.core, feed, wanted, principal));
  feed.selections.release(before);
  session.rest(follower);
  schedule.add(follower);
  if (session.awaitsSnapshot) session.snapshots.reshaped(follower);
}

function reshapeAll(session: Session, changes: readonly HeldChange[], principal: Principal): void {
  for (const { follower, wanted } of changes) {
    if (session.follower(follower.feed.spec.name) === follower) reshape(session, follower, wanted, principal);
  }
}

function oweSnapshots(session: Session, request: SubscriptionRequest, feeds: readonly StreamFeed[]): void {
  for (const feed of feeds) {
    const follower = session.follower(feed.spec.name);
    if (follower === undefined) continue;
    const { patterns } = follower.selection.wanted;
    const asked = request.symbols && symbolPatterns(request.symbols.map(parsePattern));
    session.snapshots.owe(follower, asked ?? patterns);
  }
}

/**
 * Carries out an `unsubscribe`: without symbols the whole stream goes, with them those symbols.
 * @throws {TickcastError} whatever is wrong with it; nothing has changed then
 */
export function unsubscribe(
  session: Session,
  principal: Principal,
  command: UnsubscribeCommand,
  streams: readonly string[],
): void {
  const { core } = session;
  const named = checkStreams(command.streams ?? streams, core.feeds.streams, principal);
  const going = command.symbols && new Set(command.symbols.map(parsePattern));
  const changes = named.map((stream) => ({ stream, wanted: wantedWithout(session, stream, going) }));
  for (const { stream, wanted } of changes) {
    const follower = session.follower(stream);
    if (follower === undefined) continue;
    if (wanted === undefined) session.letGo(stream);
    else reshape(session, follower, wanted, principal);
  }
  session.say(say.subscribed("unsubscribed", session.subscriptions(), session.cursor(), command.id));
  core.log.info("ws_unsubscribe", { client: session.id, streams: named, symbols: logged(command.symbols) });
}

/** What is left of a subscription; undefined: nothing. */
function wantedWithout(
  session: Session,
  stream: string,
  going: ReadonlySet<string> | undefined,
): Wanted | undefined {
  const held = session.follower(stream)?.selection.wanted;
  if (held === undefined || going === undefined || going.has("*")) return undefined;
  if (held.patterns.all) {
    throw new TickcastError(
      "BAD_REQUEST",
      `Cannot take symbols out of ${stream} as all are followed: unsubscribe * first`,
    );
  }
  const left = patternList(held.patterns).filter((pattern) => !going.has(pattern));
  return left.length === 0 ? undefined : { ...held, patterns: symbolPatterns(left) };
}
