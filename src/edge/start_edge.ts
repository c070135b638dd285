/**
 * An edge instance: stateless handlers over the lists. {@link startEdge} wires the parts and says how they end; everything it
 * runs is stopped by {@link Edge.drain}.
 */
import type { Clock, Random } from "../feed/clock.ts";
import type { Log } from "../feed/log.ts";
import type { EdgeSettings, Settings } from "../feed/settings/settings.ts";
import type { FeedStore } from "../feed/store.ts";
import { STREAMS, type StreamTable } from "../feed/stream.ts";
import { edgeApp, type Pages } from "./app.ts";
import { createAccess } from "./auth_gate.ts";
import { drainEdge } from "./drain.ts";
import type { EdgeCore } from "./edge_core.ts";
import { EdgeCounters } from "./edge_counters.ts";
import { FeedSet } from "./feed_set.ts";
import { FlushSchedule } from "./flush_schedule.ts";
import type { EdgeFacts, EdgePhase } from "./health_facts.ts";
import { type Operational, operational } from "./operational_routes.ts";
import { isMassivePath, MassiveDoor } from "./massive_door.ts";
import { PlanReader } from "./plan_reader.ts";
import type { AccessGate } from "./principal.ts";
import { RingBudget } from "./ring_budget.ts";
import { routePath } from "./route_path.ts";
import { SessionHub } from "./session_hub.ts";
import { allClients } from "./stats_report.ts";
import { ticketRoutes } from "./ticket_routes.ts";
import { upgrade } from "./websocket_transport.ts";
import { admitSocket, refusal } from "./ws_door.ts";

/** What an edge is started with. */
export interface EdgeOptions {
  readonly settings: Pick<Settings, "edge">;
  readonly store: FeedStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Unique among the instances of a deployment. */
  readonly edgeId: string;
  readonly version: string;
  /** Served as they are, by path (`/`, `/status`, `/client.js`). */
  readonly pages: Pages;
  /** The product's own table when left out. */
  readonly streams?: StreamTable;
  /** Instead of the gate that the settings say. */
  readonly gate?: AccessGate;
  /** Resident memory of the process, bytes; 0 when left out. */
  readonly memoryBytes?: () => number;
}

/** A running edge. */
export interface Edge {
  readonly core: EdgeCore;
  readonly hub: SessionHub;
  readonly facts: EdgeFacts;
  readonly counters: EdgeCounters;
  readonly operational: Operational;
  /** Answers any request; never rejects. `info` is Deno.serve's. */
  fetch(request: Request, info?: Deno.ServeHandlerInfo): Response | Promise<Response>;
  /** Listens with Deno's own server. Port 0 takes a free one. */
  serve(hostname: string, port: number): Served;
  /** Tells every client to go elsewhere, closes everything and frees all; within 5 s. Any number of times. */
  drain(): Promise<void>;
}

/** A listening server. */
export interface Served {
  readonly port: number;
  readonly finished: Promise<void>;
}

/** Starts an edge. Nothing is read before the first client comes. */
export function startEdge(options: EdgeOptions): Edge {
  const { settings: { edge: settings }, store, clock, log, edgeId, version } = options;
  const streams = options.streams ?? STREAMS;
  const logger = log;
  const counters = new EdgeCounters(clock);
  const stop = new AbortController();
  const access = createAccess(settings, { store, clock });
  const schedule = new FlushSchedule(clock, counters);
  const plan = new PlanReader(store, clock, logger);
  const feeds = makeFeeds(options, streams, counters, schedule, plan);
  let phase: EdgePhase = "serving";
  const facts: EdgeFacts = {
    edgeId,
    startedAt: clock.now(),
    version,
    phase: () => phase,
    lists: () => [...feeds.all()].flatMap((feed) => feed.facts()),
  };
  const core: EdgeCore = {
    edgeId,
    settings,
    clock,
    random: options.random,
    log: logger,
    counters,
    feeds,
    plan,
    schedule,
    gate: options.gate ?? access.gate,
    slowLimits: slowLimits(settings),
    stopped: stop.signal,
    states: () => Object.fromEntries(operations.health.states()),
  };
  const hub = new SessionHub(core);
  const massive = new MassiveDoor(core);
  const operations = operational({
    settings,
    store,
    clock,
    log: logger,
    streams,
    facts,
    counters,
    clients: allClients(hub, massive),
    memoryBytes: options.memoryBytes ?? (() => 0),
  });
  const tickets = ticketRoutes({ ...access, allowedOrigins: settings.allowedOrigins });
  const app = edgeApp(core, hub, [operations.routes, tickets], options.pages);
  const servers: Deno.HttpServer[] = [];
  const fetch = (request: Request, info?: Deno.ServeHandlerInfo) =>
    answer(core, hub, massive, app, request, info);
  if (!settings.wsEnabled) logger.warning("ws_disabled", { clients: "fall back to /sse, then /events" });
  operations.start();
  let drained: Promise<void> | undefined;
  return {
    core,
    hub,
    facts,
    counters,
    operational: operations,
    fetch,
    serve(hostname, port) {
      const server = Deno.serve({
        hostname,
        port,
        onListen: () => {},
        onError: () => refusal(core, undefined),
      }, fetch);
      servers.push(server);
      return { port: server.addr.port, finished: server.finished };
    },
    drain() {
      phase = "draining";
      return drained ??= drainEdge({ core, hub, massive, servers, operations, stop });
    },
  };
}

function answer(
  core: EdgeCore,
  hub: SessionHub,
  massive: MassiveDoor,
  app: ReturnType<typeof edgeApp>,
  request: Request,
  info: Deno.ServeHandlerInfo | undefined,
): Response | Promise<Response> {
  const url = new URL(request.url);
  if (isMassivePath(url.pathname)) return massive.open(request, url);
  const route = routePath(url.pathname);
  return route?.door === "ws" ? openSocket(core, hub, request, url, route.stream) : app.fetch(request, info);
}

async function openSocket(
  core: EdgeCore,
  hub: SessionHub,
  request: Request,
  url: URL,
  stream: string | undefined,
): Promise<Response> {
  const admitted = await admitSocket(core, hub, request, url, stream);
  if (admitted instanceof Response) return admitted;
  try {
    return upgrade(request, core, hub, admitted.principal, admitted.defaults);
  } catch (error) {
    return refusal(core, error);
  }
}

function makeFeeds(
  { settings, store, clock, random, log }: EdgeOptions,
  streams: StreamTable,
  counters: EdgeCounters,
  schedule: FlushSchedule,
  plan: PlanReader,
): FeedSet {
  return new FeedSet({
    streams,
    listCount: (stream) => plan.peek()?.streams[stream]?.lists ?? 1,
    store,
    clock,
    random,
    logger: log,
    counters,
    budget: new RingBudget(settings.edge.ringBytes),
    lingerMs: settings.edge.pullLingerMs,
    onNews: (feed) => schedule.mark(feed),
  });
}

const slowLimits = (settings: EdgeSettings) => ({
  softBytes: settings.clientMaxBufferedBytes / 2,
  hardBytes: settings.clientMaxBufferedBytes,
  maxFrames: settings.maxQueueFrames,
  timeoutMs: settings.slowConsumerTimeoutMs,
});
