/**
 * The operational HTTP side of an edge in one piece: health, statistics, metrics, cost, and the routes operators act with. Nothing
 * here is on the path of an event, and none of it waits for a store that hangs.
 */
import { Hono } from "hono";
import type { Clock } from "../feed/clock.ts";
import { describeError } from "../feed/error.ts";
import type { Log } from "../feed/log.ts";
import type { EdgeSettings } from "../feed/settings/settings.ts";
import type { FeedStore } from "../feed/store.ts";
import type { StreamTable } from "../feed/stream.ts";
import { ControlDesk } from "./admin_commands.ts";
import { adminGuard } from "./admin_guard.ts";
import { adminRoutes } from "./admin_routes.ts";
import type { EdgeCounters } from "./edge_counters.ts";
import type { EdgeFacts } from "./health_facts.ts";
import { healthRoutes } from "./health_routes.ts";
import type { SessionAt } from "./health_report.ts";
import { HealthService } from "./health_service.ts";
import { EdgeMetrics } from "./metrics_registry.ts";
import { answer, answerError } from "./operational_answer.ts";
import { type ClientFacts, statsReport } from "./stats_report.ts";

/** What the operational side needs of the edge it describes. */
export interface OperationalDeps {
  readonly settings: Pick<EdgeSettings, "adminToken" | "privateStats" | "metricsBySymbol">;
  readonly store: FeedStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly streams: StreamTable;
  readonly facts: EdgeFacts;
  readonly counters: EdgeCounters;
  readonly clients: ClientFacts;
  readonly sessionAt: SessionAt;
  /** Resident memory of the process, bytes. */
  readonly memoryBytes: () => number;
  /** What this process may not do in the store, for `/health/streams`. */
  readonly restrictions?: () => readonly string[];
}

/** The running operational side. Dispose it with the edge. */
export interface Operational extends Disposable {
  /** To be mounted at the root. */
  readonly routes: Hono;
  /** Stream states for heartbeats and more. */
  readonly health: HealthService;
}

/** Builds it; nothing runs until a request comes. */
export function operational(deps: OperationalDeps): Operational {
  const { settings, store, clock, streams, facts, counters, clients } = deps;
  const health = new HealthService(deps);
  const guard = adminGuard(settings);
  const metrics = new EdgeMetrics({
    counters,
    bySymbol: settings.metricsBySymbol,
    look: async () => ({
      counters,
      clients,
      facts,
      notes: await health.readNotes(),
      streams: await health.reports(),
      states: health.states(),
      usage: store.usage(),
      memoryBytes: deps.memoryBytes(),
    }),
  });
  const routes = new Hono();
  routes.onError((error) => {
    deps.log.error("operational_route_failed", { error: describeError(error) });
    return answerError(error);
  });
  routes.route("/", healthRoutes(health, guard.mayRead));
  routes.get(
    "/ws/stats",
    (c) => guard.mayRead(c.req.raw) ?? answer(statsReport(counters, clients)),
  );
  routes.get("/metrics", async (c) => {
    const refusal = guard.mayRead(c.req.raw);
    if (refusal) return refusal;
    const headers = { "content-type": metrics.contentType, "cache-control": "no-store" };
    return new Response(await metrics.text(), { headers });
  });
  const desk = new ControlDesk({ store, clock, newId: () => crypto.randomUUID() });
  routes.route("/", adminRoutes({ health, desk, guard, streams }));
  return { routes, health, [Symbol.dispose]: () => health[Symbol.dispose]() };
}

/** The routes alone, for whoever needs no more. */
export const operationalRoutes = (deps: OperationalDeps): Hono => operational(deps).routes;
