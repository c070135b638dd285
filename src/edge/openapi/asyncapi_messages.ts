/**
 * Every message of the socket protocol as a JSON Schema: a client's from the very schemas they are read with, a server's
 * as `server_messages.ts` writes them, events from the vocabulary's own.
 */
import { z } from "zod";
import { ERROR_KINDS } from "../../feed/error.ts";
import { FairValue, Heatmap, MinuteBar, SecondBar, Signal, Trade } from "../../feed/event.ts";
import { STREAM_STATES } from "../../feed/health.ts";
import { GAP_CAUSES } from "../edge_counters.ts";
import { COMMAND_SCHEMAS } from "../deliver/client_commands.ts";
import { PROTOCOL } from "../deliver/server_messages.ts";
import { number, object, oneOf, type Schema, tableOf, text, texts } from "./openapi_operation.ts";

/** One message. */
export interface SocketMessage {
  readonly summary: string;
  readonly payload: Schema;
}

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });

/** A message with `type` and exactly these members; those of `optional` may be missing. */
function said(
  type: string,
  summary: string,
  members: Readonly<Record<string, Schema>>,
  optional: string[] = [],
) {
  const properties = { type: { type: "string", const: type }, ...members };
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { summary, payload: { ...object(properties, required), additionalProperties: false } };
}

const stream = ref("StreamName");
const requestId = ref("RequestId");
const cursor = text("Where the client stands after this; opaque");
const streamCursor = text("Where the client stands in this stream after this; opaque");
const events: Schema = { type: "array", items: ref("Event") };
const states = tableOf({ type: "string", enum: STREAM_STATES }, "State by stream");
const time = number("Server's clock, Unix ms");

const held = (type: string, summary: string) =>
  said(type, summary, {
    id: requestId,
    cursor,
    streams: texts("Streams held now"),
    subscriptions: { type: "array", items: ref("Subscription") },
  }, ["id"]);

/** What a server says, by type. */
export const SERVER_MESSAGES: Readonly<Record<string, SocketMessage>> = {
  hello: said("hello", "First of all", {
    protocol: { type: "string", const: PROTOCOL },
    streams: texts("Streams there are"),
    heartbeat_ms: number("Something is said at least this often"),
    edge: text("Which instance this is"),
  }),
  subscribed: held("subscribed", "What holds now, before anything else of it is sent"),
  unsubscribed: held("unsubscribed", "What still holds"),
  snapshot: said("snapshot", "Latest event per wanted symbol, in parts; the final one has last", {
    stream,
    cursor: streamCursor,
    last: { type: "boolean" },
    events,
  }),
  events: said("events", "Live or resumed events, in order", { stream, cursor: streamCursor, events }),
  gap: said("gap", "Events this client can no longer get", {
    stream,
    after: text("The last id before it"),
    before: text("The first id after it"),
    lost: nullable(number("How many events, or null when nobody can know")),
    cause: oneOf(GAP_CAUSES, "Why"),
    from: number("First time the loss covers, Unix ms, where known"),
    to: number("Last time the loss covers"),
    cursor: streamCursor,
  }, ["from", "to"]),
  warning: said("warning", "Something was done to this client", {
    code: text("SLOW_CONSUMER, RECOVERED, STORE_UNAVAILABLE, …"),
    message: text("In words"),
    cursor,
  }, ["cursor"]),
  error: said("error", "A request was refused; the socket lives on", {
    code: oneOf(Object.keys(ERROR_KINDS), "What is wrong"),
    message: text("In words"),
    id: requestId,
  }, ["id"]),
  heartbeat: said("heartbeat", "Liveness, place, freshness", { cursor, streams: states, time }),
  pong: said("pong", "The answer to a ping", {
    id: requestId,
    cursor,
    streams: states,
    time,
    lag: nullable(number("Events between the ping's cursor and what was sent; null: can't be told")),
  }, ["id", "lag"]),
  reconnect: said("reconnect", "This instance goes away: come back after so long, anywhere", {
    after_ms: number("ms"),
    cursor,
  }),
  authenticated: said("authenticated", "A token was taken", {
    id: requestId,
    expires_at: nullable(number("Unix ms; null: never")),
  }, ["id"]),
};

/** What a client says, by action. */
export const CLIENT_MESSAGES: Readonly<Record<string, SocketMessage>> = {
  subscribe: { summary: "Follow streams and symbols", payload: inputSchema(COMMAND_SCHEMAS.subscribe) },
  unsubscribe: { summary: "Stop following some or all", payload: inputSchema(COMMAND_SCHEMAS.unsubscribe) },
  ping: { summary: "Ask for a sign of life", payload: inputSchema(COMMAND_SCHEMAS.ping) },
  auth: {
    summary: "Show a token, at first or before the old one ends",
    payload: inputSchema(COMMAND_SCHEMAS.auth),
  },
};

/** Shapes that messages share. */
export const MESSAGE_SCHEMAS: Readonly<Record<string, Schema>> = {
  StreamName: text("A stream's name"),
  RequestId: {
    anyOf: [{ type: "string" }, { type: "number" }],
    description: "As the client called its request",
  },
  Subscription: {
    ...object({
      stream,
      symbols: texts("Names and prefixes"),
      mode: oneOf(["all", "latest"], "latest merges what waits, per symbol"),
      max_hz: nullable(number("Most flushes a second")),
      fields: nullable(texts("Kept beside id, type, sym and t")),
    }, ["stream", "symbols", "mode", "max_hz", "fields"]),
    additionalProperties: false,
  },
  Event: {
    description: "One event, by its type. With `fields` in the subscription only those are there",
    anyOf: ["Trade", "SecondBar", "MinuteBar", "FairValue", "Signal", "Heatmap"].map(ref),
  },
  ...eventSchemas({ Trade, SecondBar, MinuteBar, FairValue, Signal, Heatmap }),
};

/** As the wire has it before it is read: defaults not filled in, no dialect named. */
function inputSchema(schema: z.ZodType): Schema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: "input", target: "draft-7" });
  return rest;
}

/** Events as clients get them: with their id, and whatever `fields` left out. */
function eventSchemas(schemas: Readonly<Record<string, z.ZodType>>): Record<string, Schema> {
  const clientSide = ([name, schema]: readonly [string, z.ZodType]) => {
    const { properties, ...rest } = z.toJSONSchema(schema, { io: "input", target: "draft-7" });
    const { $schema: _dialect, ...shape } = rest;
    const withId = {
      id: { type: "string" },
      ...properties,
      n: { type: "integer", description: "Bars merged" },
    };
    const isBar = name.endsWith("Bar");
    const members = isBar ? withId : { id: withId.id, ...properties };
    return [name, { ...shape, properties: members, required: ["id", "type", "sym", "t"] }] as const;
  };
  return Object.fromEntries(Object.entries(schemas).map(clientSide));
}
