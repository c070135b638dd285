/** Connections, tickers and streams change at run time: added, removed, evened out, reloaded. */
import { assert, assertEquals } from "@std/assert";
import type { ControlCommand } from "../../../src/feed/control.ts";
import { refusalOf } from "../../../src/ingest/upstream/refusal.ts";
import type { FakeSocket } from "../../support/fake_upstream.ts";
import { ask, type IngestScene, scene, start, stop } from "../../support/ingest_scene.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const held = (socket: FakeSocket | undefined) =>
  [...socket?.held ?? []].map((topic) => topic.slice(2)).sort().join();

/** The open socket that carries a ticker, told by what it holds. */
const carrier = (s: IngestScene, ticker: string) =>
  s.upstream.open.filter((socket) => socket.held.has(`A.${ticker}`));

test("a stream that is stopped is not subscribed upstream, and is again when started", async () => {
  const s = scene();
  const { ingest, pipeline } = await start(s, { DATA_FREQUENCIES: "tick,minute", TICK_SYMBOLS: "AAPL" });
  await s.clock.advance(1_000);
  pipeline.on = ["tick", "minute"];
  assertEquals(await ask(s, { do: "stop_stream", stream: "minute" }), {
    ok: true,
    result: { stream: "minute", state: "stopped" },
  });
  await s.clock.advance(500);
  assertEquals([...s.upstream.last.held], ["A.AAPL"]);
  await ask(s, { do: "start_stream", stream: "minute" });
  await s.clock.advance(500);
  assertEquals([...s.upstream.last.held], ["A.AAPL", "AM.AAPL"]);
  assertEquals(pipeline.switched, ["stop minute", "start minute"]);
  await stop(ingest, s.clock);
});

test("connections are added and removed at run time; tickers move before a socket is closed", async () => {
  const s = scene();
  const { ingest } = await start(s, {
    USE_MULTI_CONNECTION: "true",
    WEBSOCKET_ROUTING_STRATEGY: "round_robin",
    TICK_SYMBOLS: "A1,A2,A3,A4,A5,A6",
  });
  await s.clock.advance(1_000);
  const added = await ask(s, { do: "add_connection", name: "extra" });
  assertEquals(added, { ok: true, result: { connection: "connection_2", name: "extra", tickers: 3 } });
  await s.clock.advance(1_000);
  assertEquals(s.upstream.open.map((socket) => socket.held.size), [3, 3]);
  const refusals: readonly (readonly [command: ControlCommand, code: string])[] = [
    [{ do: "add_connection", name: "extra" }, "CONFLICT"],
    [{ do: "add_connection", name: "x", market: "futures" }, "BAD_REQUEST"],
    [{ do: "add_connection", name: "x", frequencies: ["fmv"] }, "BAD_REQUEST"],
    [{ do: "add_connection", name: "x", tickers: ["A1"] }, "CONFLICT"],
    [{ do: "add_connection", name: "x", tickers: ["X:BTC-USD"] }, "BAD_SYMBOL"],
    [{ do: "add_connection", name: "x", universe: "ghost" }, "BAD_REQUEST"],
  ];
  for (const [command, code] of refusals) {
    const refused = await ask(s, command);
    assertEquals(refused.ok ? "done" : refused.code, code, JSON.stringify(command));
  }
  await ask(s, { do: "add_connection", name: "third", tickers: ["ZZZ"] });
  const fourth = await ask(s, { do: "add_connection", name: "fourth" });
  assertEquals(fourth.ok ? "done" : fourth.code, "CONFLICT");
  const removed = await ask(s, { do: "remove_connection", connection: "extra" });
  assert(removed.ok && Array.isArray(removed.result.moved) && removed.result.moved.length === 3);
  await s.clock.advance(1_000);
  assertEquals(s.upstream.open.length, 2);
  for (let n = 1; n <= 6; n++) assertEquals(carrier(s, `A${n}`).length, 1, `A${n}`);
  await stop(ingest, s.clock);
});

