import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ControlCommand } from "../../src/feed/control.ts";
import { TickcastError } from "../../src/feed/error.ts";
import { IngestHealth, PublishedPlan } from "../../src/feed/health.ts";
import { ask, scene, start, stop } from "../support/ingest_scene.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

test("a lone ingest leads at once, connects, and publishes its plan and health", async () => {
  const s = scene();
  const { ingest, pipeline } = await start(s, { TICK_SYMBOLS: "AAPL,MSFT" });
  await s.clock.advance(1_000);
  assertEquals(s.upstream.open.map((socket) => socket.url), ["wss://socket.massive.com/stocks"]);
  assertEquals([...s.upstream.last.held], ["A.AAPL", "A.MSFT"]);
  assertEquals(pipeline.terms.length, 1);
  const plan = PublishedPlan.parse(JSON.parse(await s.store.readNote("plan") ?? ""));
  assertEquals(plan.streams.tick, { symbols: ["AAPL", "MSFT"], lists: 1 });
  const health = IngestHealth.parse(JSON.parse(await s.store.readNote("health:ingest") ?? ""));
  assertEquals([health.role, health.connections[0]?.status, health.connections[0]?.tickers], [
    "leader",
    "connected",
    2,
  ]);
  await stop(ingest, s.clock);
  assertEquals(s.clock.pending, 0);
});

test("two ingests on one key: exactly one is connected, and a clean stop hands over at once", async () => {
  const s = scene();
  const first = await start(s, {}, "a");
  await s.clock.advance(1_000);
  const second = await start(s, {}, "b");
  await s.clock.advance(60_000);
  assertEquals(s.upstream.open.length, 1);
  assertEquals([first.ingest.health().role, second.ingest.health().role], ["leader", "standby"]);
  assertEquals(second.ingest.ready, true);
  await stop(first.ingest, s.clock);
  assertEquals(first.pipeline.flushed, 1);
  assertEquals(s.upstream.sockets[0]?.closedCleanly, true);
  assertEquals(s.upstream.open.length, 1);
  assertEquals(second.ingest.health().role, "leader");
  assert(second.pipeline.gaps.length === 1 && second.pipeline.gaps[0]?.cause === "upstream");
  await stop(second.ingest, s.clock);
});

test("a leader that loses its lease drops its sockets and stands by", async () => {
  const s = scene();
  const { ingest } = await start(s, {});
  await s.clock.advance(1_000);
  const lease = await s.store.readLease();
  const other = await s.store.takeLease("b", lease?.fence ?? 0, 5_000);
  await s.clock.advance(2_000);
  assertEquals(s.upstream.open.length, 0);
  assertEquals(ingest.health().role, "standby");
  const keep = s.clock.interval(1_000, () => void s.store.renewLease(other?.fence ?? 0, 5_000));
  await s.clock.advance(60_000);
  assertEquals(s.upstream.open.length, 0);
  keep[Symbol.dispose]();
  await s.clock.advance(15_000);
  assertEquals(ingest.health().role, "leader");
  await stop(ingest, s.clock);
});

test("a leader that is fenced off by an append drops its sockets", async () => {
  const s = scene();
  const { ingest, pipeline } = await start(s, {});
  await s.clock.advance(1_000);
  const lease = await s.store.readLease();
  await s.store.takeLease("b", lease?.fence ?? 0, 60_000);
  pipeline.fence();
  await s.clock.advance(10);
  assertEquals(s.upstream.open.length, 0);
  await stop(ingest, s.clock);
});

test("a kill is noticed and taken over within 15 s, and the time between is told as a gap", async () => {
  const s = scene();
  const { store } = s;
  const dead = await store.takeLease("dead", 0, 5_000);
  const second = await start(s, {}, "b");
  const killedAt = s.clock.now();
  await s.clock.advance(15_000);
  assertEquals(second.ingest.health().role, "leader");
  assertEquals(second.pipeline.gaps.map((gap) => [gap.stream, gap.lost, gap.from]), [[
    "tick",
    null,
    killedAt,
  ]]);
  assert((second.ingest.health().fence ?? 0) > (dead?.fence ?? 0));
  await stop(second.ingest, s.clock);
});

