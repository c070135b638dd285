/** An edge's operational side over a memory store and a still clock, with facts a test can set. */
import { EdgeCounters } from "../../src/edge/edge_counters.ts";
import { type EdgeFacts, factsWithoutEdge, type ListFacts } from "../../src/edge/report/health_facts.ts";
import { operational } from "../../src/edge/report/operational_routes.ts";
import { type ClientFacts, noClients } from "../../src/edge/report/stats_report.ts";
import type { MarketSession } from "../../src/edge/report/stream_state.ts";
import type { IngestHealth, PublishedPlan } from "../../src/feed/health.ts";
import { silentLog } from "../../src/feed/log.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { STREAMS } from "../../src/feed/stream.ts";
import { createMemoryStore } from "../../src/store/memory/memory_store.ts";
import { A_MONDAY } from "./event_factory.ts";
import { ManualClock } from "./manual_clock.ts";

/** An admin token of the length settings ask for. */
export const ADMIN_TOKEN = "an-admin-token-of-length";

/** What a test may state; the rest is plausible. */
export interface OperationalScene {
  readonly ingest?: IngestHealth;
  readonly plan?: PublishedPlan;
  readonly lists?: readonly ListFacts[];
  readonly clients?: ClientFacts;
  readonly session?: MarketSession;
  readonly adminToken?: string | undefined;
  readonly adminPort?: number;
  readonly privateStats?: boolean;
  readonly metricsBySymbol?: boolean;
}

/** Builds it. */
export async function anOperationalSide(scene: OperationalScene = {}) {
  const clock = new ManualClock(A_MONDAY);
  const store: FeedStore = createMemoryStore(clock);
  if (scene.ingest) await store.writeNote("health:ingest", JSON.stringify(scene.ingest), undefined);
  if (scene.plan) await store.writeNote("plan", JSON.stringify(scene.plan), undefined);
  const facts: EdgeFacts = {
    ...factsWithoutEdge("edge-1", A_MONDAY, "1.0.0"),
    lists: () => scene.lists ?? [],
  };
  const counters = new EdgeCounters(clock);
  const side = operational({
    settings: {
      adminToken: "adminToken" in scene ? scene.adminToken : ADMIN_TOKEN,
      adminPort: scene.adminPort,
      privateStats: scene.privateStats ?? false,
      metricsBySymbol: scene.metricsBySymbol ?? false,
    },
    store,
    clock,
    log: silentLog,
    streams: STREAMS,
    facts,
    counters,
    clients: scene.clients ?? noClients,
    sessionAt: () => scene.session ?? "regular",
    memoryBytes: () => 123_000_000,
  });
  const request = (method: string, path: string, options: { token?: string; body?: unknown } = {}) =>
    Promise.resolve(side.routes.request(path, {
      method,
      headers: options.token === undefined ? {} : { authorization: `Bearer ${options.token}` },
      ...options.body === undefined
        ? {}
        : { body: typeof options.body === "string" ? options.body : JSON.stringify(options.body) },
    }));
  return { clock, store, counters, side, request, [Symbol.dispose]: () => side.health[Symbol.dispose]() };
}
