/**
 * Puts together what `/health/streams` says: each stream's state, and where its events are on the way from exchange
 * to client.
 */
import type { ChannelHealth, ConnectionHealth, IngestHealth, StreamState } from "../../feed/health.ts";
import { formatPosition } from "../../feed/cursor.ts";
import type { StreamSpec } from "../../feed/stream.ts";
import { streamOfList } from "../../feed/stream.ts";
import type { EdgeFacts, ListFacts } from "./health_facts.ts";
import type { IngestNotes } from "./health_notes.ts";
import {
  eventAgeMs,
  type IngestSays,
  judgeStream,
  type MarketSession,
  type StreamObservation,
  type StreamVerdict,
} from "./stream_state.ts";

/** What a market is doing at a Unix time in ms. */
export type SessionAt = (market: string, ms: number) => MarketSession;

/** Everything a report is made from, at one moment. */
export interface HealthSight {
  readonly now: number;
  readonly facts: EdgeFacts;
  readonly notes: IngestNotes;
  readonly sessionAt: SessionAt;
}

/**
 * One list in a report: `head` as ids are written, `depth` in Redis by ingest's last word, `held` in this instance's
 * ring.
 */
export interface ListReport {
  readonly list: string;
  readonly head: string | null;
  readonly depth: number | null;
  readonly held: number;
  readonly pull_ms: number | null;
}

/** One upstream connection in a report; no symbols, no hosts. */
export interface ConnectionReport {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly detail: string;
  readonly rate: number;
  readonly latency_ms: number | null;
}

/** One stream in `/health/streams`. Ages and lags in ms; null where nothing is known. */
export interface StreamReport {
  readonly stream: string;
  readonly state: StreamState;
  readonly detail: string;
  readonly last_event_at: number | null;
  readonly last_event_age_ms: number | null;
  /** Events a second. */
  readonly rate: number;
  readonly depth: number | null;
  readonly lists: readonly ListReport[];
  readonly lag_ms: {
    readonly exchange_to_ingest: number | null;
    readonly ingest_to_redis: number | null;
    readonly redis_to_edge: number | null;
  };
  readonly connections: readonly ConnectionReport[];
  readonly gaps: { readonly upstream: number; readonly edge: number; readonly last_at: number | null };
  readonly drops: Readonly<Record<string, number>>;
}

/** States by stream: what heartbeats carry. */
export function streamStates(
  sight: HealthSight,
  streams: Iterable<StreamSpec>,
): ReadonlyMap<string, StreamState> {
  return new Map([...judged(sight, streams)].map(([spec, { verdict }]) => [spec.name, verdict.state]));
}

/** The reports of all streams, in the table's order. */
export function streamReports(sight: HealthSight, streams: Iterable<StreamSpec>): readonly StreamReport[] {
  return [...judged(sight, streams)].map(([spec, one]) => reportStream(sight, spec, one));
}

interface Judged {
  readonly lists: readonly ListFacts[];
  readonly seen: StreamObservation;
  readonly verdict: StreamVerdict;
}

/**
 * Judges all streams. Data beats the calendar for its neighbours too: where one is live, no other is silent for a
 * closed market.
 */
function judged(sight: HealthSight, streams: Iterable<StreamSpec>): ReadonlyMap<StreamSpec, Judged> {
  const lists = listsByStream(sight.facts);
  const all = new Map([...streams].map((spec) => {
    const own = lists.get(spec.name) ?? [];
    const seen = observe(sight, spec, own);
    return [spec, { lists: own, seen, verdict: judgeStream(seen) }] as const;
  }));
  if (![...all.values()].some(({ verdict }) => verdict.state === "live")) return all;
  for (const [spec, { lists, seen, verdict }] of all) {
    if (verdict.state !== "closed") continue;
    all.set(spec, { lists, seen, verdict: judgeStream({ ...seen, session: "extended" }) });
  }
  return all;
}

function listsByStream(facts: EdgeFacts): ReadonlyMap<string, readonly ListFacts[]> {
  return Map.groupBy(facts.lists(), (one) => streamOfList(one.list));
}

const channelOf = (ingest: IngestHealth | undefined, stream: string): ChannelHealth | undefined =>
  ingest?.channels.find((one) => one.stream === stream);

/** Connections a stream's events come over; a derived one is fed by all of them. */
const connectionsOf = (ingest: IngestHealth, spec: StreamSpec): readonly ConnectionHealth[] =>
  spec.derived ? ingest.connections : ingest.connections.filter((one) => one.frequencies.includes(spec.name));

const newestOf = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
};

