/** The socket protocol's description against the specification's own schema, and against what is really said. */
import specification from "@asyncapi/specs/schemas/3.0.0.json" with { type: "json" };
import { assert, assertEquals } from "@std/assert";
import { Ajv, type ValidateFunction } from "ajv";
import { COMMAND_SCHEMAS, readCommand } from "../../../src/edge/deliver/client_commands.ts";
import * as builders from "../../../src/edge/deliver/server_messages.ts";
import { asyncapiDocument } from "../../../src/edge/openapi/asyncapi_document.ts";
import { CLIENT_MESSAGES, SERVER_MESSAGES } from "../../../src/edge/openapi/asyncapi_messages.ts";
import { aFairValue, aMinute, aSecond, aTrade } from "../../support/event_factory.ts";
import { edgeRig } from "../edge_rig.ts";
import { type Message, SocketClient } from "../test_clients.ts";

const document = asyncapiDocument("1.2.3");

/** What is wrong with a message, by the document; empty when nothing is. */
function judge() {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema({ ...document, $id: "asyncapi" });
  const validators = new Map<string, ValidateFunction>();
  return (name: string, message: unknown): string[] => {
    const known = validators.get(name) ??
      ajv.compile({ $ref: `asyncapi#/components/messages/${name}/payload` });
    validators.set(name, known);
    if (known(message)) return [];
    return [`${name}: ${ajv.errorsText(known.errors)} in ${JSON.stringify(message).slice(0, 300)}`];
  };
}

Deno.test("the document is valid by AsyncAPI's own schema, and a broken one is not", () => {
  const { definitions, ...rest } = specification;
  // The dialects that payloads may be in are built into the validator.
  const own = Object.entries(definitions).filter(([id]) => !id.startsWith("http://json-schema.org/"));
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  const validate = ajv.compile({ ...rest, definitions: Object.fromEntries(own) });
  assertEquals([validate(document), validate.errors ?? []], [true, []]);
  assertEquals(
    validate({ ...document, channels: { x: { messages: { y: { payload: { type: "strin" } } } } } }),
    false,
  );
});

Deno.test({
  name: "every reference in the document leads somewhere",
  permissions: "none",
  fn() {
    const targets = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) =>
      path ?? ""
    );
    assert(targets.length > 50);
    for (const path of targets) {
      let at: unknown = document;
      for (const step of path.split("/")) at = Object.entries(at ?? {}).find(([name]) => name === step)?.[1];
      assert(at !== undefined, path);
    }
  },
});

Deno.test("every message the server can write is described, down to its members", () => {
  const wrongIn = judge();
  const streams = { tick: "live" } as const;
  const held = [{ stream: "tick", symbols: ["AAPL"], mode: "all", max_hz: null, fields: ["price"] }] as const;
  const gap = `"stream":"tick","after":"0-0","before":"k3f9a0b1-7","lost":null,"cause":"epoch"`;
  const written = [
    builders.hello(["tick"], "edge-1"),
    builders.subscribed("subscribed", held, "tick:k3f9a0b1-1", "one"),
    builders.subscribed("unsubscribed", [], "", undefined),
    builders.snapshotPart(
      "tick",
      "tick:k3f9a0b1-1",
      JSON.stringify([{ ...aTrade(), id: "k3f9a0b1-1" }]),
      true,
    ),
    builders.gap(gap, "tick:k3f9a0b1-7", "tick:k3f9a0b1-7"),
    builders.warning("SLOW_CONSUMER", "Events are merged"),
    builders.fault("BAD_JSON", "Cannot take it", 7),
    builders.heartbeat("", streams, 1),
    builders.pong("", streams, 1, undefined, null),
    builders.reconnect(10.4, ""),
    builders.authenticated(undefined, undefined),
  ];
  const isBuilder = (value: unknown) => typeof value === "function";
  // `subscribed` writes two types; `events` are written by frames.
  assertEquals(Object.values(builders).filter(isBuilder).length + 1, written.length);
  assertEquals([...written.map(({ type }) => type), "events"].sort(), Object.keys(SERVER_MESSAGES).sort());
  assertEquals(written.flatMap(({ type, json }) => wrongIn(type, JSON.parse(json))), []);
});

Deno.test("what is said in a run with a real socket is as the document has it", async () => {
  await using rig = edgeRig();
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  const wrongIn = judge();
  await using client = new SocketClient(port, "/ws");
  const commands = [
    { action: "subscribe", streams: ["tick"], symbols: ["AAPL", "X:*"], id: 1 },
    {
      action: "subscribe",
      streams: ["minute"],
      symbols: ["*"],
      cursor: "minute:00000001-5",
      snapshot: true,
      id: "m",
    },
    { action: "subscribe", streams: ["fmv"], symbols: ["*"], mode: "latest", max_hz: 50, fields: ["fmv"] },
    { action: "ping", id: 3 },
    { action: "unsubscribe", streams: ["fmv"] },
  ];
  await rig.writer.append("minute", [aMinute()]);
  await client.say(commands[0]);
  await client.first("subscribed");
  await client.say(commands[1]);
  await client.say(commands[2]);
  await client.until("three subscriptions", () => client.of("subscribed").length === 3);
  await rig.writer.append("tick", [aTrade({ tid: "1" }), aSecond()]);
  await rig.writer.append("fmv", [aFairValue()]);
  await rig.writer.append("minute", [aMinute({ t: aMinute().t + 60_000 })]);
  await client.until("events of three streams", () => client.of("events").length >= 3);
  const cursor = client.of("events")[0]?.cursor;
  await client.say({ ...commands[3], cursor });
  await client.say({ action: "auth", token: "x" });
  await client.say({ action: "nonsense" });
  await client.say(commands[4]);
  await client.first("unsubscribed");
  await client.until(
    "a pong and an error",
    () => client.of("pong").length > 0 && client.of("error").length > 0,
  );
  assertEquals(client.messages.flatMap((one: Message) => wrongIn(one.type, one)), []);
  const seen = new Set(client.messages.map(({ type }) => type));
  for (const type of ["hello", "subscribed", "events", "snapshot", "gap", "pong", "error", "unsubscribed"]) {
    assert(seen.has(type), `${type} was not among ${[...seen]}`);
  }
  assertEquals(commands.flatMap((one) => wrongIn(one.action, one)), []);
});

Deno.test("a command the document forbids is one the server refuses, and the other way round", () => {
  const wrongIn = judge();
  assertEquals(Object.keys(CLIENT_MESSAGES), Object.keys(COMMAND_SCHEMAS));
  const commands = [
    { action: "subscribe" },
    { action: "subscribe", streams: [] },
    { action: "subscribe", streams: ["tick"], max_hz: 0 },
    { action: "subscribe", streams: ["tick"], max_hz: null, fields: null },
    { action: "subscribe", streams: ["tick"], mode: "some" },
    { action: "subscribe", symbols: "AAPL" },
    { action: "unsubscribe", id: {} },
    { action: "ping", cursor: 4 },
    { action: "ping", id: 4, more: "is ignored" },
    { action: "auth" },
    { action: "auth", token: "" },
    { action: "auth", token: "x" },
  ];
  for (const command of commands) {
    assertEquals(
      wrongIn(command.action, command).length === 0,
      readCommand(JSON.stringify(command)).ok,
      JSON.stringify(command),
    );
  }
});
