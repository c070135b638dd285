/** The parts of an edge instance, wired; nothing runs yet. */
import type { Clock, Random } from "../feed/clock.ts";
import type { Log } from "../feed/log.ts";
import type { EdgeSettings, Settings } from "../feed/settings/settings.ts";
import type { Tracing } from "../feed/tracing.ts";
import type { FeedStore } from "../feed/store.ts";
import { STREAMS, type StreamTable } from "../feed/stream.ts";
import { edgeApp, type Pages } from "./app.ts";
import { ClientEntry } from "./deliver/client_entry.ts";
import { ConnectionLimits } from "./admit/connection_limits.ts";
import { createAccess } from "./admit/auth_gate.ts";
import { AskMemo } from "./deliver/ask_memo.ts";
import { SnapshotShare } from "./deliver/snapshot_share.ts";
import { PollPace } from "./deliver/poll_pace.ts";
import type { EdgeCore } from "./edge_core.ts";
import { EdgeCounters } from "./edge_counters.ts";
import { EdgeDoors } from "./admit/edge_doors.ts";
import { TracedDoors } from "./admit/traced_doors.ts";
import { FeedSet } from "./pull/feed_set.ts";
import { FlushSchedule } from "./follow/flush_schedule.ts";
import type { EdgeFacts, EdgePhase } from "./report/health_facts.ts";
import { MassiveDoor } from "./massive/massive_door.ts";
import { type Operational, operational } from "./report/operational_routes.ts";
import { PlanReader } from "./pull/plan_reader.ts";
import type { AccessGate } from "./admit/principal.ts";
import { reseat } from "./deliver/reseat.ts";
import { RingBudget } from "./pull/ring_budget.ts";
import { SessionHub } from "./deliver/session_hub.ts";
import { SseDoor } from "./deliver/sse_door.ts";
import type { StreamFeed } from "./pull/stream_feed.ts";
import { allClients } from "./report/stats_report.ts";
import { ticketRoutes } from "./admit/ticket_routes.ts";

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
  /** Where somebody traces. */
  readonly tracing?: Tracing | undefined;
  /** Resident memory of the process, bytes; 0 when left out. */
  readonly memoryBytes?: () => number;
}

/** An instance's parts. */
export interface EdgeParts {
  readonly core: EdgeCore;
  readonly hub: SessionHub;
  readonly massive: MassiveDoor;
  readonly doors: EdgeDoors;
  readonly operations: Operational;
  readonly facts: EdgeFacts;
  /** Aborts everything that waits. */
  readonly stop: AbortController;
}

/** Where the phase is kept: set by whoever drains or sheds. */
export interface EdgeLife {
  phase: EdgePhase;
}

/** Wires them. */
export function wireEdge(options: EdgeOptions, life: EdgeLife): EdgeParts {
  const { settings: { edge: settings }, store, clock, log } = options;
  const streams = options.streams ?? STREAMS;
  const stop = new AbortController();
  const access = createAccess(settings, { store, clock });
  const delivery = makeDelivery(options, streams, (before, after) => reseat(core, before, after));
  const core: EdgeCore = {
    ...delivery,
    edgeId: options.edgeId,
    settings,
    clock,
    random: options.random,
    log,
    gate: options.gate ?? access.gate,
    pollPace: new PollPace(clock),
    snapshots: new SnapshotShare(),
    asks: new AskMemo(),
    slowLimits: slowLimits(settings),
    subjects: new ConnectionLimits(
      settings.maxConnectionsPerToken,
      "token",
      () => delivery.counters.limit("token"),
    ),
    stopped: stop.signal,
    pumpSnapshots: () => hub.pumpSoon(),
    states: () => Object.fromEntries(operations.health.states()),
  };
  const memoryBytes = options.memoryBytes ?? (() => 0);
  const entry = new ClientEntry(settings, clock, memoryBytes, core.counters);
  const hub = new SessionHub(core);
  const massive = new MassiveDoor(core);
  const facts: EdgeFacts = {
    edgeId: options.edgeId,
    startedAt: clock.now(),
    version: options.version,
    phase: () => life.phase === "serving" && entry.isShedding ? "shedding" : life.phase,
    lists: () => [...core.feeds.all()].flatMap((feed) => feed.facts()),
  };
  const operations = operational({
    settings,
    store,
    clock,
    log,
    streams,
    facts,
    counters: core.counters,
    clients: allClients(hub, massive),
    memoryBytes,
  });
  const tickets = ticketRoutes({ ...access, allowedOrigins: settings.allowedOrigins });
  const sse = new SseDoor(core, hub);
  const app = edgeApp(core, hub, [operations.routes, tickets], options.pages);
  const parts = { core, hub, massive, sse, app, entry };
  const doors = options.tracing === undefined
    ? new EdgeDoors(parts)
    : new TracedDoors(options.tracing, parts);
  return { core, hub, massive, doors, operations, facts, stop };
}

/** What brings events from lists to followers. */
function makeDelivery(
  { settings, store, clock, random, log }: EdgeOptions,
  streams: StreamTable,
  onReplaced: (before: StreamFeed, after: StreamFeed) => void,
): Pick<EdgeCore, "counters" | "schedule" | "plan" | "feeds"> {
  const counters = new EdgeCounters(clock);
  const schedule = new FlushSchedule(clock, counters);
  const plan = new PlanReader(store, clock, log, () => feeds.update());
  const feeds = new FeedSet({
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
    onReplaced,
  });
  return { counters, schedule, plan, feeds };
}

const slowLimits = (settings: EdgeSettings) => ({
  softBytes: settings.clientMaxBufferedBytes / 2,
  hardBytes: settings.clientMaxBufferedBytes,
  maxFrames: settings.maxQueueFrames,
  timeoutMs: settings.slowConsumerTimeoutMs,
});
