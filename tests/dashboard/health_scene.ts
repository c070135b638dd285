/** What the health routes of a busy service answer, for pages to show: one stream stale, one connection refused. */
import type { FakeEdge } from "../client/fake_edge.ts";

const STREAMS = ["signal", "tick", "minute", "fmv", "heatmap"];
const STATES = ["quiet", "live", "live", "stale", "off"];

/** Sets every health answer of a fake edge. */
export function setHealth(edge: FakeEdge): void {
  edge.answers.set("/health/streams", {
    simulated: true,
    edge: "edge-7f3a",
    ingest: {
      instance: "ingest-91c2",
      role: "leader",
      version: "0.1.0",
      report_age_ms: 812,
      store_up: true,
      plan_fallback: "",
    },
    store: { transport: "tcp", silent_ms: 120 },
    streams: Object.fromEntries(STREAMS.map((stream, n) => [stream, streamHealth(stream, n)])),
  });
  edge.answers.set("/health/edges", {
    edge: "edge-7f3a",
    read_age_ms: 1_200,
    truncated: false,
    edges: [anEdge("edge-7f3a", 128, 0), anEdge("edge-a04c", 131, 12_000, "draining")],
  });
  edge.answers.set("/ws/stats", { active_connections: 128, messages_sent_1m: 91_234, slow_consumers: 1 });
  edge.answers.set("/api/websocket/connections", {
    total_connections: 2,
    connected: 1,
    total_tickers: 180,
    total_errors: 2,
    connections: {
      connection_1: {
        name: "primary",
        status: "connected",
        tickers: 180,
        messages: 88_211,
        errors: 0,
        rate: 512.2,
        latency_ms: 38,
        detail: "streaming",
      },
      connection_2: {
        name: "fair value",
        status: "error",
        tickers: 0,
        messages: 0,
        errors: 2,
        rate: 0,
        latency_ms: null,
        detail: "not entitled",
      },
    },
  });
  edge.answers.set("/api/websocket/rebalance", {
    moved: [{ ticker: "AAPL", from: "connection_1", to: "connection_2" }],
  });
  edge.answers.set("/api/cost", {
    transport: "tcp",
    prices_as_of: "2026-08",
    measured: { this_process: { commands_per_month: 7_800_000 }, ingest: { commands_per_month: 5_200_000 } },
    estimate: {
      commands_per_month: { pulls: 52_000_000, appends: 31_000_000, upkeep: 6_100_000, total: 89_100_000 },
      price: { pay_as_you_go_usd: 178.2, fixed_usd: 10, fits_free: false, cheapest: "fixed" },
    },
  });
}

const anEdge = (edge: string, clients: number, ageMs: number, phase = "serving") => ({
  edge,
  version: "0.1.0",
  phase,
  uptime_s: 5422,
  active_connections: clients,
  messages_sent_1m: clients * 713,
  slow_closed: 0,
  lists: ["tick", "minute"],
  age_ms: ageMs,
});

const streamHealth = (stream: string, n: number) => ({
  stream,
  state: STATES[n],
  detail: stream === "fmv" ? "no event for 31 s though the session is open" : "",
  rate: [0.4, 812, 6.6, 0, 0][n],
  last_event_age_ms: [21_000, 120, 4_100, 31_000, null][n],
  depth: [312, 1000, 1000, 1000, null][n],
  lists: [{ list: stream, head: "k0000001-1", held: 1000, pull_ms: 250 }],
  lag_ms: {
    exchange_to_ingest: [0, 41, 980, 22, null][n],
    ingest_to_redis: [8, 9, 14, 30, null][n],
    redis_to_edge: [90, 120, 133, 124, null][n],
  },
  gaps: { upstream: stream === "tick" ? 2 : 0, edge: 0, last_at: null },
  drops: stream === "tick" ? { overflow: 120 } : {},
});
