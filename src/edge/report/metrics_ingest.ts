/**
 * Metrics of ingest as it reported itself: every edge shows the same, so aggregate them over instances with `max`.
 */
import type { ChannelHealth, ConnectionHealth } from "../../feed/health.ts";
import type { MetricRow, MetricSight, Sample } from "./metrics_row.ts";

const ofIngest = (
  kind: MetricRow["kind"],
  name: string,
  help: string,
  read: (ingest: NonNullable<MetricSight["notes"]["ingest"]>, sight: MetricSight) => number,
): MetricRow => ({
  kind,
  name,
  help,
  labels: [],
  *read(sight) {
    if (sight.notes.ingest) yield [read(sight.notes.ingest, sight)];
  },
});

/** One value per upstream connection; null leaves it out. */
const perConnection = (
  kind: MetricRow["kind"],
  name: string,
  help: string,
  read: (one: ConnectionHealth) => number | null,
): MetricRow => ({
  kind,
  name: `tickcast_upstream_${name}`,
  help,
  labels: ["connection"],
  *read({ notes }) {
    for (const one of notes.ingest?.connections ?? []) {
      const value = read(one);
      if (value !== null) yield [value, one.id];
    }
  },
});

/** One value per channel; null leaves it out. */
const perChannel = (
  kind: MetricRow["kind"],
  name: string,
  help: string,
  read: (one: ChannelHealth) => number | null,
): MetricRow => ({
  kind,
  name: `tickcast_channel_${name}`,
  help,
  labels: ["stream"],
  *read({ notes }) {
    for (const one of notes.ingest?.channels ?? []) {
      const value = read(one);
      if (value !== null) yield [value, one.stream];
    }
  },
});

const seconds = (ms: number | null): number | null => ms === null ? null : ms / 1000;

const CONNECTION_ROWS: readonly MetricRow[] = [
  perConnection(
    "gauge",
    "up",
    "1 while an upstream connection is connected.",
    (one) => one.status === "connected" ? 1 : 0,
  ),
  perConnection("counter", "messages_total", "Frames received.", (one) => one.messages),
  perConnection("counter", "events_total", "Events received.", (one) => one.events),
  perConnection("counter", "errors_total", "Errors of a connection.", (one) => one.errors),
  perConnection("counter", "reconnects_total", "Times a connection was made anew.", (one) => one.reconnects),
  perConnection("gauge", "rate", "Events a second.", (one) => one.rate),
  perConnection("gauge", "tickers", "Symbols a connection carries.", (one) => one.tickers),
  perConnection(
    "gauge",
    "latency_seconds",
    "Exchange to ingest, median of the last while.",
    (one) => seconds(one.latencyMs),
  ),
];

const CHANNEL_ROWS: readonly MetricRow[] = [
  perChannel("gauge", "on", "1 while a stream's channel runs.", (one) => one.state === "on" ? 1 : 0),
  perChannel("counter", "processed_total", "Events processed.", (one) => one.processed),
  perChannel("counter", "failed_total", "Events a channel failed on.", (one) => one.failed),
  perChannel("counter", "repeats_total", "Repeats dropped.", (one) => one.repeats),
  perChannel("counter", "corrections_total", "Corrections of bars forwarded.", (one) => one.corrections),
  perChannel("gauge", "queue_depth", "Events waiting in a channel.", (one) => one.queueDepth),
  perChannel("gauge", "rate", "Events a second.", (one) => one.rate),
  perChannel(
    "gauge",
    "processing_mean_seconds",
    "Mean processing time of an event.",
    (one) => one.meanMs / 1000,
  ),
  perChannel(
    "gauge",
    "processing_p99_seconds",
    "99th percentile of an event's processing time.",
    (one) => one.p99Ms / 1000,
  ),
  perChannel(
    "gauge",
    "last_processed_timestamp_seconds",
    "Unix time of the last processed event.",
    (one) => seconds(one.lastProcessedAt),
  ),
  perChannel(
    "gauge",
    "upstream_lag_seconds",
    "Event time to receipt, median of the last while.",
    (one) => seconds(one.upstreamLagMs),
  ),
  perChannel(
    "gauge",
    "append_lag_seconds",
    "Receipt to appended, 99th percentile of the last while.",
    (one) => seconds(one.appendLagMs),
  ),
  {
    kind: "counter",
    name: "tickcast_channel_dropped_total",
    help: "Events a channel dropped, by reason.",
    labels: ["stream", "reason"],
    *read({ notes }) {
      for (const { stream, dropped } of notes.ingest?.channels ?? []) {
        for (const [reason, count] of Object.entries(dropped)) yield [count, stream, reason] satisfies Sample;
      }
    },
  },
  {
    kind: "counter",
    name: "tickcast_channel_gaps_total",
    help: "Gap events a channel wrote into its lists, by cause.",
    labels: ["stream", "cause"],
    *read({ notes }) {
      for (const { stream, gapsByCause } of notes.ingest?.channels ?? []) {
        for (const [cause, count] of Object.entries(gapsByCause ?? {})) {
          yield [count, stream, cause] satisfies Sample;
        }
      }
    },
  },
  {
    kind: "counter",
    name: "tickcast_list_appends_total",
    help: "Appends to a list.",
    labels: ["list"],
    *read({ notes }) {
      for (const { lists } of notes.ingest?.channels ?? []) {
        for (const { list, appends } of lists) yield [appends, list] satisfies Sample;
      }
    },
  },
];

/** Every metric of ingest. */
export const INGEST_ROWS: readonly MetricRow[] = [
  {
    kind: "gauge",
    name: "tickcast_ingest_report_age_seconds",
    help: "How old ingest's last report is; absent before any.",
    labels: [],
    *read({ notes }) {
      if (notes.ingest) yield [notes.reportAgeMs / 1000] satisfies Sample;
    },
  },
  ofIngest(
    "gauge",
    "tickcast_ingest_store_up",
    "1 while ingest reaches the store.",
    (one) => one.store.up ? 1 : 0,
  ),
  ofIngest(
    "counter",
    "tickcast_ingest_store_commands_total",
    "Commands of ingest to the store, as Upstash bills them.",
    (one) => one.store.commands,
  ),
  ofIngest(
    "counter",
    "tickcast_ingest_store_failures_total",
    "Requests of ingest that failed.",
    (one) => one.store.failures,
  ),
  ofIngest(
    "gauge",
    "tickcast_ingest_plan_fallback",
    "1 while one connection stands in for several.",
    (one) => one.planFallback === "" ? 0 : 1,
  ),
  {
    kind: "counter",
    name: "tickcast_ingest_drops_total",
    help: "Upstream data that could not be used, by reason.",
    labels: ["reason"],
    *read({ notes }) {
      for (const [reason, count] of Object.entries(notes.ingest?.dropsByReason ?? {})) {
        yield [count, reason] satisfies Sample;
      }
    },
  },
  ...CONNECTION_ROWS,
  ...CHANNEL_ROWS,
];