test("an asked rebalance evens observed rates out, and the automatic one leaves a near balance alone", async () => {
  const s = scene();
  const { ingest, pipeline, lines } = await start(s, {
    USE_MULTI_CONNECTION: "true",
    WEBSOCKET_CONNECTION_2_ENABLED: "true",
    WEBSOCKET_ROUTING_STRATEGY: "load_balanced",
    WEBSOCKET_HEALTH_CHECK_INTERVAL: "5",
    TICK_SYMBOLS: "A,B,C,D",
  });
  await s.clock.advance(1_000);
  const home = new Map(
    s.upstream.open.flatMap((socket, n) => [...socket.held].map((topic) => [topic.slice(2), n])),
  );
  const [busy, ...rest] = [...home].filter(([, n]) => n === 0).map(([ticker]) => ticker);
  pipeline.rates = new Map(
    [...home.keys()].map((ticker) => [ticker, ticker === busy ? 55 : ticker === rest[0] ? 50 : 1]),
  );
  await s.clock.advance(6_000);
  const moved = lines.filter((line) => line.event === "upstream_rebalance");
  assertEquals(moved.length, 1);
  await s.clock.advance(60_000);
  assertEquals(lines.filter((line) => line.event === "upstream_rebalance").length, 1);
  assertEquals(carrier(s, busy ?? "")[0] === carrier(s, rest[0] ?? "")[0], false);
  const asked = await ask(s, { do: "rebalance" });
  assertEquals(asked, {
    ok: true,
    result: {
      moved: [],
      connections: ingest.health().connections.reduce((all, one) => ({ ...all, [one.id]: one.tickers }), {}),
    },
  });
  await stop(ingest, s.clock);
});

test("what is new begins on a connection that is there, and nothing is moved to one that is out", async () => {
  const s = scene();
  const { ingest } = await start(s, {
    USE_MULTI_CONNECTION: "true",
    WEBSOCKET_CONNECTION_2_ENABLED: "true",
    WEBSOCKET_ROUTING_STRATEGY: "round_robin",
    WEBSOCKET_HEALTH_CHECK_INTERVAL: "5",
    TICK_SYMBOLS: "A,B,C,D",
  });
  await s.clock.advance(20_000);
  s.upstream.manners.refuseOpen = refusalOf("unreachable");
  s.upstream.open[0]?.end();
  await s.clock.advance(5_000);
  const done = await ask(s, { do: "subscribe", tickers: ["N1", "N2", "N3", "N4", "N5"], frequency: "tick" });
  assert(done.ok && JSON.stringify(done.result).match(/connection_2/g)?.length === 5, JSON.stringify(done));
  await s.clock.advance(20_000);
  const asked = await ask(s, { do: "rebalance" });
  assert(asked.ok && JSON.stringify(asked.result.moved) === "[]", JSON.stringify(asked));
  assertEquals(ingest.health().connections.map((one) => one.tickers), [0, 9]);
  s.upstream.manners.refuseOpen = undefined;
  await s.clock.advance(60_000);
  assertEquals(ingest.health().connections.map((one) => one.tickers).sort(), [4, 5]);
  await stop(ingest, s.clock);
});

test("a reload applies the difference of a universe without reconnecting, and keeps what operators changed", async () => {
  const file = "universes.json";
  let text = '{"tech": ["AAPL", "MSFT", "IBM"]}';
  const readTextFile = Deno.readTextFile;
  Deno.readTextFile = () => Promise.resolve(text);
  try {
    const s = scene();
    const { ingest } = await start(s, { UNIVERSES_FILE: file, SYMBOL_UNIVERSE_KEY: "tech" });
    await s.clock.advance(1_000);
    await ask(s, { do: "subscribe", tickers: ["TSLA"], frequency: "tick" });
    await ask(s, { do: "unsubscribe", tickers: ["IBM"], frequency: "tick" });
    text = '{"tech": ["AAPL", "NVDA", "IBM"]}';
    const done = await ask(s, { do: "reload" });
    assert(done.ok && done.result.added === 1 && done.result.removed === 1, JSON.stringify(done));
    await s.clock.advance(1_000);
    assertEquals(held(s.upstream.last), "AAPL,NVDA,TSLA");
    assertEquals(s.upstream.opened, 1);
    text = "not json";
    const refused = await ask(s, { do: "reload" });
    assertEquals(refused.ok ? "done" : refused.code, "SETTINGS");
    assertEquals(held(s.upstream.last), "AAPL,NVDA,TSLA");
    await stop(ingest, s.clock);
  } finally {
    Deno.readTextFile = readTextFile;
  }
});