test("every problem of the plan refuses to start at once; STRICT_CONFIG refuses a fall-back too", async () => {
  const s = scene();
  const error = await assertRejects(
    () => start(s, { MASSIVE_MARKETS: "stocks,crypto", DATA_FREQUENCIES: "tick,fmv" }),
    TickcastError,
  );
  assertEquals(error.code, "SETTINGS");
  const wrong = {
    USE_MULTI_CONNECTION: "true",
    WEBSOCKET_CONNECTION_2_ENABLED: "true",
    WEBSOCKET_CONNECTION_2_NAME: "primary",
    TICK_SYMBOLS: "A,B",
  };
  await assertRejects(() => start(s, { ...wrong, STRICT_CONFIG: "true" }), TickcastError, "_2_NAME=primary");
  const { ingest, lines } = await start(s, wrong);
  await s.clock.advance(500);
  assert(lines.some((line) => line.event === "plan_fallback"));
  assert(ingest.health().planFallback.includes("_2_NAME=primary"));
  assertEquals(s.upstream.open.length, 1);
  await stop(ingest, s.clock);
});

test("commands are answered while leading: subscribe, look up, unsubscribe, and refusals that change nothing", async () => {
  const s = scene();
  const { ingest } = await start(s, { TICK_SYMBOLS: "AAPL" });
  await s.clock.advance(500);
  const done = await ask(s, { do: "subscribe", tickers: ["TSLA"], frequency: "tick" });
  assertEquals(done, {
    ok: true,
    result: { subscribed: [{ ticker: "TSLA", connection: "connection_1" }], already: [] },
  });
  await s.clock.advance(500);
  assertEquals([...s.upstream.last.held].sort(), ["A.AAPL", "A.TSLA"]);
  const found = await ask(s, { do: "lookup", ticker: "TSLA" });
  assert(
    found.ok && Array.isArray(found.result.connections) && found.result.connections[0] === "connection_1",
  );
  const refusals: readonly (readonly [command: ControlCommand, code: string])[] = [
    [{ do: "unsubscribe", tickers: ["GHOST"], frequency: "tick" }, "NOT_FOUND"],
    [{ do: "subscribe", tickers: ["AAPL"], frequency: "fmv" }, "CONFLICT"],
    [{ do: "subscribe", tickers: ["A A"], frequency: "tick" }, "BAD_SYMBOL"],
    [{ do: "subscribe", tickers: ["IBM"], frequency: "tick", connection: "connection_9" }, "NOT_FOUND"],
    [{ do: "remove_connection", connection: "connection_9" }, "NOT_FOUND"],
    [{ do: "remove_connection", connection: "connection_1" }, "CONFLICT"],
    [{ do: "stop_stream", stream: "nonsense" }, "UNKNOWN_STREAM"],
  ];
  for (const [command, code] of refusals) {
    const refused = await ask(s, command);
    assertEquals(refused.ok ? "done" : refused.code, code, JSON.stringify(command));
  }
  assertEquals([...s.upstream.last.held].sort(), ["A.AAPL", "A.TSLA"]);
  assertEquals(s.upstream.opened, 1);
  await stop(ingest, s.clock);
});

test("a malformed command is refused under its id; one without an id changes nothing", async () => {
  const s = scene();
  const { ingest } = await start(s, {});
  await s.clock.advance(500);
  await s.store.sendCommand("not json");
  await s.store.sendCommand(JSON.stringify({ id: "x", at: s.clock.now(), command: { do: "explode" } }));
  await s.store.sendCommand(
    JSON.stringify({ id: "old", at: s.clock.now() - 61_000, command: { do: "rebalance" } }),
  );
  await s.clock.advance(500);
  assertEquals(JSON.parse(await s.store.readAnswer("x") ?? "").code, "BAD_REQUEST");
  assertEquals(JSON.parse(await s.store.readAnswer("old") ?? "").ok, false);
  await stop(ingest, s.clock);
});
