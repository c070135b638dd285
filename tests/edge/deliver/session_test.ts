/** The client protocol on a clock that a test moves. */
import { assertEquals, assertMatch } from "@std/assert";
import { STREAM_SPECS, streamTable } from "../../../src/feed/stream.ts";
import { aHeatmap, aMinute, aSignal, aTrade } from "../../support/event_factory.ts";
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
    await s.clock.advance(20);
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

pure("max_hz bounds the frames of a second", async () => {
  await using s = sessionScene();
  const client = s.client();
  client.say({ action: "subscribe", symbols: ["*"], max_hz: 2 });
  await s.clock.advance(20);
  for (let n = 0; n < 100; n++) {
    await s.rig.writer.append("tick", of("AAPL"));
    await s.clock.advance(50);
  }
  const frames = client.of("events").length;
  assertEquals(frames >= 9 && frames <= 11, true, `${frames} in 5 s`);
  assertEquals(client.ids().length >= 95, true);
});

pure("a client is told its own max_hz, and keeps it, whoever else follows at the same pace", async () => {
  await using s = sessionScene();
  const standard = s.client("standard");
  standard.say({ action: "subscribe", symbols: ["AAPL"] });
  const premium = s.client("premium");
  premium.say({ action: "subscribe", symbols: ["AAPL"], max_hz: 10 });
  await s.clock.advance(50);
  const told = (client: typeof premium) => client.of("subscribed").at(-1)?.subscriptions;
  const held = { stream: "tick", symbols: ["AAPL"], mode: "all", fields: null };
  assertEquals([told(premium), told(standard)], [[{ ...held, max_hz: 10 }], [{ ...held, max_hz: null }]]);
  premium.say({ action: "subscribe", symbols: ["MSFT"] });
  await s.clock.advance(50);
  assertEquals(told(premium), [{ ...held, symbols: ["AAPL", "MSFT"], max_hz: 10 }]);
  const feed = s.rig.edge.core.feeds.get("tick");
  assertEquals([...feed?.selections.selections() ?? []].map(({ intervalMs }) => intervalMs), [100, 100]);
});

pure("tiers pace their clients: premium 25 ms, standard 100 ms, free the latest once a second", async () => {
  await using s = sessionScene();
  const clients = (["premium", "standard", "free"] as const).map((tier) => s.client(tier));
  for (const client of clients) client.say({ action: "subscribe", symbols: ["*"] });
  await s.clock.advance(20);
  for (let n = 0; n < 300; n++) {
    await s.rig.writer.append("tick", of("AAPL", 1, { t: 1000 + n }));
    await s.clock.advance(10);
  }
  await s.clock.advance(1000);
  const frames = clients.map((client) => client.of("events").length);
  assertEquals(
    frames.map((count, n) => Math.abs(count - ([120, 31, 4][n] ?? 0)) <= 8),
    [true, true, true],
    frames.join(),
  );
  const free = clients[2]?.of("events").flatMap(({ events }) => Array.isArray(events) ? events : []) ?? [];
  assertEquals(free.reduce((sum, { n }) => sum + (n ?? 1), 0), 300);
  assertEquals(clients[2]?.of("subscribed")[0]?.subscriptions, [{
    stream: "tick",
    symbols: ["*"],
    mode: "latest",
    max_hz: null,
    fields: null,
  }]);
});

pure("streams that flush together go out in the order of their priority", async () => {
  await using s = sessionScene();
  const client = s.client("premium", ["tick", "minute", "signal", "fmv"]);
  client.say({ action: "subscribe", symbols: ["*"] });
  await s.clock.advance(500);
  for (let n = 0; n < 20; n++) {
    await s.rig.writer.append("minute", [aMinute({ t: n * 60_000 })]);
    await s.rig.writer.append("tick", of("AAPL"));
    await s.rig.writer.append("signal", [aSignal({ key: `k${n}` })]);
    await s.clock.advance(1000);
  }
  const order = client.of("events").map(({ stream }) => stream);
  assertEquals(order.slice(0, 3), ["signal", "tick", "minute"]);
  assertEquals(order.length, 60);
});

pure(
  "a snapshot is true at its cursor, and the live stream goes on from there without hole or repeat",
  async () => {
    await using s = sessionScene();
    for (let n = 0; n < 900; n++) {
      await s.rig.writer.append(
        "tick",
        of(`S${n}`, 1, { conds: [1, 2, 3, 4, 5, 6, 7, 8, 9] }),
      );
    }
    const client = s.client();
    client.say({ action: "subscribe", symbols: ["*"], snapshot: true });
    await s.rig.writer.append("tick", of("S5", 1, { price: 7 }));
    await s.clock.advance(40);
    await s.rig.writer.append("tick", of("S6", 2));
    await s.clock.advance(400);
    const parts = client.of("snapshot");
    const events = parts.flatMap(({ events }) => Array.isArray(events) ? events : []);
    assertEquals(parts.map(({ last }) => last), [...parts.slice(1).map(() => false), true]);
    assertEquals(parts.every((part) => JSON.stringify(part).length <= 64_000) && parts.length > 1, true);
    assertEquals(new Set(events.map(({ sym }) => sym)).size, 900);
    const truth = Number(String(parts[0]?.cursor).split("-")[1]);
    const live = client.ids().map((id) => Number(id.split("-")[1]));
    assertEquals(live, Array.from({ length: 903 - truth }, (_, n) => truth + 1 + n));
    assertEquals(client.socket.read.map(({ type }) => type).slice(0, 3), ["hello", "subscribed", "snapshot"]);
  },
);

