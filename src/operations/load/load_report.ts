/** What a run came to: figures, thresholds and the verdict, as data and as a table. */
import { type CoursePoint, durationsOf, type LoadFigures } from "./load_figures.ts";
import type { DurationSummary } from "./duration_histogram.ts";
import type { LoadPlan } from "./load_arguments.ts";
import type { ServerWatch } from "./server_watch.ts";
import type { Silence } from "./silence.ts";

/** One thing that had to hold. */
export interface Threshold {
  readonly name: string;
  readonly limit: string;
  /** Null: nothing was measured. */
  readonly value: number | null;
  readonly isMet: boolean;
}

/** Where a run was made. */
export interface Machine {
  readonly cores: number;
  readonly memoryBytes: number;
  readonly os: string;
  readonly deno: string;
}

/** See the file comment. */
export interface LoadReport {
  readonly startedAt: string;
  readonly seconds: number;
  readonly plan: Omit<LoadPlan, "tokenFile" | "jsonFile" | "htmlFile">;
  readonly machine: Machine;
  readonly thresholds: readonly Threshold[];
  readonly passed: boolean;
  /** Only of a run that saw no event: why. */
  readonly silence?: Silence | undefined;
  readonly totals: Readonly<Record<string, number>>;
  readonly byTransport: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly durations: Readonly<Record<string, DurationSummary>>;
  readonly toolLate: DurationSummary;
  readonly gapsTold: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  readonly warnings: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly malformed: Readonly<Record<string, number>>;
  readonly course: readonly CoursePoint[];
}

const GIB = 1024 ** 3;
/** The limits of row I3. */
export const LIMITS = {
  failedShare: 0.01,
  p95Ms: 500,
  p99Ms: 1000,
  memoryBytes: 2 * GIB,
  cpuPercent: 80,
} as const;

const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((all, one) => all + one, 0);

/**
 * Judges a run. What wasn't measured (memory, CPU) passes; a run without a client doesn't, nor one without an event unless none
 * was due.
 */
export function thresholdsOf(
  figures: LoadFigures,
  watch: ServerWatch,
  silence?: Silence,
): readonly Threshold[] {
  const { totals, attempted, failed } = figures;
  const under = (
    name: string,
    value: number | null,
    limit: number,
    unit: string,
    need = true,
  ): Threshold => ({
    name,
    limit: `< ${limit}${unit}`,
    value,
    isMet: value === null ? !need : value < limit,
  });
  const none = (name: string, value: number): Threshold => ({ name, limit: "0", value, isMet: value === 0 });
  const durations = Object.entries(durationsOf(figures)).flatMap(([name, { p95, p99 }]) => {
    const isNeeded = name === "connect" || (name === "delivery" && !silence?.isExcused);
    return [
      under(`${name} p95`, p95, LIMITS.p95Ms, " ms", isNeeded),
      under(`${name} p99`, p99, LIMITS.p99Ms, " ms", isNeeded),
    ];
  });
  const share = attempted === 0 ? null : Math.round(failed / attempted * 10_000) / 100;
  const memory = watch.peakMemoryBytes === null ? null : Math.round(watch.peakMemoryBytes / 2 ** 20);
  const cpu = watch.peakCpuPercent === null ? null : Math.round(watch.peakCpuPercent);
  return [
    none("events lost undetected", totals.undetected),
    none("events repeated or out of order", totals.repeats),
    none("malformed messages", sum(figures.malformed)),
    under("failed connections", share, LIMITS.failedShare * 100, " %"),
    ...durations,
    under("memory of the largest process", memory, LIMITS.memoryBytes / 2 ** 20, " MiB", false),
    under("CPU of the busiest process", cpu, LIMITS.cpuPercent, " % of a core", false),
  ];
}

/** Puts the report together. */
export function loadReport(
  plan: LoadPlan,
  figures: LoadFigures,
  watch: ServerWatch,
  when: Pick<LoadReport, "startedAt" | "seconds" | "machine" | "silence">,
): LoadReport {
  const { totals } = figures;
  const thresholds = thresholdsOf(figures, watch, when.silence);
  const { tokenFile: _token, jsonFile: _json, htmlFile: _html, ...shown } = plan;
  return {
    ...when,
    plan: shown,
    thresholds,
    passed: thresholds.every(({ isMet }) => isMet),
    totals: {
      attempts: figures.attempted,
      failed: figures.failed,
      resumed: figures.resumed,
      dropped: figures.dropped,
      messages: totals.messages,
      events: totals.events,
      undetected: totals.undetected,
      repeats: totals.repeats,
      toldLost: totals.toldLost,
      exemptClients: totals.exempt,
      verifiedStretches: totals.verified,
      unverifiableStretches: totals.unverifiable,
    },
    byTransport: { attempts: { ...figures.attempts }, established: { ...figures.established } },
    durations: durationsOf(figures),
    toolLate: figures.toolLateMs.summary(),
    gapsTold: Object.fromEntries(totals.gaps),
    failures: Object.fromEntries(figures.failures),
    warnings: Object.fromEntries(figures.warnings),
    errors: Object.fromEntries(figures.errors),
    malformed: Object.fromEntries(figures.malformed),
    course: figures.course,
  };
}

const pad = (text: string | number | null, width: number) => String(text ?? "–").padStart(width);
const counts = (of: Readonly<Record<string, number>>) =>
  Object.entries(of).map(([name, value]) => `${name} ${value}`).join(", ") || "none";

/** The report as lines for a terminal. */
export function reportTable(report: LoadReport): string {
  const { totals, durations, toolLate } = report;
  const rows = [...Object.entries(durations), ["tool late", toolLate] as const].map(([name, one]) =>
    `  ${name.padEnd(12)}${pad(one.count, 10)}${pad(one.p50, 8)}${pad(one.p95, 8)}${pad(one.p99, 8)}${
      pad(one.max, 8)
    }`
  );
  const checks = report.thresholds.map(({ name, limit, value, isMet }) =>
    `  ${isMet ? (value === null ? "  –  " : "  ok ") : "MISSED"} ${name}: ${
      value ?? "not measured"
    } (${limit})`
  );
  return [
    "",
    `  ${report.seconds} s, ${totals.attempts} connections (${totals.failed} failed, ${totals.resumed} resumed, ${totals.dropped} dropped)`,
    `  ${totals.events} events in ${totals.messages} messages; ${totals.undetected} lost undetected, ${totals.repeats} repeated, ${totals.toldLost} told as lost`,
    `  ${totals.verifiedStretches} filtered stretches verified, ${totals.unverifiableStretches} beyond the witness, ${totals.exemptClients} clients conflated for being slow`,
    "",
    `  ${"ms".padEnd(12)}${pad("count", 10)}${pad("p50", 8)}${pad("p95", 8)}${pad("p99", 8)}${pad("max", 8)}`,
    ...rows,
    "",
    `  gaps told: ${counts(report.gapsTold)}`,
    `  failures: ${counts(report.failures)}`,
    `  warnings: ${counts(report.warnings)}; errors: ${counts(report.errors)}; malformed: ${
      counts(report.malformed)
    }`,
    "",
    ...checks,
    "",
    ...report.silence === undefined ? [] : [`  ${report.silence.reason}`],
    report.passed ? "  passed" : "  not passed",
    "",
  ].join("\n");
}
