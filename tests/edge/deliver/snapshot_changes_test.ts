/** Snapshots asked for, and then something changes: what is followed, the rights to it, its lists, or what is asked. */
import { assert, assertEquals } from "@std/assert";
import { anonymous, type Principal } from "../../../src/edge/admit/principal.ts";
import { TickcastError } from "../../../src/feed/error.ts";
import type { FeedStore } from "../../../src/feed/store.ts";
import { symbolPatterns } from "../../../src/feed/symbol.ts";
import { aTrade } from "../../support/event_factory.ts";
import type { Message } from "../test_clients.ts";
import { type SceneClient, type SessionScene, sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const trades = (sym: string, count: number, t = 1) =>
  Array.from({ length: count }, (_, n) => aTrade({ sym, tid: `${sym}${t}-${n}`, t: 1000 + t + n }));

const away = () => Promise.reject(new TickcastError("STORE_UNAVAILABLE", "Cannot read as the test says so"));

/** Forty symbols `S0` to `S39` of 16 kB each: a snapshot of many parts. */
async function fill(s: SessionScene): Promise<void> {
  const conds = Array.from({ length: 8000 }, () => 1);
  for (let from = 0; from < 40; from += 10) {
    const names = Array.from({ length: 10 }, (_, n) => `S${from + n}`);
    await s.rig.writer.append("tick", names.map((sym) => aTrade({ sym, conds })));
  }
}

/** The client takes what waits, again and again. */
async function read(s: SessionScene, client: SceneClient): Promise<void> {
  client.socket.isStalled = false;
  for (let n = 0; n < 60; n++) {
    client.socket.drain();
    await s.clock.advance(20);
  }
}

/** What a client was told: snapshots by their symbols, a star at the last part's end; other messages by their type. */
const told = (client: SceneClient, from = 0): string[] =>
  client.socket.read.slice(from).map(({ type, events, last }) =>
    type === "snapshot" && Array.isArray(events)
      ? `${events.map(({ sym }) => sym).join()}${last ? "*" : ""}`
      : String(type)
  );

const awaiting = (s: SessionScene): boolean[] =>
  [...s.rig.edge.hub.sessions()].map(({ awaitsSnapshot }) => awaitsSnapshot);

pure(
  "a snapshot owed for a stream that is let go is owed no more, and the client is judged again",
  async () => {
    await using s = sessionScene();
    await s.rig.writer.append("tick", trades("AAPL", 20));
    s.client().say({ action: "subscribe", symbols: ["*"] });
    await s.clock.advance(500);
    const client = s.client();
    const timers = s.clock.pending;
    client.say({ action: "subscribe", symbols: ["AAPL"], cursor: "earliest", snapshot: true });
    client.say({ action: "unsubscribe" });
    await s.clock.advance(1000);
    assertEquals([awaiting(s), s.clock.pending], [[false, false], timers]);
    client.say({ action: "subscribe", symbols: ["*"] });
    await s.clock.advance(500);
    client.socket.isStalled = true;
    for (let n = 0; n < 40; n++) {
      await s.rig.writer.append("tick", trades("AAPL", 50, 100 + n * 100));
      await s.clock.advance(100);
    }
    assertEquals([client.socket.closeCode, client.of("snapshot")], [4001, []]);
  },
);

pure("no part of a snapshot follows the unsubscribe that ends its stream", async () => {
  await using s = sessionScene();
  await fill(s);
  const client = s.client();
  await s.clock.advance(100);
  client.socket.isStalled = true;
  client.say({ action: "subscribe", symbols: ["*"], snapshot: true });
  await s.clock.advance(100);
  client.say({ action: "unsubscribe" });
  await s.clock.advance(100);
  await read(s, client);
  assertEquals(told(client, 1), ["subscribed", "S0,S1,S2", "S3,S4,S5", "unsubscribed"]);
  assertEquals(awaiting(s), [false]);
});

const narrowTo = (symbols: readonly string[]): Parameters<typeof sessionScene>[0] => {
  const narrow: Principal = { ...anonymous("premium"), symbols: symbolPatterns(symbols) };
  return {
    gate: {
      admit: () => ({ principal: anonymous("premium"), headers: undefined }),
      authenticate: () => Promise.resolve(narrow),
    },
  };
};

pure("a snapshot under way shows nothing that a new token forbids, and what it allows in whole", async () => {
  await using s = sessionScene(narrowTo(["S30", "S4"]));
  await fill(s);
  const client = s.client();
  await s.clock.advance(100);
  client.socket.isStalled = true;
  client.say({ action: "subscribe", symbols: ["*"], snapshot: true });
  await s.clock.advance(100);
  client.say({ action: "auth", token: "narrower" });
  await s.clock.advance(100);
  await read(s, client);
  assertEquals(told(client, 1), [
    "subscribed",
    "S0,S1,S2",
    "S3,S4,S5",
    "authenticated",
    "error",
    "S4,S30*",
  ]);
  assertEquals(awaiting(s), [false]);
});

pure("a snapshot that is owed is held to the rights of a new token too", async () => {
  let isAway = true;
  const wrapStore = (store: FeedStore): FeedStore => ({
    ...store,
    readLatest: (...args) => isAway ? away() : store.readLatest(...args),
  });
  await using s = sessionScene({ ...narrowTo(["S30", "S4"]), wrapStore });
  await fill(s);
  const client = s.client();
  client.say({ action: "subscribe", symbols: ["S4", "S5"], snapshot: true });
  await s.clock.advance(100);
  client.say({ action: "auth", token: "narrower" });
  await s.clock.advance(100);
  isAway = false;
  await s.clock.advance(3000);
  assertEquals(told(client, 1), ["subscribed", "authenticated", "error", "S4*"]);
});

const named = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => `S${from + n}`);

