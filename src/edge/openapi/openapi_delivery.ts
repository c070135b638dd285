/** Operations that deliver events. */
import {
  inPath,
  inQuery,
  number,
  object,
  oneOf,
  type Operation,
  type Parameter,
  ref,
  text,
} from "./openapi_operation.ts";

const STREAM = inPath("stream", "tick, minute, fmv, signal or heatmap");

const SUBSCRIPTION: readonly Parameter[] = [
  inQuery("symbols", "Comma list of symbols and prefixes (AAPL, X:*); * for all"),
  inQuery("cursor", "Where to go on (tick:k3f9a0b1-1042,…), or earliest; none: now"),
  inQuery("mode", "latest merges what waits, per symbol", oneOf(["all", "latest"], "all when left out")),
  inQuery("max_hz", "Most flushes a second", number("0.001 to 1000")),
  inQuery("fields", "Comma list of fields to keep beside id, type, sym and t"),
  inQuery(
    "snapshot",
    "true: the latest event per symbol first",
    oneOf(["true", "false"], "false when left out"),
  ),
];

const STREAMS: Parameter = inQuery("streams", "Comma list of streams; all that are on when left out");
const TICKET: Parameter = inQuery("ticket", "A ticket of POST /tickets, where the client can't send headers");
const LAST_EVENT_ID: Parameter = {
  name: "Last-Event-ID",
  in: "header",
  about: "Where to go on; wins over cursor. A native EventSource sends it by itself",
};

const events = { about: "An endless event stream", type: "text/event-stream" };
const refused = {
  about: "Refused; for an instance that is full or draining 200 with a fault event and retry:",
};
const upgrade = { about: "Switching to a WebSocket" };
const socketReplies = {
  "101": upgrade,
  "426": { about: "A plain GET: it would be let in with an upgrade" },
  "403": { about: "Not this page" },
  "503": { about: "Full, draining or WS_ENABLED=false" },
};

/** See the file's head. */
export const DELIVERY_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: "/ws",
    group: "Delivery",
    summary: "WebSocket, all streams",
    about:
      "Subprotocol tickcast.v1; a token may be offered beside it as bearer.<token>. Messages: docs/protocol.md.",
    access: "client",
    parameters: [STREAMS, ...SUBSCRIPTION],
    replies: socketReplies,
  },
  {
    method: "get",
    path: "/ws/{stream}",
    group: "Delivery",
    summary: "WebSocket, one stream",
    access: "client",
    parameters: [STREAM, ...SUBSCRIPTION],
    replies: socketReplies,
  },
  {
    method: "get",
    path: "/sse",
    group: "Delivery",
    summary: "Server-sent events, all streams",
    access: "client",
    parameters: [STREAMS, ...SUBSCRIPTION, LAST_EVENT_ID, TICKET],
    replies: { "200": events, "401": refused },
  },
  {
    method: "get",
    path: "/sse/{stream}",
    group: "Delivery",
    summary: "Server-sent events, one stream",
    access: "client",
    parameters: [STREAM, ...SUBSCRIPTION, LAST_EVENT_ID, TICKET],
    replies: { "200": events, "401": refused },
  },
  {
    method: "get",
    path: "/events/{stream}",
    group: "Delivery",
    summary: "Poll for what is new, or wait for it",
    access: "client",
    parameters: [STREAM, ...SUBSCRIPTION, inQuery("wait", "Seconds to wait for events", number("0 to 25"))],
    replies: {
      "200": {
        about: "What follows the cursor, up to a second gap",
        schema: object({
          stream: ref("StreamName"),
          cursor: text("Where to go on"),
          events: { type: "array", items: ref("Event") },
          gap: { anyOf: [ref("Gap"), { type: "null" }] },
        }),
      },
      "304": { about: "Nothing has changed since If-None-Match" },
    },
  },
  {
    method: "get",
    path: "/snapshot/{stream}",
    group: "Delivery",
    summary: "The latest event per symbol",
    access: "client",
    parameters: [
      STREAM,
      inQuery("symbols", "Comma list; * for all"),
      inQuery("fields", "Comma list of fields to keep"),
    ],
    replies: {
      "200": {
        about: "True at its cursor, with which a live stream joins without hole or repeat",
        schema: object({
          stream: ref("StreamName"),
          cursor: text("What it is true at"),
          events: { type: "array", items: ref("Event") },
        }),
      },
    },
  },
  {
    method: "post",
    path: "/tickets",
    group: "Delivery",
    summary: "A one-time ticket for an EventSource",
    about:
      "The token comes as Authorization: Bearer …. The ticket opens /sse… once within 30 s; the answer sets an HttpOnly cookie for reconnects.",
    access: "client",
    replies: {
      "201": {
        about: "The ticket",
        schema: object({ ticket: text("For ?ticket="), expires_in_s: number("30") }),
      },
      "401": { about: "No good token" },
      "404": { about: "AUTH_MODE=none: nobody needs one" },
      "429": { about: "More than ten a second of one subject" },
    },
  },
  {
    method: "get",
    path: "/massive/{market}",
    group: "Delivery",
    summary: "Massive's own WebSocket protocol",
    about:
      "Programs written with an official Massive client work by changing their host. auth takes our token.",
    access: "client",
    parameters: [inPath("market", "stocks or crypto")],
    replies: { ...socketReplies, "404": { about: "No such market" } },
  },
];
