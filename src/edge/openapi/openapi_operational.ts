/** Operations that tell and change how the service does. */
import { ABOUT_OPERATIONS } from "./openapi_about.ts";
import { FREQUENCIES } from "../../feed/stream.ts";
import {
  inPath,
  inQuery,
  number,
  object,
  oneOf,
  type Operation,
  ref,
  type Reply,
  tableOf,
  text,
} from "./openapi_operation.ts";

const STREAM = inPath("stream", "tick, minute, fmv, signal or heatmap");
const CONNECTION = inPath("id", "connection_1 …, or the connection's name");

const phase = oneOf(["starting", "serving", "draining", "shedding"], "Where the instance is in its life");

const HEALTH: readonly Operation[] = [
  {
    method: "get",
    path: "/health",
    group: "Health",
    summary: "Is the process alive",
    access: "open",
    replies: {
      "200": {
        about: "It answers",
        schema: object({
          status: oneOf(["ok"], "Always"),
          edge: text("This instance"),
          version: text("Release"),
          phase,
          uptime_s: number("Seconds"),
        }),
      },
    },
  },
  {
    method: "get",
    path: "/health/ready",
    group: "Health",
    summary: "May new clients come",
    about: "Streams and Redis don't enter: an edge serves what it has.",
    access: "open",
    replies: { "200": { about: "Yes" }, "503": { about: "Starting, draining or short of memory" } },
  },
  {
    method: "get",
    path: "/health/edges",
    group: "Health",
    summary: "All edge instances that share the store",
    about:
      "From the notes they write every 30 s; an instance that stops takes its note away, one that crashed is " +
      "gone 90 s later. With the store hanging: what is known, and at least the instance that answers.",
    access: "stats",
    replies: {
      "200": {
        about: "At most 200, by name",
        schema: object({
          at: number("Unix ms"),
          edge: text("Who answers"),
          read_age_ms: { type: ["number", "null"], description: "How old the list is; null: not read yet" },
          truncated: { type: "boolean", description: "There are more" },
          edges: { type: "array", items: ref("FleetEdge") },
        }),
      },
    },
  },
  {
    method: "get",
    path: "/health/streams",
    group: "Health",
    summary: "Every stream's freshness and lag",
    access: "stats",
    replies: {
      "200": {
        about: "At least one stream that is on is not at fault",
        schema: object({
          ok: { type: "boolean" },
          phase,
          streams: tableOf(ref("StreamReport"), "By stream"),
        }),
      },
      "503": { about: "Every stream that is on is stale or down" },
    },
  },
  {
    method: "get",
    path: "/health/streams/{stream}",
    group: "Health",
    summary: "One stream's freshness and lag",
    access: "stats",
    parameters: [STREAM],
    replies: {
      "200": { about: "Live, quiet, closed or off", schema: ref("StreamReport") },
      "503": { about: "Stale or down", schema: ref("StreamReport") },
      "404": { about: "No such stream" },
    },
  },
];

const STATISTICS: readonly Operation[] = [
  {
    method: "get",
    path: "/ws/stats",
    group: "Statistics",
    summary: "This instance's clients in four numbers",
    access: "stats",
    replies: { "200": { about: "Now", schema: ref("Stats") } },
  },
  {
    method: "get",
    path: "/metrics",
    group: "Statistics",
    summary: "Prometheus metrics",
    access: "stats",
    replies: { "200": { about: "The text exposition", type: "text/plain" } },
  },
  {
    method: "get",
    path: "/api/cost",
    group: "Statistics",
    summary: "Commands a month to the store, and their price",
    about: "Starts from what runs; every assumption can be set in the query.",
    access: "stats",
    parameters: [
      inQuery("edges", "Instances with clients", number("")),
      inQuery("lists", "Lists that clients want", number("")),
      inQuery("pull_ms", "Pull interval", number("")),
      inQuery("quiet_pull_ms", "Pull interval in hours without events", number("")),
      inQuery("appends_per_second", "Over all lists", number("")),
      inQuery("watched_hours", "Hours a day that clients watch", number("")),
      inQuery("market_hours", "Hours a day that events come", number("")),
      inQuery("days", "Days a month", number("")),
      inQuery("read_regions", "Read regions beside the primary", number("")),
    ],
    replies: { "200": { about: "Measured and reckoned" }, "400": { about: "A number out of range" } },
  },
];

