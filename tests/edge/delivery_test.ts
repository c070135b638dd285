/** The same events over every transport, resumable by one cursor, over a real server on a memory store. */
import { assertEquals } from "@std/assert";
import { aMinute, aTrade } from "../support/event_factory.ts";
import type { EdgeSettings } from "../../src/feed/settings/settings.ts";
import { edgeRig } from "./edge_rig.ts";
import { poll, SocketClient, StreamClient } from "./test_clients.ts";

/** Every case holds on both servers. */
function test(name: string, fn: (settings: Partial<EdgeSettings>) => Promise<void>): void {
  for (const server of ["deno", "hardened"] as const) {
    Deno.test({
      name: `${name} (SERVER=${server})`,
      fn: () => fn({ server }),
      sanitizeResources: server === "deno",
    });
  }
}

const trades = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => aTrade({ tid: String(from + n), sym: n % 2 ? "MSFT" : "AAPL" }));
const seqs = (ids: readonly string[]) => ids.map((id) => Number(id.slice(id.indexOf("-") + 1)));
const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

test("a WebSocket gets every event after it subscribed, and the cursor before anything else", async (settings) => {
  await using rig = edgeRig({ settings });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  await rig.writer.append("tick", trades(1, 5));
  await using client = new SocketClient(port, "/ws/tick?symbols=*", ["tickcast.v1"]);
  const { cursor } = await client.first("subscribed");
  await rig.writer.append("tick", trades(6, 3));
  assertEquals(seqs(await client.events(3)), [6, 7, 8]);
  assertEquals(client.messages.slice(0, 3).map(({ type }) => type), ["hello", "subscribed", "events"]);
  assertEquals(cursor, `tick:${rig.writer.heads.get("tick")?.epoch}-5`);
  assertEquals(client.socket.protocol, "tickcast.v1");
});

test("a client that connects before the first event ever misses none of them, on any transport", async (settings) => {
  await using rig = edgeRig({ settings });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  const client = new SocketClient(port, "/ws/tick?symbols=*");
  const { cursor } = await client.first("subscribed");
  await client[Symbol.asyncDispose]();
  assertEquals(cursor, "tick:0-0");
  await rig.writer.append("tick", trades(1, 4));
  await using again = new SocketClient(port, `/ws/tick?symbols=*&cursor=${cursor}`);
  await using stream = new StreamClient(port, `/sse/tick?cursor=${cursor}`);
  const polled = await poll(port, `/events/tick?cursor=${cursor}&wait=25`);
  assertEquals(seqs(await again.events(4)), [1, 2, 3, 4]);
  assertEquals(seqs(await stream.events(4)), [1, 2, 3, 4]);
  assertEquals(seqs(polled.events.map(({ id }) => id)), [1, 2, 3, 4]);
  assertEquals([again.of("gap"), stream.of("gap"), polled.gap], [[], [], null]);
});

test("one cursor goes from socket to event stream to poll and back, and from edge to edge", async (settings) => {
  await using rig = edgeRig({ settings });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  await using other = edgeRig({ settings, wrapStore: () => rig.store, edgeId: "edge-2" });
  const { port: otherPort } = await other.edge.serve("127.0.0.1", 0);
  await rig.writer.append("tick", trades(1, 10));
  const socket = new SocketClient(port, "/ws?streams=tick,minute&symbols=*&cursor=earliest");
  await socket.events(10);
  await rig.writer.append("minute", [aMinute()]);
  await socket.events(11);
  await socket[Symbol.asyncDispose]();
  await rig.writer.append("tick", trades(11, 10));
  const cursor = socket.of("subscribed").length === 1 && [...socket.of("events")].reverse();
  const last = (stream: string) => cursor && cursor.find((message) => message.stream === stream)?.cursor;
  const whole = `${last("tick")},${last("minute")}`;
  const stream = new StreamClient(otherPort, "/sse?streams=tick,minute", { "last-event-id": whole });
  assertEquals(seqs(await stream.events(10)), upTo(11, 20));
  await stream[Symbol.asyncDispose]();
  await rig.writer.append("tick", trades(21, 10));
  const answer = await poll(port, `/events/tick?cursor=${stream.lastEventId}&wait=25`);
  assertEquals(seqs(answer.events.map(({ id }) => id)), upTo(21, 30));
  await rig.writer.append("tick", trades(31, 2));
  await using back = new SocketClient(otherPort, `/ws/tick?symbols=*&cursor=${answer.cursor}`);
  assertEquals(seqs(await back.events(2)), [31, 32]);
});

test("a gap says exactly what was evicted: 1000 behind loses nothing, 1001 behind loses one", async (settings) => {
  await using rig = edgeRig({ settings });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  for (let n = 0; n < 5; n++) await rig.writer.append("tick", trades(n * 300 + 1, 300));
  const epoch = rig.writer.heads.get("tick")?.epoch;
  await using whole = new SocketClient(port, `/ws/tick?symbols=*&cursor=tick:${epoch}-500`);
  assertEquals(seqs(await whole.events(1000)), upTo(501, 1500));
  assertEquals(whole.of("gap"), []);
  await using short = new SocketClient(port, `/ws/tick?symbols=*&cursor=tick:${epoch}-499`);
  assertEquals(seqs(await short.events(1000)), upTo(501, 1500));
  const [gap] = short.of("gap");
  assertEquals(
    { ...gap },
    {
      type: "gap",
      stream: "tick",
      after: `${epoch}-499`,
      before: `${epoch}-501`,
      lost: 1,
      cause: "evicted",
      cursor: `tick:${epoch}-500`,
    },
  );
});

test("filters, latest and fields shape what one client gets", async (settings) => {
  await using rig = edgeRig({ settings });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  await using client = new SocketClient(port, "/ws/tick");
  await using latest = new SocketClient(port, "/ws/tick");
  const asked = { action: "subscribe", symbols: ["MSFT"], fields: ["price"] };
  await client.say({ ...asked, id: 7 });
  await latest.say({ ...asked, mode: "latest" });
  assertEquals((await client.first("subscribed")).id, 7);
  await latest.first("subscribed");
  await rig.writer.append("tick", trades(1, 4));
  await client.events(2);
  const [frame] = client.of("events");
  const epoch = rig.writer.heads.get("tick")?.epoch;
  assertEquals(frame?.events, [
    { id: `${epoch}-2`, type: "trade", sym: "MSFT", t: 1772463600000, price: 187.25 },
    { id: `${epoch}-4`, type: "trade", sym: "MSFT", t: 1772463600000, price: 187.25 },
  ]);
  assertEquals(frame?.cursor, `tick:${epoch}-4`);
  await latest.events(1);
  assertEquals(latest.of("events").map(({ events }) => events), [[
    { id: `${epoch}-4`, type: "trade", sym: "MSFT", t: 1772463600000, price: 187.25, n: 2 },
  ]]);
});
