import { assertEquals, assertNotMatch } from "@std/assert";
import { adminGuard } from "../../../src/edge/admin/admin_guard.ts";
import {
  type EdgeFacts,
  type EdgePhase,
  factsWithoutEdge,
  type ListFacts,
} from "../../../src/edge/report/health_facts.ts";
import { NOTES_WAIT_MS } from "../../../src/edge/report/health_notes.ts";
import { healthRoutes } from "../../../src/edge/report/health_routes.ts";
import { HealthService } from "../../../src/edge/report/health_service.ts";
import type { MarketSession } from "../../../src/edge/report/stream_state.ts";
import type { IngestHealth, PublishedPlan } from "../../../src/feed/health.ts";
import { STREAMS } from "../../../src/feed/stream.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { A_MONDAY } from "../../support/event_factory.ts";
import { aChannel, aConnection, anIngestHealth, aPlan } from "../../support/ingest_health_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const aList = (over: Partial<ListFacts> = {}): ListFacts => ({
  list: "tick",
  head: { epoch: "k3f9a0b1", seq: 5010 },
  ringEvents: 900,
  ringBytes: 150_000,
  wanted: true,
  pullMs: 250,
  pulls: 77,
  pulledAt: A_MONDAY,
  failingSince: undefined,
  movedAt: A_MONDAY - 100,
  lastEventT: A_MONDAY - 150,
  lastEventRx: A_MONDAY - 130,
  rate: 40,
  pullLagMs: 180,
  gaps: 1,
  ...over,
});

interface Scene {
  readonly ingest?: IngestHealth;
  readonly plan?: PublishedPlan;
  readonly lists?: readonly ListFacts[];
  readonly phase?: EdgePhase;
  readonly session?: MarketSession;
  readonly privateStats?: boolean;
}

