/** Builders of what ingest publishes of itself, valid as they stand. */
import {
  type ChannelHealth,
  type ConnectionHealth,
  type IngestHealth,
  LAG_BOUNDS_MS,
  type LagCounts,
  type PublishedPlan,
} from "../../src/feed/health.ts";
import { A_MONDAY } from "./event_factory.ts";

/** So many lags of the same length. */
export function someLags(ms: number, times: number): LagCounts {
  const counts = Array.from({ length: LAG_BOUNDS_MS.length + 1 }, () => 0);
  const at = LAG_BOUNDS_MS.findIndex((bound) => ms <= bound);
  counts[at < 0 ? LAG_BOUNDS_MS.length : at] = times;
  return { counts, sumMs: ms * times };
}

export const aConnection = (over: Partial<ConnectionHealth> = {}): ConnectionHealth => ({
  id: "connection_1",
  name: "primary",
  feed: "realtime",
  market: "stocks",
  status: "connected",
  detail: "connected for 10 min",
  frequencies: ["tick"],
  tickers: 2,
  tickerSample: ["AAPL", "MSFT"],
  messages: 1000,
  events: 5000,
  errors: 1,
  rate: 12.5,
  latencyMs: 18,
  lastFrameAt: A_MONDAY,
  connectedAt: A_MONDAY - 600_000,
  reconnects: 0,
  ...over,
});

export const aChannel = (over: Partial<ChannelHealth> = {}): ChannelHealth => ({
  stream: "tick",
  state: "on",
  processed: 5000,
  failed: 0,
  dropped: { overflow: 2 },
  repeats: 3,
  corrections: 1,
  meanMs: 0.1,
  p99Ms: 1.5,
  lastProcessedAt: A_MONDAY,
  queueDepth: 0,
  lastEventT: A_MONDAY - 20,
  lastEventRx: A_MONDAY,
  rate: 12.5,
  upstreamLagMs: 20,
  appendLagMs: 30,
  lists: [{ list: "tick", head: "k3f9a0b1-5000", depth: 1000, appends: 400, paceMs: 250 }],
  lags: { received: someLags(18, 4_000), appended: someLags(30, 4_000) },
  gaps: [],
  gapsByCause: { overflow: 1 },
  ...over,
});

export const anIngestHealth = (over: Partial<IngestHealth> = {}): IngestHealth => ({
  at: A_MONDAY,
  instance: "ingest-1",
  version: "1.0.0",
  role: "leader",
  simulated: false,
  startedAt: A_MONDAY - 600_000,
  fence: 7,
  planFallback: "",
  connections: [aConnection()],
  channels: [aChannel()],
  dropsByReason: { not_json: 1 },
  store: { commands: 1000, requests: 500, failures: 0, up: true },
  ...over,
});

export const aPlan = (over: Partial<PublishedPlan> = {}): PublishedPlan => ({
  at: A_MONDAY,
  streams: { tick: { symbols: ["*"], lists: 1 }, signal: { symbols: ["*"], lists: 1 } },
  markets: ["stocks"],
  simulated: false,
  ...over,
});
