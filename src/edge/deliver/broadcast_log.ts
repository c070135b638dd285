/**
 * `ws_broadcast` in the log: a sample a second and stream of the flushes that went out, for whoever turns the log to
 * debug.
 */
import type { Clock } from "../../feed/clock.ts";
import type { Log } from "../../feed/log.ts";
import type { EdgeCounters } from "../edge_counters.ts";
import { activeConnections } from "../report/stats_report.ts";

/** Least time between two lines of a stream. */
export const BROADCAST_LOG_MS = 1_000;

interface Sample {
  nextMs: number;
  flushes: number;
  slowestS: number;
}

/** See the file's head. */
export class BroadcastLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #counters: EdgeCounters;
  /** By stream: few, and of our own naming. */
  readonly #samples = new Map<string, Sample>();

  constructor(log: Log, clock: Clock, counters: EdgeCounters) {
    this.#log = log;
    this.#clock = clock;
    this.#counters = counters;
  }

  /** One flush of a stream. */
  note(stream: string, seconds: number): void {
    const nowMs = this.#clock.monotonic();
    const sample = this.#samples.get(stream) ?? { nextMs: 0, flushes: 0, slowestS: 0 };
    this.#samples.set(stream, sample);
    sample.flushes++;
    sample.slowestS = Math.max(sample.slowestS, seconds);
    if (nowMs < sample.nextMs) return;
    this.#log.debug("ws_broadcast", {
      stream,
      flushes: sample.flushes,
      slowest_ms: Math.round(sample.slowestS * 1e6) / 1e3,
      active_connections: activeConnections(this.#counters),
    });
    this.#samples.set(stream, { nextMs: nowMs + BROADCAST_LOG_MS, flushes: 0, slowestS: 0 });
  }
}