async function setUp(scene: Scene = {}) {
  const clock = new ManualClock(A_MONDAY);
  const store = createMemoryStore(clock);
  if (scene.ingest) await store.writeNote("health:ingest", JSON.stringify(scene.ingest), undefined);
  if (scene.plan) await store.writeNote("plan", JSON.stringify(scene.plan), undefined);
  const facts: EdgeFacts = {
    ...factsWithoutEdge("edge-1", A_MONDAY - 5_000, "1.0.0"),
    phase: () => scene.phase ?? "serving",
    lists: () => scene.lists ?? [],
  };
  const health = new HealthService({
    store,
    clock,
    streams: STREAMS,
    facts,
    sessionAt: () => scene.session ?? "regular",
  });
  const guard = adminGuard({
    adminToken: "an-admin-token-of-length",
    privateStats: scene.privateStats ?? false,
  });
  const app = healthRoutes(health, guard.mayRead);
  const get = async (path: string, token?: string) => {
    const response = await app.request(path, {
      headers: token ? { authorization: `Bearer ${token}` } : {},
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return { clock, store, health, app, get };
}

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

pure("/health is 200 while the process answers, whatever else is wrong", async () => {
  for (const phase of ["starting", "serving", "draining", "shedding"] as const) {
    const { get, health } = await setUp({ phase });
    using _health = health;
    const { status, body } = await get("/health");
    assertEquals([status, body], [200, {
      status: "ok",
      edge: "edge-1",
      version: "1.0.0",
      phase,
      uptime_s: 5,
    }]);
  }
});

pure("/health/ready is 503 only while starting, draining or shedding", async () => {
  for (const phase of ["starting", "draining", "shedding"] as const) {
    const { get, health } = await setUp({ phase });
    using _health = health;
    const { status, body, headers } = await get("/health/ready");
    assertEquals([status, body.ready, headers.get("retry-after")], [503, false, "5"]);
  }
  const { get, health } = await setUp();
  using _health = health;
  assertEquals((await get("/health/ready")).status, 200);
});

pure("/health/streams/{stream} tells state, depth, head and the lag of every hop", async () => {
  const { get, health } = await setUp({ ingest: anIngestHealth(), plan: aPlan(), lists: [aList()] });
  using _health = health;
  const { status, body } = await get("/health/streams/tick");
  assertEquals(status, 200);
  assertEquals(body, {
    stream: "tick",
    state: "live",
    detail: "events arrive",
    last_event_at: A_MONDAY - 20,
    last_event_age_ms: 0,
    rate: 40,
    depth: 1000,
    lists: [{ list: "tick", head: "k3f9a0b1-5010", depth: 1000, held: 900, pull_ms: 250 }],
    lag_ms: { exchange_to_ingest: 20, ingest_to_redis: 30, redis_to_edge: 150 },
    connections: [{
      id: "connection_1",
      name: "primary",
      status: "connected",
      detail: "connected for 10 min",
      rate: 12.5,
      latency_ms: 18,
    }],
    gaps: { upstream: 0, edge: 1, last_at: null },
    drops: { overflow: 2 },
  });
});

pure("a stream's route is 503 when it is stale or down and 200 otherwise", async () => {
  const old = A_MONDAY - 3_600_000;
  const silent = aChannel({ lastEventRx: old, lastEventT: old });
  const scenes: readonly (readonly [Scene, string, number])[] = [
    [{ ingest: anIngestHealth({ channels: [silent] }), plan: aPlan() }, "stale", 503],
    [{ ingest: anIngestHealth({ channels: [silent] }), plan: aPlan(), session: "closed" }, "closed", 200],
    [{ plan: aPlan() }, "down", 503],
    [{ ingest: anIngestHealth(), plan: aPlan({ streams: {} }) }, "off", 200],
    [
      {
        ingest: anIngestHealth({
          channels: [silent],
          connections: [aConnection({ status: "error", lastFrameAt: null })],
        }),
        plan: aPlan(),
      },
      "down",
      503,
    ],
  ];
  for (const [scene, state, expected] of scenes) {
    const { get, health } = await setUp(scene);
    using _health = health;
    const { status, body } = await get("/health/streams/tick");
    assertEquals([body.state, status], [state, expected]);
  }
});

pure("/health/streams is 503 only when every stream that is on is at fault", async () => {
  const plan = aPlan({
    streams: { tick: { symbols: ["*"], lists: 1 }, minute: { symbols: ["*"], lists: 1 } },
  });
  const old = A_MONDAY - 3_600_000;
  const both = [aConnection({ frequencies: ["tick", "minute"] })];
  const minute = aChannel({ stream: "minute", lastEventRx: old, lastEventT: old });
  const half = await setUp({
    plan,
    ingest: anIngestHealth({ connections: both, channels: [aChannel(), minute] }),
  });
  using _half = half.health;
  const one = await half.get("/health/streams");
  assertEquals([one.status, one.body.ok, one.body.streams.minute.state], [200, true, "stale"]);

  const none = await setUp({ plan });
  using _none = none.health;
  const all = await none.get("/health/streams");
  assertEquals([all.status, all.body.ok, all.body.streams.signal.state], [503, false, "off"]);
});

pure("an unknown stream is 404 and its name is not echoed", async () => {
  const { get, health } = await setUp({ plan: aPlan() });
  using _health = health;
  for (const name of ["%3Cscript%3E", "nope", "tick%2F..%2F..", "__proto__", "constructor"]) {
    const { status, body } = await get(`/health/streams/${name}`);
    assertEquals([status, body.error.code], [404, "UNKNOWN_STREAM"]);
    assertNotMatch(JSON.stringify(body), /script|nope|__proto__|constructor/);
  }
});

pure("health answers within its wait with the store hanging", async () => {
  const { app, clock, store, health } = await setUp({ lists: [aList()] });
  using _health = health;
  store.readNote = (_name, signal) =>
    new Promise((_, reject) =>
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true })
    );
  const pending = Promise.all(
    ["/health", "/health/ready", "/health/streams", "/health/streams/tick"].map((path) => app.request(path)),
  );
  await clock.advance(NOTES_WAIT_MS);
  assertEquals((await pending).map((response) => response.status), [200, 200, 200, 200]);
});

pure("PRIVATE_STATS closes the streams' health but not what balancers ask", async () => {
  const { get, health } = await setUp({ plan: aPlan(), ingest: anIngestHealth(), privateStats: true });
  using _health = health;
  assertEquals((await get("/health")).status, 200);
  assertEquals((await get("/health/ready")).status, 200);
  assertEquals((await get("/health/streams")).status, 401);
  assertEquals((await get("/health/streams/tick", "wrong-token-altogether")).status, 401);
  assertEquals((await get("/health/streams/tick", "an-admin-token-of-length")).status, 200);
});

pure("where one stream is live no other is silent for a closed market", async () => {
  const plan = aPlan({
    streams: { tick: { symbols: ["*"], lists: 1 }, signal: { symbols: ["*"], lists: 1 } },
  });
  const replayed = await setUp({ plan, ingest: anIngestHealth(), session: "closed" });
  using _replayed = replayed.health;
  await replayed.health.readNotes();
  assertEquals([replayed.health.states().get("tick"), replayed.health.states().get("signal")], [
    "live",
    "quiet",
  ]);
  const old = A_MONDAY - 3_600_000;
  const night = await setUp({
    plan,
    ingest: anIngestHealth({ channels: [aChannel({ lastEventRx: old, lastEventT: old })] }),
    session: "closed",
  });
  using _night = night.health;
  await night.health.readNotes();
  assertEquals([night.health.states().get("tick"), night.health.states().get("signal")], [
    "closed",
    "closed",
  ]);
});

pure("states() tells every stream's state without waiting", async () => {
  const { health } = await setUp({ ingest: anIngestHealth(), plan: aPlan(), lists: [aList()] });
  using _health = health;
  await health.readNotes();
  assertEquals(
    [...health.states()],
    [["signal", "quiet"], ["tick", "live"], ["minute", "off"], ["fmv", "off"], ["heatmap", "off"]],
  );
});
