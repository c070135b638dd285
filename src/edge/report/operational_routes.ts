/**
 * The operational HTTP side of an edge in one piece: health, statistics, metrics, cost, and the routes operators act
 * with. Nothing here is on the path of an event, and none of it waits for a store that hangs.
 */
import { Hono } from "hono";
import type { Clock } from "../../feed/clock.ts";
import { describeError } from "../../feed/error.ts";
import type { Log } from "../../feed/log.ts";
import type { EdgeSettings } from "../../feed/settings/settings.ts";
import type { FeedStore } from "../../feed/store.ts";
import type { StreamTable } from "../../feed/stream.ts";
import { BroadcastLog } from "../deliver/broadcast_log.ts";
import { ControlDesk } from "../admin/admin_commands.ts";
import { type AdminGuard, adminGuard } from "../admin/admin_guard.ts";
import { adminRoutes } from "../admin/admin_routes.ts";
import { costRoutes } from "./cost_routes.ts";
import type { EdgeCounters } from "../edge_counters.ts";
import type { EdgeFacts } from "./health_facts.ts";
import { healthRoutes } from "./health_routes.ts";
import { calendarSession } from "./health_calendar.ts";
import { EdgeNote } from "./health_edge_note.ts";
import { FleetReader } from "./health_fleet.ts";
import type { SessionAt } from "./health_report.ts";
import { HealthService } from "./health_service.ts";
import { EdgeMetrics } from "./metrics_registry.ts";
import { openapiRoutes } from "../openapi/openapi_routes.ts";
import { answer, answerError } from "./operational_answer.ts";
import { securityHeaders } from "../admit/security_headers.ts";
import { type ClientFacts, freshStats } from "./stats_report.ts";

/** What the operational side needs of the edge it describes. */
export interface OperationalDeps {
  readonly settings: Pick<EdgeSettings, "adminToken" | "adminPort" | "privateStats" | "metricsBySymbol">;
  readonly store: FeedStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly streams: StreamTable;
  readonly facts: EdgeFacts;
  readonly counters: EdgeCounters;
  readonly clients: ClientFacts;
  /** The market calendar when left out. */
  readonly sessionAt?: SessionAt;
  /** Resident memory of the process, bytes. */
  readonly memoryBytes: () => number;
}

/** The running operational side. Dispose it with the edge. */
export interface Operational extends AsyncDisposable {
  /** To be mounted at the root of what clients see. */
  readonly routes: Hono;
  /** Everything, for a port of its own; the same as `routes` where `ADMIN_PORT` is not set. */
  readonly adminRoutes: Hono;
  /** Stream states for heartbeats and more. */
  readonly health: HealthService;
  /** Begins to publish this instance's own note. */
  start(): void;
}

/** Builds it; nothing runs until a request comes or {@link Operational.start} is called. */
export function operational(deps: OperationalDeps): Operational {
  const note = new EdgeNote(deps);
  const health = new HealthService({
    ...deps,
    sessionAt: deps.sessionAt ?? calendarSession,
    restrictions: () =>
      note.isRefused ? ["the store takes no writes: control, tickets and the edge's note are off"] : [],
  });
  const fleet = new FleetReader({ ...deps, self: () => note.content() });
  const guard = adminGuard(deps.settings);
  const open = () => openRoutes(deps, health, fleet, guard);
  const all = open();
  addStatistics(all, deps, health, guard);
  return {
    routes: deps.settings.adminPort === undefined ? all : open(),
    adminRoutes: all,
    health,
    start: () => note.start(),
    async [Symbol.asyncDispose]() {
      health[Symbol.dispose]();
      fleet[Symbol.dispose]();
      await note[Symbol.asyncDispose]();
    },
  };
}

/** What stands on every port. */
function openRoutes(
  { log, facts }: OperationalDeps,
  health: HealthService,
  fleet: FleetReader,
  guard: AdminGuard,
): Hono {
  const routes = new Hono();
  routes.use(securityHeaders());
  routes.onError((error) => {
    log.error("operational_route_failed", { error: describeError(error) });
    return answerError(error);
  });
  routes.route("/", healthRoutes(health, guard.mayRead));
  routes.get("/health/edges", async (c) => guard.mayRead(c.req.raw) ?? answer(await fleet.read()));
  routes.route("/", openapiRoutes(facts.version));
  return routes;
}

/** Statistics, metrics, cost and what operators do. */
function addStatistics(routes: Hono, deps: OperationalDeps, health: HealthService, guard: AdminGuard): void {
  const { store, clock, streams, facts, counters, clients } = deps;
  const { mayRead } = guard;
  const stats = freshStats(counters, clients, clock);
  const metrics = makeMetrics(deps, health);
  const desk = new ControlDesk({ store, clock, newId: () => crypto.randomUUID() });
  routes.get("/ws/stats", (c) => mayRead(c.req.raw) ?? answer(stats()));
  routes.get("/metrics", async (c) => mayRead(c.req.raw) ?? await scrape(metrics));
  routes.route("/", costRoutes({ health, store, clock, facts, mayRead }));
  routes.route("/", adminRoutes({ health, desk, guard, streams }));
}

function makeMetrics(deps: OperationalDeps, health: HealthService): EdgeMetrics {
  const { settings, store, clock, log, facts, counters, clients, memoryBytes } = deps;
  const broadcasts = new BroadcastLog(log, clock, counters);
  return new EdgeMetrics({
    counters,
    onBroadcast: (stream, seconds) => broadcasts.note(stream, seconds),
    bySymbol: settings.metricsBySymbol,
    look: async () => ({
      counters,
      clients,
      facts,
      notes: await health.readNotes(),
      streams: await health.reports(),
      states: health.states(),
      usage: store.usage(),
      memoryBytes: memoryBytes(),
    }),
  });
}

async function scrape(metrics: EdgeMetrics): Promise<Response> {
  const headers = { "content-type": metrics.contentType, "cache-control": "no-store" };
  return new Response(await metrics.text(), { headers });
}

/** The routes alone, for whoever needs no more. */
export const operationalRoutes = (deps: OperationalDeps): Hono => operational(deps).routes;
