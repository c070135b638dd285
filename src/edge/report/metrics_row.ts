/**
 * A metric as a row of a table: its name, what it means, and how its value is read off what the edge already counts.
 */
import type { StreamState } from "../../feed/health.ts";
import type { StoreUsage } from "../../feed/store.ts";
import type { EdgeCounters } from "../edge_counters.ts";
import type { EdgeFacts } from "./health_facts.ts";
import type { IngestNotes } from "./health_notes.ts";
import type { StreamReport } from "./health_report.ts";
import type { ClientFacts } from "./stats_report.ts";

/** Everything metrics are read from, at one scrape. */
export interface MetricSight {
  readonly counters: EdgeCounters;
  readonly clients: ClientFacts;
  readonly facts: EdgeFacts;
  readonly notes: IngestNotes;
  readonly streams: readonly StreamReport[];
  readonly states: ReadonlyMap<string, StreamState>;
  readonly usage: StoreUsage;
  /** Resident memory of the process, bytes. */
  readonly memoryBytes: number;
}

/** A value with the values of its row's labels, in their order. */
export type Sample = readonly [value: number, ...labels: string[]];

/** One metric. `symbol` is a label only where the operator asked for it. */
export interface MetricRow {
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge";
  readonly labels: readonly string[];
  readonly read: (sight: MetricSight) => Iterable<Sample>;
}

/** A row without labels. */
export const single = (
  kind: MetricRow["kind"],
  name: string,
  help: string,
  read: (sight: MetricSight) => number,
): MetricRow => ({ kind, name, help, labels: [], read: (sight) => [[read(sight)]] });

/** A row with one label, from a table. */
export const byLabel = (
  kind: MetricRow["kind"],
  name: string,
  help: string,
  label: string,
  read: (sight: MetricSight) => Iterable<readonly [label: string, value: number]>,
): MetricRow => ({
  kind,
  name,
  help,
  labels: [label],
  *read(sight) {
    for (const [text, value] of read(sight)) yield [value, text];
  },
});