pure(
  "symbols unsubscribed while their snapshot is under way are left out of it; if all are it is empty",
  async () => {
    for (const [going, rest] of [[["S7"], ["S0,S1,S2", "S3,S4,S5", "S6*"]], [named(0, 7), ["*"]]] as const) {
      await using s = sessionScene();
      await fill(s);
      const client = s.client();
      client.say({ action: "subscribe", symbols: ["S9"] });
      await s.clock.advance(100);
      client.socket.isStalled = true;
      client.say({ action: "subscribe", symbols: named(0, 7), snapshot: true });
      await s.clock.advance(100);
      client.say({ action: "unsubscribe", symbols: going });
      await s.clock.advance(100);
      await read(s, client);
      const begun = ["S0,S1,S2", "S3,S4,S5"];
      assertEquals(told(client, 1), ["subscribed", "subscribed", ...begun, "unsubscribed", ...rest]);
      assertEquals(awaiting(s), [false]);
    }
  },
);

pure("each of two snapshots asked for one after the other is given while both are owed", async () => {
  await using s = sessionScene();
  await s.rig.writer.append("tick", [...trades("AAPL", 3), ...trades("MSFT", 3)]);
  s.client().say({ action: "subscribe", symbols: ["*"], snapshot: true });
  await s.clock.advance(500);
  const client = s.client();
  client.say({ action: "subscribe", symbols: ["AAPL"], cursor: "earliest", snapshot: true, id: 1 });
  client.say({ action: "subscribe", symbols: ["MSFT"], snapshot: true, id: 2 });
  await s.clock.advance(3000);
  assertEquals(told(client, 1), ["subscribed", "subscribed", "events", "AAPL,MSFT*"]);
});

pure("a snapshot asked for while another is under way comes after it, and live events fit both", async () => {
  await using s = sessionScene();
  await fill(s);
  const client = s.client();
  await s.clock.advance(100);
  client.socket.isStalled = true;
  client.say({ action: "subscribe", symbols: ["S0", "S1", "S2", "S3"], snapshot: true });
  await s.clock.advance(50);
  for (let n = 0; n < 20; n++) client.say({ action: "subscribe", symbols: ["S1"], snapshot: true });
  await s.rig.writer.append("tick", trades("S1", 2, 100));
  await s.clock.advance(50);
  await read(s, client);
  await s.rig.writer.append("tick", trades("S1", 1, 200));
  await s.clock.advance(100);
  const seen = client.socket.read.filter(({ type }) => type === "snapshot" || type === "events");
  const seq = ({ cursor }: Message) => Number(String(cursor).split("-")[1]);
  assertEquals(seen.map(seq), [...seen.map(seq)].sort((a, b) => a - b));
  assertEquals(client.ids().map((id) => Number(id.split("-")[1])), [41, 42, 43]);
  const parts = told(client).filter((what) => what.startsWith("S"));
  assertEquals(parts, ["S0,S1,S2", "S3*", "S1*"]);
});

const planOf = (lists: number): string =>
  JSON.stringify({
    at: lists,
    streams: { tick: { symbols: ["*"], lists } },
    markets: ["stocks"],
    simulated: false,
  });

pure(
  "a snapshot owed when its stream is split anew is one of the new lists, older than no event before it",
  async () => {
    let isAway = true;
    const wrapStore = (store: FeedStore): FeedStore => ({
      ...store,
      readLatest: (...args) => isAway ? away() : store.readLatest(...args),
    });
    await using s = sessionScene({ wrapStore });
    await s.rig.store.writeNote("plan", planOf(1), undefined);
    await s.rig.writer.append("tick", trades("AAPL", 3));
    const client = s.client();
    client.say({ action: "subscribe", symbols: ["*"], snapshot: true });
    await s.clock.advance(500);
    await s.rig.store.writeNote("plan", planOf(2), undefined);
    await s.clock.advance(31_000);
    await s.rig.writer.append("tick.0", trades("MSFT", 2));
    isAway = false;
    await s.clock.advance(20_000);
    const [part] = client.of("snapshot");
    assertEquals(String(part?.cursor), `${client.of("events").at(-1)?.cursor}`);
    assertEquals([client.of("snapshot").length, awaiting(s)], [1, [false]]);
  },
);

pure(
  "a store that can't tell the latest events is asked again ever less often, for all clients once",
  async () => {
    let isAway = true;
    let reads = 0;
    const wrapStore = (store: FeedStore): FeedStore => ({
      ...store,
      readLatest: (...args) => (reads++, isAway ? away() : store.readLatest(...args)),
    });
    await using s = sessionScene({ wrapStore });
    await s.rig.writer.append("tick", trades("AAPL", 3));
    const clients = Array.from({ length: 5 }, () => s.client());
    for (const client of clients) client.say({ action: "subscribe", symbols: ["*"], snapshot: true });
    await s.clock.advance(4000);
    reads = 0;
    const timers = s.clock.pending;
    await s.clock.advance(10_000);
    assert(reads >= 4 && reads <= 7, `${reads} in 10 s`);
    isAway = false;
    await s.clock.advance(3_000);
    assertEquals(clients.map((client) => client.of("snapshot").length), clients.map(() => 1));
    assertEquals(s.clock.pending, timers, "nothing runs faster while they wait");
  },
);