function observe(sight: HealthSight, spec: StreamSpec, lists: readonly ListFacts[]): StreamObservation {
  const { notes, now } = sight;
  const plan = notes.plan?.streams[spec.name];
  const failing = lists.map((one) => one.failingSince === undefined ? 0 : now - one.failingSince);
  return {
    stream: spec.name,
    now,
    planned: notes.plan === undefined ? undefined : plan !== undefined,
    plannedSymbols: plan === undefined ? 0 : plan.symbols.includes("*") ? Infinity : plan.symbols.length,
    session: widestSession(notes.plan?.markets ?? ["stocks"], sight),
    storeSilentMs: Math.max(notes.storeSilentMs, ...failing),
    edgeEventRx: newestOf(lists.map((one) => one.lastEventRx)),
    headMovedAt: newestOf(lists.map((one) => one.movedAt)),
    wanted: lists.some((one) => one.wanted),
    ingest: notes.ingest === undefined ? undefined : ingestSays(notes.ingest, notes.reportAgeMs, spec),
  };
}

function ingestSays(ingest: IngestHealth, reportAgeMs: number, spec: StreamSpec): IngestSays {
  const channel = channelOf(ingest, spec.name);
  const rx = channel?.lastEventRx ?? undefined;
  return {
    reportAgeMs,
    upForMs: Math.max(0, ingest.at - ingest.startedAt),
    channel: channel?.state,
    newest: rx === undefined ? undefined : { rx, ageMs: Math.max(0, ingest.at - rx) },
    connections: connectionsOf(ingest, spec).map((one) => ({
      status: one.status,
      frameAgeMs: one.lastFrameAt === null ? null : Math.max(0, ingest.at - one.lastFrameAt),
    })),
  };
}

function widestSession(markets: readonly string[], sight: HealthSight): MarketSession {
  const sessions = markets.map((market) => sight.sessionAt(market, sight.now));
  return sessions.includes("regular") ? "regular" : sessions.includes("extended") ? "extended" : "closed";
}

function reportStream(sight: HealthSight, spec: StreamSpec, one: Judged): StreamReport {
  const { lists, seen, verdict: { state, detail } } = one;
  const { ingest } = sight.notes;
  const channel = channelOf(ingest, spec.name);
  const reports = listReports(lists, channel);
  const age = eventAgeMs(seen);
  const depths = reports.map((one) => one.depth).filter((depth) => depth !== null);
  return {
    stream: spec.name,
    state,
    detail,
    last_event_at: newestOf([...lists.map((one) => one.lastEventT), channel?.lastEventT ?? undefined]) ??
      null,
    last_event_age_ms: age ?? null,
    rate: seen.wanted ? lists.reduce((sum, one) => sum + one.rate, 0) : channel?.rate ?? 0,
    depth: depths.length === 0 ? null : depths.reduce((sum, depth) => sum + depth, 0),
    lists: reports,
    lag_ms: lags(lists, channel),
    connections: ingest === undefined ? [] : connectionsOf(ingest, spec).map(connectionReport),
    gaps: {
      upstream: channel?.gaps.length ?? 0,
      edge: lists.reduce((sum, one) => sum + one.gaps, 0),
      last_at: newestOf(channel?.gaps.map((gap) => gap.at) ?? []) ?? null,
    },
    drops: channel?.dropped ?? {},
  };
}

function listReports(lists: readonly ListFacts[], channel: ChannelHealth | undefined): readonly ListReport[] {
  const names = new Set([...lists.map((one) => one.list), ...(channel?.lists ?? []).map((one) => one.list)]);
  return [...names].sort().map((list) => {
    const ours = lists.find((one) => one.list === list);
    const theirs = channel?.lists.find((one) => one.list === list);
    return {
      list,
      head: ours?.head ? formatPosition(ours.head) : theirs?.head ?? null,
      depth: theirs?.depth ?? null,
      held: ours?.ringEvents ?? 0,
      pull_ms: ours?.pullMs ?? null,
    };
  });
}

function lags(lists: readonly ListFacts[], channel: ChannelHealth | undefined): StreamReport["lag_ms"] {
  const toRedis = channel?.appendLagMs ?? null;
  const toEdge = newestOf(lists.map((one) => one.pullLagMs));
  return {
    exchange_to_ingest: channel?.upstreamLagMs ?? null,
    ingest_to_redis: toRedis,
    redis_to_edge: toEdge === undefined ? null : Math.max(0, toEdge - (toRedis ?? 0)),
  };
}

const connectionReport = (one: ConnectionHealth): ConnectionReport => ({
  id: one.id,
  name: one.name,
  status: one.status,
  detail: one.detail,
  rate: one.rate,
  latency_ms: one.latencyMs,
});
