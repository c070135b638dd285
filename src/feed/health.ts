/**
 * What ingest publishes of itself (`tickcast:health:ingest`), for edges, pages and the doctor. Parsed with zod where it
 * is read: an edge may be of another release than its ingest.
 */
import { z } from "zod";

/** Lifecycle of an upstream connection as operators see it. */
export const CONNECTION_STATUSES = ["disconnected", "connecting", "connected", "error"] as const;

const Count = z.number().nonnegative();

/** Upper edges of the buckets that lags are counted in, ms; one more bucket takes what is above the last. */
export const LAG_BOUNDS_MS: readonly number[] = [
  1,
  2.5,
  5,
  10,
  25,
  50,
  100,
  250,
  500,
  1_000,
  2_500,
  5_000,
  15_000,
  60_000,
];

/** Lags since the start: how many fell into each bucket of {@link LAG_BOUNDS_MS} (not cumulated), and their sum, ms. */
export const LagCounts = z.object({ counts: z.array(Count).length(LAG_BOUNDS_MS.length + 1), sumMs: Count });

/** One upstream connection. */
export const ConnectionHealth = z.object({
  id: z.string(),
  name: z.string(),
  feed: z.enum(["realtime", "business"]),
  market: z.string(),
  status: z.enum(CONNECTION_STATUSES),
  /** In words a user can act on: what state, since when, why. */
  detail: z.string(),
  /** Whether the plan wants it up. */
  frequencies: z.array(z.string()),
  tickers: Count,
  /** The first few hundred of them, for the tickers route. */
  tickerSample: z.array(z.string()),
  messages: Count,
  events: Count,
  errors: Count,
  /** Events a second over the last while. */
  rate: Count,
  /** Exchange → ingest, ms, median of the last while; null before any. */
  latencyMs: z.number().nullable(),
  lastFrameAt: z.number().nullable(),
  connectedAt: z.number().nullable(),
  reconnects: Count,
});

/** One processing channel. */
export const ChannelHealth = z.object({
  stream: z.string(),
  /** `off` when not configured or stopped at run time. */
  state: z.enum(["on", "stopped", "failed", "off"]),
  processed: Count,
  failed: Count,
  dropped: z.record(z.string(), Count),
  repeats: Count,
  corrections: Count,
  meanMs: Count,
  p99Ms: Count,
  lastProcessedAt: z.number().nullable(),
  queueDepth: Count,
  /** Of the newest event. */
  lastEventT: z.number().nullable(),
  lastEventRx: z.number().nullable(),
  /** Events a second over the last while. */
  rate: Count,
  /** Event time → receipt, ms, median of the last while. */
  upstreamLagMs: z.number().nullable(),
  /** Receipt → appended, ms, p99 of the last while. */
  appendLagMs: z.number().nullable(),
  /** Both of every event since the start. A report of another release, with other buckets or none, has none here. */
  lags: z.object({ received: LagCounts, appended: LagCounts }).optional().catch(undefined),
  lists: z.array(
    z.object({ list: z.string(), head: z.string().nullable(), depth: Count, appends: Count, paceMs: Count }),
  ),
  /** The latest few. */
  gaps: z.array(z.object({ at: z.number(), lost: z.number().nullable(), cause: z.string() })),
  /** All of them since the start, by cause; earlier releases don't say. */
  gapsByCause: z.record(z.string(), Count).optional(),
});

/** The whole of it. */
export const IngestHealth = z.object({
  at: z.number(),
  instance: z.string(),
  version: z.string(),
  role: z.enum(["leader", "standby"]),
  simulated: z.boolean(),
  startedAt: z.number(),
  fence: z.number().nullable(),
  /** Why the plan fell back to one connection, or empty. */
  planFallback: z.string(),
  connections: z.array(ConnectionHealth),
  channels: z.array(ChannelHealth),
  dropsByReason: z.record(z.string(), Count),
  store: z.object({ commands: Count, requests: Count, failures: Count, up: z.boolean() }),
});

export type LagCounts = z.infer<typeof LagCounts>;
export type ConnectionHealth = z.infer<typeof ConnectionHealth>;
export type ChannelHealth = z.infer<typeof ChannelHealth>;
export type IngestHealth = z.infer<typeof IngestHealth>;

/** A stream split over more was published by nobody of ours (`TICK_LISTS` ends at 64). */
const LISTS_MAX = 1_000;

/** What ingest subscribes, published for edges (`tickcast:plan`). */
export const PublishedPlan = z.object({
  at: z.number(),
  /** By stream: the symbols (`["*"]` for all) and how many lists it is split over. Streams not in it are off. */
  streams: z.record(
    z.string(),
    z.object({ symbols: z.array(z.string()), lists: z.number().int().positive().max(LISTS_MAX) }),
  ),
  markets: z.array(z.string()),
  simulated: z.boolean(),
});
export type PublishedPlan = z.infer<typeof PublishedPlan>;

/** A stream's freshness. Connected is not fresh: only data makes `live`. */
export const STREAM_STATES = ["live", "quiet", "stale", "down", "closed", "off"] as const;
/** One of {@link STREAM_STATES}. */
export type StreamState = (typeof STREAM_STATES)[number];
