/** `GET /events/{stream}`: the same events and gaps as on the sockets, one answer at a time. */
import type { Admission, Principal } from "../admit/principal.ts";
import { parseCursor } from "../../feed/cursor.ts";
import { TickcastError } from "../../feed/error.ts";
import type { EdgeCore } from "../edge_core.ts";
import { placeFor, whenCaughtUp } from "./feed_wait.ts";
import { answerText, tagOf, varyByToken } from "../http_answer.ts";
import { answerPoll, gapOfFrame, type PollAnswer } from "./poll_answer.ts";
import { tierPaceMs, wishMs } from "../follow/flush_interval.ts";
import { waitForFrame, WAITING_POLLS_MAX } from "./poll_wait.ts";
import { selectionKey } from "../follow/wanted.ts";
import { intervalOf } from "./join_streams.ts";
import { answerFromFeed } from "./present_feed.ts";
import type { Paces } from "./poll_pace.ts";
import { askOfQuery, type QueryAsk } from "./query_ask.ts";

/** A range that will never change is kept by whoever holds it for a year. */
const FOREVER = "max-age=31536000, immutable";

/** Answers one poll. @throws {TickcastError} whatever is wrong with the request */
export async function handlePoll(
  core: EdgeCore,
  request: Request,
  url: URL,
  stream: string,
  { principal, headers }: Admission,
): Promise<Response> {
  if (principal === undefined) {
    throw new TickcastError("UNAUTHORIZED", "Cannot answer as the request has no token");
  }
  const ask = await askOfQuery(core, url, stream, principal);
  const { start } = ask;
  return await answerFromFeed(
    core,
    ask.feed,
    (feed) => whenCaughtUp(feed, start, core.clock, core.stopped),
    (feed) => answerAsk(core, request, { ...ask, feed }, principal, headers),
  );
}

async function answerAsk(
  core: EdgeCore,
  request: Request,
  ask: QueryAsk,
  principal: Principal,
  headers: Admission["headers"],
): Promise<Response> {
  const { feed, start, wanted } = ask;
  const from = start.from === "now" ? "now" : feed.log.cursorAt(placeFor(feed, start).offset);
  const paces = { tierMs: tierPaceMs(principal.tier), wishMs: wishMs(wanted.maxHz) };
  const end = core.pollPace.endOf(feed, paces);
  let answer = answerPoll(feed, wanted, start, end);
  const isNothing = answer.count === 0 && answer.gap === undefined && (answer.offset ?? -1) >= end;
  if (isNothing && ask.waitMs > 0) {
    const intervalMs = intervalOf(core, feed, wanted, principal);
    answer = await waitLonger(core, ask, answer, { intervalMs, paces }, request.signal);
  }
  core.counters.accepted.poll++;
  const text = `{"stream":"${feed.spec.name}","cursor":"${answer.cursor}","events":${answer.events},"gap":${
    answer.gap === undefined ? "null" : `{"type":"gap",${answer.gap.members}}`
  }}`;
  const etag = `"${
    tagOf(`${from} ${answer.cursor} ${answer.gap?.members ?? ""} ${selectionKey(wanted, 0)}`)
  }"`;
  const all = { ...varyByToken(core.settings.authMode), ...headers };
  const response = answerText(request, text, etag, cacheControl(core, answer), all);
  if (response.status === 200) noteSent(core, answer, text.length);
  else core.counters.sent(1, 0, 0);
  return response;
}

function noteSent({ counters }: EdgeCore, { count, merged, gap, isCounted }: PollAnswer, bytes: number) {
  if (gap !== undefined) counters.gap(gap.cause);
  if (isCounted) return;
  counters.eventsMerged += merged;
  counters.sent(1, count, bytes);
}

/**
 * @param had what could be answered at once: nothing
 * @param intervalMs when it would be flushed, were it a socket
 */
async function waitLonger(
  core: EdgeCore,
  { feed, wanted, waitMs }: QueryAsk,
  had: PollAnswer,
  { intervalMs, paces }: { readonly intervalMs: number; readonly paces: Paces },
  signal: AbortSignal,
): Promise<PollAnswer> {
  if (core.counters.active.poll >= WAITING_POLLS_MAX) {
    throw new TickcastError("OVERLOADED", "Cannot wait for events as too many polls wait already");
  }
  const { frame, cursor, isOvertaken } = await waitForFrame(
    core,
    feed,
    { wanted, intervalMs, offset: had.offset ?? feed.log.end },
    { dueInMs: core.pollPace.dueInMs(feed, paces), waitMs },
    signal,
  );
  const end = isOvertaken || frame !== undefined ? core.pollPace.take(feed, paces) : feed.log.end;
  if (isOvertaken) return answerPoll(feed, wanted, { from: "cursor", cursor: parseCursor(had.cursor) }, end);
  return {
    events: frame?.body === undefined || frame.body === "" ? "[]" : frame.body,
    count: frame?.count ?? 0,
    merged: frame?.merged ?? 0,
    gap: frame && gapOfFrame(frame),
    cursor,
    offset: undefined,
    isFinal: false,
    // The flush that gave it counted it, as it does every follower's.
    isCounted: frame !== undefined,
  };
}

function cacheControl(core: EdgeCore, answer: PollAnswer): string {
  if (!answer.isFinal) return "no-cache";
  return `${core.settings.authMode === "none" ? "public" : "private"}, ${FOREVER}`;
}