const commandReplies: Readonly<Record<string, Reply>> = {
  "200": { about: "Done", schema: ref("CommandResult") },
  "400": { about: "Not a command" },
  "401": { about: "No or wrong admin token" },
  "403": { about: "No ADMIN_TOKEN is set: acting is off" },
  "409": { about: "Refused by ingest; nothing changed" },
  "503": { about: "No store to send it through, or the ingest asked does not lead" },
  "504": { about: "Ingest did not answer in time" },
};

const UPSTREAM_READING: readonly Operation[] = [
  {
    method: "get",
    path: "/api/websocket/connections",
    group: "Upstream",
    summary: "All upstream connections",
    access: "stats",
    replies: {
      "200": {
        about: "As ingest last reported",
        schema: object({
          total_connections: number(""),
          connected: number(""),
          total_tickers: number(""),
          total_ticks: number("Events received"),
          total_errors: number(""),
          connections: tableOf(ref("ConnectionLine"), "By id"),
        }),
      },
    },
  },
  {
    method: "get",
    path: "/api/websocket/connections/{id}",
    group: "Upstream",
    summary: "One upstream connection",
    access: "stats",
    parameters: [CONNECTION],
    replies: {
      "200": { about: "In full", schema: ref("ConnectionLine") },
      "404": { about: "No such connection" },
    },
  },
  {
    method: "get",
    path: "/api/websocket/connections/{id}/tickers",
    group: "Upstream",
    summary: "The tickers of one connection",
    about: "A sample where there are many; all of them for callers with the admin token.",
    access: "stats",
    parameters: [CONNECTION],
    replies: { "200": { about: "Its tickers", schema: object({ tickers: ref("Symbols") }) } },
  },
  {
    method: "get",
    path: "/api/websocket/tickers/{ticker}",
    group: "Upstream",
    summary: "Which connections carry a ticker",
    access: "stats",
    parameters: [inPath("ticker", "AAPL, X:BTC-USD")],
    replies: { "200": { about: "Connection ids" }, "404": { about: "None" } },
  },
];

const UPSTREAM_ACTING: readonly Operation[] = [
  {
    method: "post",
    path: "/api/websocket/connections",
    group: "Upstream",
    summary: "Add a connection",
    access: "admin",
    body: object({
      name: text("Its name"),
      market: text("stocks or crypto"),
      frequencies: { type: "array", items: { type: "string", enum: FREQUENCIES } },
      tickers: ref("Symbols"),
      universe: text("Universe key"),
    }, ["name"]),
    replies: commandReplies,
  },
  {
    method: "delete",
    path: "/api/websocket/connections/{id}",
    group: "Upstream",
    summary: "Remove a connection; its tickers move to the others",
    access: "admin",
    parameters: [CONNECTION],
    replies: commandReplies,
  },
  {
    method: "post",
    path: "/api/websocket/tickers",
    group: "Upstream",
    summary: "Subscribe or unsubscribe tickers",
    access: "admin",
    body: object({
      action: oneOf(["subscribe", "unsubscribe"], "What to do"),
      tickers: ref("Symbols"),
      frequency: oneOf(FREQUENCIES, "Of which stream"),
      connection: text("Where; assigned when left out"),
    }, ["action", "tickers", "frequency"]),
    replies: commandReplies,
  },
  {
    method: "post",
    path: "/api/websocket/rebalance",
    group: "Upstream",
    summary: "Spread tickers over connections anew",
    access: "admin",
    replies: commandReplies,
  },
  {
    method: "post",
    path: "/api/streams/{stream}",
    group: "Upstream",
    summary: "Start or stop a stream",
    access: "admin",
    parameters: [STREAM],
    body: object({ action: oneOf(["start", "stop"], "What to do") }, ["action"]),
    replies: { ...commandReplies, "404": { about: "No such stream" } },
  },
  {
    method: "post",
    path: "/api/reload",
    group: "Upstream",
    summary: "Read universes again and apply the difference",
    access: "admin",
    replies: commandReplies,
  },
];

/** See the file's head. */
export const OPERATIONAL_OPERATIONS: readonly Operation[] = [
  ...HEALTH,
  ...STATISTICS,
  ...UPSTREAM_READING,
  ...UPSTREAM_ACTING,
  ...ABOUT_OPERATIONS,
];
