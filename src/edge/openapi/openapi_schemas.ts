/** The shapes that several operations answer with. */
import { ERROR_KINDS } from "../../feed/error.ts";
import { CONNECTION_STATUSES, STREAM_STATES } from "../../feed/health.ts";
import { STREAM_SPECS } from "../../feed/stream.ts";
import { EDGE_PHASES } from "../report/health_facts.ts";
import { number, object, oneOf, ref, type Schema, tableOf, text, texts } from "./openapi_operation.ts";

const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });

/** By name. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  Error: object({
    error: object({ code: oneOf(Object.keys(ERROR_KINDS), "What is wrong"), message: text("In words") }, [
      "code",
      "message",
    ]),
  }, ["error"]),
  StreamName: oneOf(STREAM_SPECS.map((spec) => spec.name), "A stream"),
  StreamState: oneOf(
    STREAM_STATES,
    "live: data arrives; quiet: nothing due; stale: data should have come; down: a part is broken; closed: the market is; off",
  ),
  Event: {
    type: "object",
    description: "One event: id, type, sym, t, rx and its own fields (docs/protocol.md, Events)",
    additionalProperties: true,
  },
  Gap: object({
    stream: ref("StreamName"),
    after: text("The last id before it"),
    before: text("The first id after it"),
    lost: nullable(number("How many events, or null when nobody can know")),
    cause: oneOf(["evicted", "epoch", "slow", "overflow", "upstream"], "Why"),
  }),
  StreamReport: object({
    stream: ref("StreamName"),
    state: ref("StreamState"),
    detail: text("The state's reason, in words"),
    last_event_at: nullable(number("Newest event's time, Unix ms")),
    last_event_age_ms: nullable(number("How long ago something arrived")),
    rate: number("Events a second"),
    depth: nullable(number("Events in its Redis lists")),
    lists: { type: "array", items: ref("ListReport") },
    lag_ms: object({
      exchange_to_ingest: nullable(number("Event time to receipt, median")),
      ingest_to_redis: nullable(number("Receipt to appended, p99")),
      redis_to_edge: nullable(number("Appended to pulled here, median")),
    }),
    connections: { type: "array", items: ref("ConnectionReport") },
    gaps: object({
      upstream: number("Told by ingest lately"),
      edge: number("Met by this instance since its start"),
      last_at: nullable(number("Unix ms")),
    }),
    drops: tableOf(number("Events"), "Events ingest dropped, by reason"),
  }),
  ListReport: object({
    list: text("Its name"),
    head: nullable(text("Position of its newest event")),
    depth: nullable(number("Events in Redis")),
    held: number("Events in this instance's ring"),
    pull_ms: nullable(number("How often it is pulled")),
  }),
  FleetEdge: object({
    edge: text("Its name"),
    version: text("Release"),
    phase: oneOf(EDGE_PHASES, "Where the instance is in its life"),
    uptime_s: number("Seconds"),
    active_connections: number("Clients connected, all transports"),
    messages_sent_1m: number("Messages of the 60 s before its note"),
    slow_closed: number("Clients closed for being slow since its start"),
    lists: texts("Lists its clients want"),
    age_ms: number("How old this is; 0 for the instance that answers"),
  }),
  ConnectionReport: object({
    id: text("connection_1 …"),
    name: text("Its name"),
    status: oneOf(CONNECTION_STATUSES, "Where it stands"),
    detail: text("In words"),
    rate: number("Events a second"),
    latency_ms: nullable(number("Exchange to ingest, median")),
  }),
  ConnectionLine: object({
    name: text("Its name"),
    status: oneOf(CONNECTION_STATUSES, "Where it stands"),
    tickers: number("Symbols it carries"),
    messages: number("Frames since the start"),
    errors: number("Errors since the start"),
    rate: number("Events a second"),
    latency_ms: nullable(number("Exchange to ingest, median")),
    detail: text("In words"),
  }),
  CommandResult: {
    type: "object",
    additionalProperties: true,
    description: "What ingest answered",
  },
  Stats: object({
    active_connections: number("Clients connected now, all transports"),
    messages_sent_1m: number("Messages of the last 60 s"),
    slow_consumers: number("Clients found slow since the start"),
    subscriptions_by_symbol: tableOf(number("Clients"), "The most wanted thousand"),
  }, ["active_connections", "messages_sent_1m", "slow_consumers", "subscriptions_by_symbol"]),
  Symbols: texts("Symbols; crypto as X:BASE-QUOTE or BASE-QUOTE"),
};
