/**
 * A Prometheus histogram whose buckets were counted by another process. The client library only knows how to observe
 * values one by one, so what it exposes is replaced; names, registry and text form stay its own.
 */
import { Histogram, type Registry } from "prom-client";
import { type ChannelHealth, LAG_BOUNDS_MS, type LagCounts } from "../../feed/health.ts";

/** One series: its labels and what was counted. */
export type ReportedSeries = readonly [labels: Readonly<Record<string, string>>, counted: LagCounts];

/** How one is made. */
export interface ReportedHistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly registry: Registry;
  /** Called at each scrape. */
  readonly read: () => Iterable<ReportedSeries>;
}

/** See the file's own description. Bounds and sums are exposed in seconds. */
export class ReportedHistogram extends Histogram {
  readonly #options: ReportedHistogramOptions;

  constructor(options: ReportedHistogramOptions) {
    const { name, help, labels, registry } = options;
    const buckets = LAG_BOUNDS_MS.map((ms) => ms / 1000);
    super({ name, help, labelNames: [...labels], buckets, registers: [registry] });
    this.#options = options;
  }

  /** Where the client library's own histogram turns what it counted into lines; `get` comes by here too. */
  getForPromString() {
    const { name, help, read } = this.#options;
    const values = [...read()].flatMap((series) => exposedValues(name, series));
    return Promise.resolve({ name, help, type: "histogram", aggregator: "max", values });
  }
}

function exposedValues(name: string, [labels, { counts, sumMs }]: ReportedSeries) {
  let total = 0;
  const buckets = counts.map((count, at) => {
    const bound = LAG_BOUNDS_MS[at];
    total += count;
    const le = bound === undefined ? "+Inf" : bound / 1000;
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sumMs / 1000 },
    { metricName: `${name}_count`, labels, value: total },
  ];
}

/** The series of ingest's hops: exchange → ingest (`received`), ingest → Redis (`appended`). */
export function* lagSeries(channels: readonly ChannelHealth[]): Iterable<ReportedSeries> {
  for (const { stream, lags } of channels) {
    if (lags === undefined) continue;
    yield [{ stream, hop: "received" }, lags.received];
    yield [{ stream, hop: "appended" }, lags.appended];
  }
}
