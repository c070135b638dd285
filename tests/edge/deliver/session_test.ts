/** The client protocol on a clock that a test moves. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { STREAM_SPECS, streamTable } from "../../../src/feed/stream.ts";
import { aTrade } from "../../support/event_factory.ts";
import { sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });
const of = (sym: string, n = 1, over = {}) =>
  Array.from({ length: n }, (_, k) => aTrade({ sym, tid: String(k), t: 1000 + k, ...over }));

pure("a heartbeat with cursor, states and time comes every 15 s, and no sooner", async () => {
  await using s = sessionScene();
  const client = s.client();
  client.say({ action: "subscribe", symbols: ["*"] });
  await s.clock.advance(14_500);
  assertEquals(client.of("heartbeat"), []);
  await s.clock.advance(46_000);
  const beats = client.of("heartbeat");
  assertEquals(beats.length, 4);
  assertEquals([
    beats[0]?.cursor,
    typeof beats[0]?.time,
    Object.keys(beats[0]?.streams ?? {}).includes("tick"),
  ], ["tick:0-0", "number", true]);
});

pure("a client whose stream moves without an event for it is told its cursor within 2 s", async () => {
  await using s = sessionScene();
  const client = s.client();
  client.say({ action: "subscribe", symbols: ["TSLA"] });
  await s.clock.advance(20);
  await s.rig.writer.append("tick", of("AAPL", 5));
  await s.clock.advance(2_000);
  assertMatch(String(client.of("heartbeat")[0]?.cursor), /-5$/);
  await s.clock.advance(10_000);
  assertEquals(client.of("heartbeat").length, 1);
});

pure(
  "subscribing again adds symbols and replaces what it names of the shape; unsubscribing takes away",
  async () => {
    await using s = sessionScene();
    const client = s.client();
    client.say({ action: "subscribe", symbols: ["AAPL"], mode: "latest", max_hz: 4 });
    client.say({ action: "subscribe", symbols: ["MSFT", "X:*"], fields: ["price"] });
    client.say({ action: "unsubscribe", symbols: ["AAPL"] });
    client.say({ action: "subscribe", mode: "all", max_hz: null });
    client.say({ action: "unsubscribe" });
    client.say({ action: "unsubscribe", symbols: ["NOPE"] });
    // Six commands take their turns, one after the other.
    for (let n = 0; n < 6; n++) await s.clock.advance(20);
    const held = [...client.of("subscribed"), ...client.of("unsubscribed")].map(({ subscriptions }) =>
      Array.isArray(subscriptions) ? subscriptions[0] : undefined
    );
    assertEquals(held, [
      { stream: "tick", symbols: ["AAPL"], mode: "latest", max_hz: 4, fields: null },
      { stream: "tick", symbols: ["AAPL", "MSFT", "X:*"], mode: "latest", max_hz: 4, fields: ["price"] },
      { stream: "tick", symbols: ["MSFT", "X:*"], mode: "all", max_hz: null, fields: ["price"] },
      { stream: "tick", symbols: ["MSFT", "X:*"], mode: "latest", max_hz: 4, fields: ["price"] },
      undefined,
      undefined,
    ]);
    assertEquals(client.of("error"), []);
  },
);

pure("a cursor on a stream already followed is CURSOR_IN_USE, and nothing changes", async () => {
  await using s = sessionScene();
  const client = s.client();
  client.say({ action: "subscribe", symbols: ["AAPL"] });
  client.say({ action: "subscribe", symbols: ["MSFT"], cursor: "tick:0-0", id: "x" });
  await s.clock.advance(20);
  assertEquals(client.of("error").map(({ code, id }) => [code, id]), [["CURSOR_IN_USE", "x"]]);
  assertEquals(client.of("subscribed").length, 1);
});

pure("a symbol outside the plan is an error, the others are followed", async () => {
  await using s = sessionScene();
  const plan = {
    at: 0,
    streams: { tick: { symbols: ["AAPL", "MSFT"], lists: 1 } },
    markets: ["stocks"],
    simulated: false,
  };
  await s.rig.store.writeNote("plan", JSON.stringify(plan), undefined);
  const client = s.client();
  client.say({ action: "subscribe", symbols: ["AAPL", "NOPE"], id: 1 });
  client.say({ action: "subscribe", symbols: ["NADA"], id: 2 });
  await s.clock.advance(20);
  assertEquals(client.of("error").map(({ code, id }) => [code, id]), [["UNKNOWN_SYMBOL", 1], [
    "UNKNOWN_SYMBOL",
    2,
  ]]);
  assertEquals(client.of("subscribed").length, 1);
});

pure("a stream of a table of one's own is served like any other", async () => {
  const spec = STREAM_SPECS[1];
  if (spec === undefined) throw new Error("no spec");
  await using s = sessionScene({
    streams: streamTable([...STREAM_SPECS, { ...spec, name: "quote", eventTypes: ["trade"] }]),
  });
  const client = s.client("premium", ["quote"]);
  client.say({ action: "subscribe", symbols: ["*"] });
  await s.clock.advance(20);
  await s.rig.writer.append("quote", of("AAPL", 3));
  await s.clock.advance(300);
  assertEquals(client.ids().length, 3);
});

pure("a client that must authenticate has 5 s for it", async () => {
  await using s = sessionScene();
  const late = s.clientOf(undefined, ["tick"]);
  const good = s.clientOf(undefined, ["tick"]);
  good.say({ action: "subscribe", symbols: ["*"], id: 1 });
  good.say({ action: "auth", token: "anything", id: 2 });
  good.say({ action: "subscribe", symbols: ["*"], id: 3 });
  await s.clock.advance(5_300);
  assertEquals(late.socket.closeCode, 4501);
  assertEquals(good.socket.closeCode, undefined);
  assertEquals(good.of("error").map(({ code, id }) => [code, id]), [["UNAUTHORIZED", 1]]);
  assertEquals([good.of("authenticated").length, good.of("subscribed").length], [1, 1]);
});

pure(
  "a drain tells everybody when to come back, spread, closes 4002 and leaves nothing running",
  async () => {
    const s = sessionScene();
    const clients = Array.from({ length: 20 }, () => s.client());
    for (const client of clients) client.say({ action: "subscribe", symbols: ["*"] });
    await s.clock.advance(50);
    const drained = s.rig.edge.drain();
    await s.clock.advance(3_000);
    await drained;
    assertEquals(clients.map(({ socket }) => socket.closeCode), clients.map(() => 4002));
    const waits = clients.map((client) => client.of("reconnect")[0]?.after_ms);
    assert(waits.every((wait) => typeof wait === "number"), `told to wait ${waits}`);
    assertEquals(s.rig.edge.hub.size, 0);
    await s[Symbol.asyncDispose]();
    assertEquals(s.clock.pending, 0);
  },
);

pure("reads of the store a second are the same with one client and with 2 000", async () => {
  const reads = async (clients: number): Promise<number> => {
    await using s = sessionScene({ settings: { wsMaxConnections: 5000 } });
    for (let n = 0; n < clients; n++) {
      s.client().say({ action: "subscribe", symbols: [`S${n}`], snapshot: true });
    }
    await s.clock.advance(1000);
    const before = s.rig.store.usage().commands;
    for (let n = 0; n < 50; n++) {
      await s.rig.writer.append("tick", of("S1"));
      await s.clock.advance(100);
    }
    return s.rig.store.usage().commands - before;
  };
  const [one, many] = [await reads(1), await reads(2000)];
  assert(Math.abs(one - many) <= one * 0.02, `${one} and ${many}`);
});
