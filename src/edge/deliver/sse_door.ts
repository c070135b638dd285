/** The way in for event streams: what a plain EventSource must not try again is an HTTP error, what it should is 200 and a `retry:`. */
import type { Random } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";
import type { EdgeCore } from "../edge_core.ts";
import { answerFault } from "../http_answer.ts";
import type { Principal } from "../admit/principal.ts";
import { maySeeStream } from "../admit/principal.ts";
import type { SessionHub } from "./session_hub.ts";
import { openEventStream, refuseWithRetry, SSE_HEADERS } from "./sse_transport.ts";
import type { SubscriptionRequest } from "./subscribe.ts";
import { checkStreams, checkSymbols, readStart, unknownSymbols, wantedAfter } from "./subscription_ask.ts";
import { readQuery } from "./subscription_query.ts";

/** When a full or draining instance may be tried again; spread, so that nobody comes back with everybody. */
const RETRY_MIN_MS = 2_000;
const RETRY_SPREAD_MS = 8_000;

/** A wait for a client that is turned away. */
export const retryAfterMs = (random: Random): number => RETRY_MIN_MS + random() * RETRY_SPREAD_MS;

/** Answers `/sse` or `/sse/{stream}`. Never throws. */
export async function openSse(
  core: EdgeCore,
  hub: SessionHub,
  request: Request,
  url: URL,
  stream: string | undefined,
): Promise<Response> {
  try {
    const { principal, headers } = await core.gate.admit(request, "sse");
    if (principal === undefined) {
      throw new TickcastError("UNAUTHORIZED", "Cannot answer as the request has no token");
    }
    await core.plan.ensure();
    const ask = readAsk(core, request, url, stream, principal);
    if (request.method === "HEAD") return new Response(null, { headers: { ...SSE_HEADERS, ...headers } });
    hub.checkRoom();
    core.subjects.check(principal.subject);
    return openEventStream(core, hub, principal, ask, headers);
  } catch (error) {
    const refused = error instanceof TickcastError ? error : undefined;
    core.counters.refuse(refused?.code ?? "INTERNAL");
    const isFull = refused !== undefined && refused.shouldRetry && refused.status === 503;
    if (!isFull) return answerFault(error);
    return refuseWithRetry(refused.code, refused.message, retryAfterMs(core.random));
  }
}

/** @throws {TickcastError} whatever is wrong with the query */
function readAsk(
  core: EdgeCore,
  request: Request,
  url: URL,
  stream: string | undefined,
  principal: Principal,
): SubscriptionRequest {
  const query = readQuery(url);
  const all = () =>
    (core.plan.streams() ?? [...core.feeds.streams.keys()]).filter((one) =>
      core.feeds.streams.has(one) && maySeeStream(principal, one)
    );
  const streams = checkStreams(
    stream === undefined ? query.streams ?? all() : [stream],
    core.feeds.streams,
    principal,
  );
  const cursor = request.headers.get("last-event-id") || query.cursor;
  readStart(cursor);
  const shape = { mode: query.mode, maxHz: query.maxHz, fields: query.fields };
  const symbols = query.symbols ?? ["*"];
  for (const one of streams) checkShape(core, one, symbols, shape, principal);
  return { id: undefined, streams, symbols, cursor, shape, snapshot: query.snapshot ?? false };
}

function checkShape(
  core: EdgeCore,
  stream: string,
  symbols: readonly string[],
  shape: SubscriptionRequest["shape"],
  principal: Principal,
): void {
  const { patterns, unknown } = checkSymbols(symbols, stream, core.plan, principal);
  if (patterns.length === 0) throw unknownSymbols(stream, unknown);
  wantedAfter(undefined, patterns, shape, principal.tier, core.settings.maxSymbols);
}
