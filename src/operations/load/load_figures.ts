/** Everything a run counts, and its course second by second. */
import { type CheckTotals, noTotals } from "./client_check.ts";
import { DurationHistogram, type DurationSummary } from "./duration_histogram.ts";
import type { Transport } from "./load_arguments.ts";

/** Causes of failure told apart at most; further ones are `other`. */
const REASONS_MAX = 50;
/** Points of a run's course at most: a day by the second is thinned out beyond. */
export const COURSE_MAX_POINTS = 20_000;

/** A moment of a run. */
export interface CoursePoint {
  /** Seconds since the start. */
  readonly at: number;
  readonly wanted: number;
  readonly connected: number;
  readonly eventsPerSecond: number;
  /** Connections the servers let in within this interval, and how long those took, ms. */
  readonly opened: number;
  readonly connectP95: number | null;
  readonly connectP99: number | null;
  readonly failed: number;
  readonly undetected: number;
  /** Delivery within this interval, ms. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** How late this tool's own timer was, ms: what the tool itself adds to the latencies. */
  readonly toolLateMs: number;
  readonly memoryBytes: number | null;
  readonly cpuPercent: number | null;
}

/** Counts of a run. */
export class LoadFigures {
  readonly totals: CheckTotals = noTotals();
  readonly connectMs = new DurationHistogram();
  readonly snapshotMs = new DurationHistogram();
  readonly deliveryMs = new DurationHistogram();
  /** Of the present interval. */
  readonly recentDeliveryMs = new DurationHistogram();
  readonly recentConnectMs = new DurationHistogram();
  readonly connected: Record<Transport, number> = { ws: 0, sse: 0, poll: 0 };
  readonly attempts: Record<Transport, number> = { ws: 0, sse: 0, poll: 0 };
  readonly established: Record<Transport, number> = { ws: 0, sse: 0, poll: 0 };
  readonly failures = new Map<string, number>();
  failed = 0;
  /** Connections that came back with a cursor. */
  resumed = 0;
  /** Connections that ended without being asked to. */
  dropped = 0;
  malformed = new Map<string, number>();
  readonly warnings = new Map<string, number>();
  readonly errors = new Map<string, number>();
  readonly course: CoursePoint[] = [];
  readonly toolLateMs = new DurationHistogram();

  get clients(): number {
    return this.connected.ws + this.connected.sse + this.connected.poll;
  }

  get attempted(): number {
    return this.attempts.ws + this.attempts.sse + this.attempts.poll;
  }

  fail(reason: string): void {
    this.failed++;
    count(this.failures, reason);
  }

  point(point: CoursePoint): void {
    if (this.course.length >= COURSE_MAX_POINTS) {
      this.course.splice(0, this.course.length, ...this.course.filter((_, n) => n % 2 === 0));
    }
    this.course.push(point);
  }
}

/** One more of a name. */
export function count(counts: Map<string, number>, name: string): void {
  const known = counts.has(name) || counts.size < REASONS_MAX ? name : "other";
  counts.set(known, (counts.get(known) ?? 0) + 1);
}

/** The summaries a report shows. */
export const durationsOf = (figures: LoadFigures): Readonly<Record<string, DurationSummary>> => ({
  connect: figures.connectMs.summary(),
  snapshot: figures.snapshotMs.summary(),
  delivery: figures.deliveryMs.summary(),
});
