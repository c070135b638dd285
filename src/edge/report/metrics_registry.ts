/**
 * `/metrics` in Prometheus's text form. Values are read off the edge's own counters at each scrape, so the hot path
 * pays nothing twice; only durations are observed as they happen, once per flush and pull, never per client.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { LAG_BOUNDS_MS } from "../../feed/health.ts";
import type { EdgeCounters } from "../edge_counters.ts";
import { EDGE_ROWS, SYMBOL_ROWS } from "./metrics_edge.ts";
import { INGEST_ROWS } from "./metrics_ingest.ts";
import { STATS_SYMBOLS_MAX } from "./stats_report.ts";
import type { MetricRow, MetricSight } from "./metrics_row.ts";
import { lagSeries, ReportedHistogram } from "./reported_histogram.ts";

/** How a registry is made. */
export interface MetricOptions {
  readonly counters: EdgeCounters;
  /** `METRICS_BY_SYMBOL` */
  readonly bySymbol: boolean;
  /** Told of every flush beside. */
  readonly onBroadcast: (stream: string, seconds: number) => void;
  /** Gathers what a scrape shows. */
  readonly look: () => Promise<MetricSight>;
}

/** Seconds a flush takes: from a frame for a few clients to thousands of writes. */
const BROADCAST_BUCKETS_S = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
/** Seconds an event is on its way: the buckets ingest counts its own hops in. */
const LAG_BUCKETS_S = LAG_BOUNDS_MS.map((ms) => ms / 1000);

/** One instance's metrics; nothing is global, so two edges in a process don't mix. */
export class EdgeMetrics {
  readonly #registry = new Registry();
  readonly #look: MetricOptions["look"];
  #sight: MetricSight | undefined;

  constructor(options: MetricOptions) {
    this.#look = options.look;
    const rows = [...EDGE_ROWS, ...INGEST_ROWS, ...(options.bySymbol ? SYMBOL_ROWS : [])];
    for (const row of rows) this.#addRow(row);
    this.#observe(options);
    new ReportedHistogram({
      name: "tickcast_ingest_lag_seconds",
      help: "Exchange to receipt by ingest, and receipt to standing in its list, of every event.",
      labels: ["stream", "hop"],
      registry: this.#registry,
      read: () => lagSeries(this.#sight?.notes.ingest?.channels ?? []),
    });
  }

  /** The exposition's media type. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The exposition. */
  async text(): Promise<string> {
    this.#sight = await this.#look();
    return await this.#registry.metrics();
  }

  #addRow(row: MetricRow): void {
    // What comes out of ingest's report was written by another process: a value Prometheus can't take is left out.
    const read = () =>
      this.#sight ? [...row.read(this.#sight)].filter(([value]) => Number.isFinite(value) && value >= 0) : [];
    const options = {
      name: row.name,
      help: row.help,
      labelNames: [...row.labels],
      registers: [this.#registry],
    };
    const named = (labels: readonly string[]) =>
      Object.fromEntries(row.labels.map((label, n) => [label, labels[n] ?? ""]));
    if (row.kind === "gauge") {
      new Gauge({
        ...options,
        collect() {
          this.reset();
          // Without labels a reset leaves a zero behind, which is not what "unknown" means.
          if (row.labels.length === 0) this.remove();
          for (const [value, ...labels] of read()) this.set(named(labels), value);
        },
      });
      return;
    }
    new Counter({
      ...options,
      collect() {
        this.reset();
        if (row.labels.length === 0) this.remove();
        for (const [value, ...labels] of read()) this.inc(named(labels), value);
      },
    });
  }

  #observe({ counters, bySymbol, onBroadcast }: MetricOptions): void {
    const registers = [this.#registry];
    const broadcast = new Histogram({
      name: "ws_broadcast_duration_seconds",
      help: "One flush of a stream to all its due clients; by symbol, once for each symbol in it.",
      labelNames: bySymbol ? ["stream", "symbol"] : ["stream"],
      buckets: BROADCAST_BUCKETS_S,
      registers,
    });
    const lag = new Histogram({
      name: "tickcast_lag_seconds",
      help:
        "Receipt by ingest to pulled and to sent by this edge; pulled to sent (flushed). Of the newest event.",
      labelNames: ["stream", "hop"],
      buckets: LAG_BUCKETS_S,
      registers,
    });
    const { observers } = counters;
    observers.broadcast = (stream, seconds) => {
      onBroadcast(stream, seconds);
      if (!bySymbol) broadcast.observe({ stream }, seconds);
    };
    if (bySymbol) {
      const names = new BoundedNames(STATS_SYMBOLS_MAX);
      observers.broadcastOf = (stream, symbol, seconds) =>
        broadcast.observe({ stream, symbol: names.of(symbol) }, seconds);
    }
    observers.lag = (stream, hop, ms) => lag.observe({ stream, hop }, Math.max(0, ms) / 1000);
  }
}

/** The first so many names as they are, all others as one: what keeps a label from growing. */
class BoundedNames {
  readonly #known = new Set<string>();

  constructor(readonly limit: number) {}

  of(name: string): string {
    if (this.#known.has(name)) return name;
    if (this.#known.size >= this.limit) return "other";
    this.#known.add(name);
    return name;
  }
}
