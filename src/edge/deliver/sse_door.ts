/** The way in for event streams: what a plain EventSource must not try again is an HTTP error, what it should is 200 and a `retry:`. */
import type { Random } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";
import type { EdgeCore } from "../edge_core.ts";
import { answerFault } from "../http_answer.ts";
import type { Principal } from "../admit/principal.ts";
import { maySeeStream } from "../admit/principal.ts";
import type { SessionHub } from "./session_hub.ts";
import { openEventStream, refuseWithRetry, SSE_HEADERS } from "./sse_transport.ts";
import type { SubscriptionRequest } from "./subscription_request.ts";
import { readStart, unknownSymbols } from "./subscription_ask.ts";
import { readQuery } from "./subscription_query.ts";
import { UrlMemo } from "./url_memo.ts";
import { publishedStreams } from "./url_defaults.ts";

/** When a full or draining instance may be tried again; spread, so that nobody comes back with everybody. */
const RETRY_MIN_MS = 2_000;
const RETRY_SPREAD_MS = 8_000;

/** A wait for a client that is turned away. */
export const retryAfterMs = (random: Random): number => RETRY_MIN_MS + random() * RETRY_SPREAD_MS;

interface Reading {
  readonly request: SubscriptionRequest;
  /** Another client with this URL means the same: no cursor, and no streams that are what its token allows. */
  readonly isShared: boolean;
}

/** Event streams of one instance. */
export class SseDoor {
  readonly #core: EdgeCore;
  readonly #hub: SessionHub;
  readonly #readings = new UrlMemo<Reading>(({ isShared }) => isShared);

  constructor(core: EdgeCore, hub: SessionHub) {
    this.#core = core;
    this.#hub = hub;
  }

  /**
   * Answers `/sse` or `/sse/{stream}`. Never throws.
   * @param common headers of every answer
   */
  async open(
    request: Request,
    stream: string | undefined,
    common: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const core = this.#core;
    try {
      const { principal, headers } = await core.gate.admit(request, "sse");
      if (principal === undefined) {
        throw new TickcastError("UNAUTHORIZED", "Cannot answer as the request has no token");
      }
      const planned = core.plan.ensure();
      if (planned !== undefined) await planned;
      const asked = this.#read(request, stream, principal);
      const all = { ...SSE_HEADERS, ...common, ...headers };
      if (request.method === "HEAD") return new Response(null, { headers: all });
      this.#hub.checkRoom();
      core.subjects.check(principal.subject);
      return openEventStream(core, this.#hub, principal, asked, all);
    } catch (error) {
      return refuse(core, error, common);
    }
  }

  /** @throws {TickcastError} whatever is wrong with the query */
  #read(request: Request, stream: string | undefined, principal: Principal): SubscriptionRequest {
    const core = this.#core;
    const read = () => readUrl(core, new URL(request.url), stream, principal);
    const reading = this.#readings.of(request.url, read);
    const lastEventId = request.headers.get("last-event-id");
    const asked = lastEventId ? { ...reading.request, cursor: lastEventId } : reading.request;
    readStart(asked.cursor);
    for (const { stream, wanted, unknown } of core.asks.of(core, asked, principal)) {
      if (wanted === undefined) throw unknownSymbols(stream, unknown);
    }
    return asked;
  }
}

function readUrl(core: EdgeCore, url: URL, stream: string | undefined, principal: Principal): Reading {
  const query = readQuery(url);
  const all = () => publishedStreams(core).filter((one) => maySeeStream(principal, one));
  const named = stream === undefined ? query.streams && [...new Set(query.streams)] : [stream];
  const request = {
    id: undefined,
    streams: named ?? all(),
    symbols: query.symbols ?? ["*"],
    cursor: query.cursor,
    shape: { mode: query.mode, maxHz: query.maxHz, fields: query.fields },
    snapshot: query.snapshot ?? false,
  };
  return { request, isShared: named !== undefined && query.cursor === undefined };
}

function refuse(core: EdgeCore, error: unknown, common: Readonly<Record<string, string>>): Response {
  const refused = error instanceof TickcastError ? error : undefined;
  core.counters.refuse(refused?.code ?? "INTERNAL");
  const isFull = refused !== undefined && refused.shouldRetry && refused.status === 503;
  if (!isFull) return answerFault(error, common);
  return refuseWithRetry(refused.code, refused.message, retryAfterMs(core.random), common);
}
