/** What one channel knows of itself (C6): counts, times and lags, in constant memory. */
import type { Clock } from "../../feed/clock.ts";
import type { FeedEvent, Gap } from "../../feed/event.ts";
import type { ChannelHealth } from "../../feed/health.ts";
import { LagHistogram } from "./lag_histogram.ts";
import { RecentHistogram } from "./recent_histogram.ts";
import { RecentRate } from "./recent_rate.ts";

/** Gaps shown in health. */
export const GAPS_SHOWN = 20;

type Measured = Omit<ChannelHealth, "stream" | "state" | "queueDepth" | "lists">;

/** See the file's own description. */
export class ChannelMetrics {
  readonly #clock: Clock;
  readonly #workMs: RecentHistogram;
  readonly #upstreamLagMs: RecentHistogram;
  readonly #appendLagMs: RecentHistogram;
  readonly #received = new LagHistogram();
  readonly #appended = new LagHistogram();
  readonly #rate: RecentRate;
  readonly #dropped = new Map<string, number>();
  readonly #gapsByCause = new Map<string, number>();
  readonly #gaps: { at: number; lost: number | null; cause: string }[] = [];
  #processed = 0;
  #failed = 0;
  #repeats = 0;
  #corrections = 0;
  #lastProcessedAt: number | null = null;
  #lastEventT: number | null = null;
  #lastEventRx: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#workMs = new RecentHistogram(clock);
    this.#upstreamLagMs = new RecentHistogram(clock);
    this.#appendLagMs = new RecentHistogram(clock);
    this.#rate = new RecentRate(clock);
  }

  /** A turn of work on `events` took `ms`. */
  worked(events: number, ms: number): void {
    if (events === 0) return;
    this.#processed += events;
    this.#lastProcessedAt = this.#clock.now();
    this.#workMs.record(ms / events, events);
  }

  failed(): void {
    this.#failed++;
  }

  dropped(reason: string, events = 1): void {
    if (events > 0) this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + events);
  }

  repeated(): void {
    this.#repeats++;
  }

  corrected(): void {
    this.#corrections++;
  }

  /** An event goes on to its list. */
  forwarded(event: FeedEvent): void {
    this.#rate.count();
    const dueAt = event.type === "second" || event.type === "minute" ? event.end : event.t;
    const lagMs = Math.max(0, event.rx - dueAt);
    this.#upstreamLagMs.record(lagMs);
    this.#received.record(lagMs);
    this.#lastEventT = Math.max(this.#lastEventT ?? 0, event.t);
    this.#lastEventRx = Math.max(this.#lastEventRx ?? 0, event.rx);
  }

  /** An event stands in its list. */
  appended(event: FeedEvent): void {
    if (event.type === "gap") return;
    const lagMs = Math.max(0, this.#clock.now() - event.rx);
    this.#appendLagMs.record(lagMs);
    this.#appended.record(lagMs);
  }

  gap(gap: Gap): void {
    this.#gaps.push({ at: gap.rx, lost: gap.lost, cause: gap.cause });
    this.#gapsByCause.set(gap.cause, (this.#gapsByCause.get(gap.cause) ?? 0) + 1);
    if (this.#gaps.length > GAPS_SHOWN) this.#gaps.shift();
  }

  measured(): Measured {
    return {
      processed: this.#processed,
      failed: this.#failed,
      dropped: Object.fromEntries(this.#dropped),
      repeats: this.#repeats,
      corrections: this.#corrections,
      meanMs: this.#workMs.mean() ?? 0,
      p99Ms: this.#workMs.quantile(0.99) ?? 0,
      lastProcessedAt: this.#lastProcessedAt,
      lastEventT: this.#lastEventT,
      lastEventRx: this.#lastEventRx,
      rate: this.#rate.perSecond(),
      upstreamLagMs: this.#upstreamLagMs.quantile(0.5),
      appendLagMs: this.#appendLagMs.quantile(0.99),
      lags: { received: this.#received.read(), appended: this.#appended.read() },
      gaps: [...this.#gaps],
      gapsByCause: Object.fromEntries(this.#gapsByCause),
    };
  }
}
