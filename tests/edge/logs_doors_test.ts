/** What an edge logs of its clients: the names operators search for, at their levels, with who, what and how many are left. */
import { assertEquals, assertMatch } from "@std/assert";
import { anonymous } from "../../src/edge/admit/principal.ts";
import { aTrade } from "../support/event_factory.ts";
import { recordingLog } from "../support/recording_log.ts";
import { until } from "../support/until.ts";
import { edgeRig } from "./edge_rig.ts";
import { sessionScene } from "./session_scene.ts";
import { SocketClient, StreamClient } from "./test_clients.ts";

Deno.test("a client's coming, wishes and going are logged with who it is and how many are connected", async () => {
  const { log, lines } = recordingLog();
  await using rig = edgeRig({ log });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  const of = (event: string) => lines.filter((line) => line.event === event);
  {
    await using client = new SocketClient(port, "/ws/tick");
    await client.say({ action: "subscribe", symbols: ["AAPL", "MSFT"] });
    await client.first("subscribed");
    await client.say({ action: "unsubscribe", symbols: ["MSFT"] });
    await client.first("unsubscribed");
    await using stream = new StreamClient(port, "/sse/tick?symbols=AAPL");
    await stream.first("subscribed");
  }
  await until(() => of("ws_disconnect").length === 2, "both are gone");
  const [socket, stream] = of("ws_connect");
  assertEquals([socket?.fields.transport, socket?.fields.active_connections], ["ws", 1]);
  assertEquals([stream?.fields.transport, stream?.fields.active_connections], ["sse", 2]);
  const who = socket?.fields.client;
  assertEquals(typeof who, "string");
  const [asked] = of("ws_subscribe");
  assertEquals(asked?.fields, { client: who, streams: ["tick"], symbols: ["AAPL", "MSFT"] });
  const [left] = of("ws_unsubscribe");
  assertEquals([left?.fields.client, left?.fields.streams, left?.fields.symbols], [who, ["tick"], ["MSFT"]]);
  const gone = of("ws_disconnect");
  assertEquals(gone.map(({ fields }) => fields.client).includes(who), true);
  assertEquals(gone.at(-1)?.fields.active_connections, 0);
  for (const name of ["ws_connect", "ws_disconnect", "ws_subscribe", "ws_unsubscribe"]) {
    assertEquals(new Set(of(name).map(({ level }) => level)), new Set(["info"]), name);
  }
});

Deno.test("a slow client is logged as a warning when it is merged and when it is closed", async () => {
  const { log, lines } = recordingLog();
  await using s = sessionScene({ log });
  const client = s.client();
  client.say({ action: "subscribe", symbols: ["*"] });
  await s.clock.advance(50);
  client.socket.isStalled = true;
  for (let n = 0; n < 60; n++) {
    await s.rig.writer.append("tick", Array.from({ length: 10 }, (_, one) => aTrade({ tid: `${n}-${one}` })));
    await s.clock.advance(30);
  }
  const slow = lines.filter(({ event }) => event === "slow_consumer");
  const who = lines.find(({ event }) => event === "ws_connect")?.fields.client;
  assertEquals(slow.map(({ level, fields }) => [level, fields.client, fields.action]), [
    ["warning", who, "conflate"],
    ["warning", who, "close"],
  ]);
  assertEquals(slow.every(({ fields }) => Number(fields.buffered_bytes) > 0), true);
});

Deno.test("what fails inside is logged as an error with whose it was, and told without a word of it", async () => {
  const { log, lines } = recordingLog();
  const gate = {
    admit: () => ({ principal: anonymous("premium"), headers: undefined }),
    authenticate: () => Promise.reject(new Error("the key desk is broken")),
  };
  await using s = sessionScene({ log, gate });
  const client = s.client();
  client.say({ action: "auth", token: "a-token" });
  await s.clock.advance(50);
  const [error] = lines.filter(({ event }) => event === "ws_error");
  const who = lines.find(({ event }) => event === "ws_connect")?.fields.client;
  assertEquals([error?.level, error?.fields.client], ["error", who]);
  assertMatch(String(error?.fields.error), /the key desk is broken/);
  assertEquals(client.of("error").map(({ code, message }) => [code, /desk|token/.test(String(message))]), [
    ["INTERNAL", false],
  ]);
});
