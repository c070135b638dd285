/** The AsyncAPI 3.0 document of the socket protocol, made from the table of messages. */
import { STREAM_SPECS } from "../../feed/stream.ts";
import { PROTOCOL } from "../deliver/server_messages.ts";
import {
  CLIENT_MESSAGES,
  MESSAGE_SCHEMAS,
  SERVER_MESSAGES,
  type SocketMessage,
} from "./asyncapi_messages.ts";
import { DELIVERY_OPERATIONS } from "./openapi_delivery.ts";
import type { Schema } from "./openapi_operation.ts";

/** What each command may be answered with. */
const REPLIES: Readonly<Record<string, readonly string[]>> = {
  subscribe: ["subscribed", "error"],
  unsubscribe: ["unsubscribed", "error"],
  ping: ["pong", "error"],
  auth: ["authenticated", "error"],
};

/** Said without being asked. */
const UNASKED = Object.keys(SERVER_MESSAGES).filter((type) => !Object.values(REPLIES).flat().includes(type));

const CHANNELS = [
  { id: "all", address: "/ws", about: "All streams", parameters: undefined },
  {
    id: "one",
    address: "/ws/{stream}",
    about: "One stream: commands may leave it out",
    parameters: { stream: { description: "The stream", enum: STREAM_SPECS.map(({ name }) => name) } },
  },
] as const;

type Channel = (typeof CHANNELS)[number];

/** The document as an object. */
export function asyncapiDocument(version: string): Schema {
  const messages = { ...CLIENT_MESSAGES, ...SERVER_MESSAGES };
  return {
    asyncapi: "3.0.0",
    info: {
      title: "tickcast sockets",
      version,
      description:
        `WebSocket subprotocol ${PROTOCOL}, in words: docs/protocol.md. Server-sent events carry the same ` +
        "messages: event: is the type (fault for error, the stream's name for events), data: the rest.",
    },
    defaultContentType: "application/json",
    servers: { edge: { host: "localhost:8000", protocol: "ws", description: "Any edge" } },
    channels: Object.fromEntries(CHANNELS.map((channel) => [channel.id, channelObject(channel)])),
    operations: Object.fromEntries(CHANNELS.flatMap((channel) => operationsOf(channel))),
    components: {
      messages: Object.fromEntries(
        Object.entries(messages).map(([name, one]) => [name, messageObject(name, one)]),
      ),
      schemas: MESSAGE_SCHEMAS,
    },
  };
}

const messageObject = (name: string, { summary, payload }: SocketMessage): Schema => ({
  name,
  summary,
  payload,
});

function channelObject({ address, about, parameters }: Channel): Schema {
  const names = [...Object.keys(CLIENT_MESSAGES), ...Object.keys(SERVER_MESSAGES)];
  return {
    address,
    description: about,
    messages: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }])),
    ...parameters === undefined ? {} : { parameters },
    bindings: { ws: { method: "GET", query: querySchema(address), bindingVersion: "0.1.0" } },
  };
}

/** The same query as over HTTP. */
function querySchema(address: string): Schema {
  const parameters = DELIVERY_OPERATIONS.find(({ path }) => path === address)?.parameters ?? [];
  const properties = parameters.filter((one) => one.in === "query").map((
    { name, about },
  ) => [name, { type: "string", description: about }]);
  return { type: "object", properties: Object.fromEntries(properties) };
}

/** From the server's side: it receives commands and sends the rest. */
function operationsOf({ id }: Channel): [string, Schema][] {
  const channel = { $ref: `#/channels/${id}` };
  const message = (name: string) => ({ $ref: `#/channels/${id}/messages/${name}` });
  const commands = Object.entries(CLIENT_MESSAGES).map(([name, { summary }]): [string, Schema] => [
    `${name}.${id}`,
    {
      action: "receive",
      summary,
      channel,
      messages: [message(name)],
      reply: { channel, messages: (REPLIES[name] ?? []).map(message) },
    },
  ]);
  const unasked: Schema = {
    action: "send",
    summary: "What a server says by itself",
    channel,
    messages: UNASKED.map(message),
  };
  return [...commands, [`deliver.${id}`, unasked]];
}