pure("a heatmap subscription begins with a snapshot, empty when there is none", async () => {
  await using s = sessionScene();
  const client = s.client("premium", ["heatmap"]);
  client.say({ action: "subscribe", symbols: ["X:BTC-USD"] });
  await s.clock.advance(20);
  assertEquals(client.of("snapshot").map(({ events, last }) => [events, last]), [[[], true]]);
  await s.rig.writer.append("heatmap", [aHeatmap()]);
  await s.clock.advance(200);
  assertEquals(client.ids().length, 1);
  const later = s.client("premium", ["heatmap"]);
  later.say({ action: "subscribe", symbols: ["BTC-USD"] });
  await s.clock.advance(20);
  assertEquals(later.of("snapshot").map(({ events }) => Array.isArray(events) && events.length), [1]);
});

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

pure(
  "a split stream keeps a place per list, and a list missing from a cursor is a gap nobody can count",
  async () => {
    await using s = sessionScene();
    const plan = {
      at: 0,
      streams: { tick: { symbols: ["*"], lists: 3 } },
      markets: ["stocks"],
      simulated: false,
    };
    await s.rig.store.writeNote("plan", JSON.stringify(plan), undefined);
    const client = s.client();
    client.say({ action: "subscribe", symbols: ["*"] });
    await s.clock.advance(20);
    assertEquals(client.of("subscribed")[0]?.cursor, "tick.0:0-0,tick.1:0-0,tick.2:0-0");
    for (let n = 0; n < 10; n++) {
      for (const list of [0, 1, 2]) await s.rig.writer.append(`tick.${list}`, of(`L${list}`, 1 + list));
      await s.clock.advance(30);
    }
    assertEquals(client.ids().length, 60);
    assertMatch(client.ids()[0] ?? "", /^[012]\.[0-9a-z]{8}-1$/);
    const cursor = String(client.of("events").at(-1)?.cursor);
    const heads = [0, 1, 2].map((list) => s.rig.writer.heads.get(`tick.${list}`));
    assertEquals(cursor, heads.map((head, n) => `tick.${n}:${head?.epoch}-${head?.seq}`).join(","));
    const uneven = s.client();
    uneven.say({
      action: "subscribe",
      symbols: ["*"],
      cursor: `tick.0:${heads[0]?.epoch}-8,tick.2:${heads[2]?.epoch}-25`,
    });
    await s.clock.advance(100);
    assertEquals(uneven.of("gap").map(({ lost, cause }) => [lost, cause]), [[null, "epoch"]]);
    const perList = [0, 1, 2].map((list) =>
      uneven.ids().filter((id) => id.startsWith(`${list}.`)).map((id) => Number(id.split("-")[1]))
    );
    assertEquals(perList[0], [9, 10]);
    assertEquals(perList[1], Array.from({ length: 20 }, (_, n) => n + 1));
    assertEquals(perList[2], [26, 27, 28, 29, 30]);
    assertEquals(uneven.of("events").at(-1)?.cursor, cursor);
  },
);

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
    assertEquals(clients.every((client) => typeof client.of("reconnect")[0]?.after_ms === "number"), true);
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
  assertEquals(Math.abs(one - many) <= one * 0.02, true, `${one} and ${many}`);
});

pure(
  "when a stream is split anew its clients go on, told that nobody can count what they missed",
  async () => {
    await using s = sessionScene();
    const client = s.client();
    client.say({ action: "subscribe", symbols: ["*"] });
    await s.clock.advance(20);
    await s.rig.writer.append("tick", of("AAPL", 3));
    await s.clock.advance(50);
    const waiting = s.rig.edge.fetch(new Request("http://edge/events/tick?wait=25"));
    await s.clock.advance(50);
    const plan = {
      at: 0,
      streams: { tick: { symbols: ["*"], lists: 2 } },
      markets: ["stocks"],
      simulated: false,
    };
    await s.rig.store.writeNote("plan", JSON.stringify(plan), undefined);
    await s.rig.writer.append("tick.0", of("L0", 4));
    await s.rig.writer.append("tick.1", of("L1", 5));
    await s.clock.advance(31_000);
    assertEquals(client.of("gap").map(({ lost, cause }) => [lost, cause]), [[null, "epoch"], [
      null,
      "epoch",
    ]]);
    assertEquals(client.ids().length, 12);
    await s.rig.writer.append("tick.1", of("L1", 2));
    await s.clock.advance(2_000);
    assertEquals(client.ids().length, 14);
    assertMatch(String(client.of("events").at(-1)?.cursor), /^tick\.0:[0-9a-z]{8}-4,tick\.1:[0-9a-z]{8}-7$/);
    assertEquals(client.of("subscribed").length, 2);
    assertEquals((await waiting).status, 200);
  },
);
