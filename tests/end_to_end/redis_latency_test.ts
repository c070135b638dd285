/**
 * A Redis that is well and far away: half a second a round trip, under a real ingest, two real edges and clients of every transport.
 * Appends and pulls wait for it within their limits, nothing piles up, nothing is lost.
 */
import { assert, assertEquals } from "@std/assert";
import { type ChannelHealth, IngestHealth } from "../../src/feed/health.ts";
import { metricTotal } from "../support/exposition.ts";
import { realPart } from "../support/real_parts.ts";
import { type StoreFaultScene, storeFaultScene } from "../support/store_fault_scene.ts";
import { until } from "../support/until.ts";

const redis = realPart("redis-server");
const LATENCY_MS = 500;
const TRADES_PER_SECOND = 250;
/** Over Redis (design §4). */
const PULL_MS = 250;
/** One after the other, so that they last for four seconds at least. */
const SLOW_APPENDS = 8;
const WITHIN_MS = 60_000;
/** A call that a busy machine holds up beyond its limit is tried again (four of an edge did); a wire too slow for it fails every one. */
const FAILURES_MAX = 12;
/** More than comes in while an append is on its way, on a slow machine too; what waits behind appends that fall back grows past it. */
const WAITING_MAX_EVENTS = 10 * TRADES_PER_SECOND;

/** What ingest says of itself, and of its ticks. */
async function ingestHealth({ ingest }: StoreFaultScene): Promise<[IngestHealth, ChannelHealth]> {
  const health = IngestHealth.parse(await (await fetch(`${ingest.base}/health/ingest`)).json());
  const tick = health.channels.find(({ stream }) => stream === "tick");
  assert(tick !== undefined);
  return [health, tick];
}

/** Failures of calls to Redis so far, of ingest and of the edges. */
async function failures(scene: StoreFaultScene): Promise<number[]> {
  const [{ store }] = await ingestHealth(scene);
  const bases = scene.edges.map(({ base }) => base);
  const names = ["tickcast_pull_failures_total", "tickcast_store_failures_total"];
  return [store.failures, ...await Promise.all(names.map((name) => metricTotal(bases, name)))];
}

/** Resolves when so many ticks' appends more have been answered. */
async function untilAppends(scene: StoreFaultScene, count: number): Promise<void> {
  const appends = async () =>
    (await ingestHealth(scene))[1].lists.reduce((sum, list) => sum + list.appends, 0);
  const before = await appends();
  await until(async () => await appends() >= before + count, `${count} appends`, WITHIN_MS);
}

async function assertHealthy(scene: StoreFaultScene): Promise<void> {
  const [{ store }, tick] = await ingestHealth(scene);
  assert(store.up);
  assert((tick.appendLagMs ?? 0) >= LATENCY_MS, `the wire is slow: ${tick.appendLagMs} ms to append`);
  assert(tick.queueDepth < WAITING_MAX_EVENTS, `${tick.queueDepth} events wait`);
  assertEquals([tick.dropped, tick.gapsByCause, tick.lists.map(({ paceMs }) => paceMs)], [{}, {}, [PULL_MS]]);
  for (const { base } of scene.edges) {
    const response = await fetch(`${base}/health/streams/tick`);
    assertEquals([response.status, (await response.json()).state], [200, "live"]);
  }
}

Deno.test({
  name:
    `a Redis half a second away: every event comes once and in order, streams stay live, nothing piles up${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    await using scene = await storeFaultScene("wire", TRADES_PER_SECOND);
    const { wire, clients, flows, lawful, start, follow } = scene;
    assert(wire !== undefined);
    const before = await failures(scene);
    wire.latencyMs = LATENCY_MS;
    await untilAppends(scene, SLOW_APPENDS);
    await assertHealthy(scene);
    // One that starts over such a wire serves too.
    const fresh = await start("edge");
    const late = follow([{ base: fresh.base, transport: "ws" }]);
    await flows([...clients, late]);
    wire.latencyMs = 0;
    await flows([...clients, late]);
    lawful();
    lawful([late]);
    for (const { name, told, losses } of [...clients, late]) {
      assertEquals([told.causes, losses], [[], 0], name);
    }
    const after = await failures(scene);
    const more = after.map((count, n) => count - (before[n] ?? 0));
    assert(more.every((count) => count <= FAILURES_MAX), `failures of ingest, pulls and edges: ${more}`);
  },
});
