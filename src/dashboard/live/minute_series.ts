/**
 * One symbol's minute bars: what the server sent, upserted by the time they cover, and after them the minute that is still
 * going on, built from ticks and replaced by the true bar when it comes. Pure.
 */
import type { StreamEvents } from "../../client/message.ts";
import { type Candle, CandleSet } from "./candle_set.ts";
import { MINUTE_MS, RunningMinute } from "./running_minute.ts";

/** Fair value at a minute. */
export interface FairPoint {
  readonly t: number;
  readonly fmv: number;
}

/** Minutes kept per symbol: a long session with its early and late hours. */
export const MINUTES_MAX = 1200;
/** Trades run ahead of the second bars made of them by so much; further ahead, seconds have stopped coming. */
const SECONDS_LATE_MS = 5_000;

const minuteOf = (t: number): number => t - (t % MINUTE_MS);

/** See the file comment. */
export class MinuteSeries {
  readonly #bars = new CandleSet(MINUTES_MAX);
  readonly #fair = new Map<number, number>();
  #running: RunningMinute | undefined;
  /** Where the last candle before the running one ends. */
  #until = 0;
  /** End of the newest second bar: while seconds come, trades, which they are made of, don't count again. */
  #secondsUntil = 0;
  /** Rises with every change. */
  version = 0;
  /** Rises with every fair value. */
  fairVersion = 0;
  /** Rises when bars other than the running one changed, so that a chart must take all of them anew. */
  rewrites = 0;

  /** Takes a bar of the server; a correction replaces, a merged one (`n`) stands for all its minutes. */
  bar(event: StreamEvents["minute"]): void {
    const n = typeof event.n === "number" ? event.n : 1;
    this.#keep({
      t: event.t,
      end: n > 1 ? event.end : event.t + MINUTE_MS,
      n,
      open: event.open,
      high: event.high,
      low: event.low,
      close: event.close,
      volume: event.volume,
      kind: event.synthetic ? "synthetic" : "true",
    });
    if (this.#running && this.#running.t < this.#until) this.#running = undefined;
    this.rewrites++;
    this.version++;
  }

  /** Takes a tick into the minute that is going on. */
  tick(event: StreamEvents["tick"]): void {
    if (event.type === "trade") {
      if (event.t <= this.#secondsUntil + SECONDS_LATE_MS) return;
      this.#runningAt(event.t)?.trade(event.t, event.price, event.size ?? 0);
      return;
    }
    this.#secondsUntil = Math.max(this.#secondsUntil, event.end);
    const lastMs = event.end - 1;
    if (minuteOf(event.t) === minuteOf(lastMs)) {
      this.#runningAt(event.t)?.second(event);
      return;
    }
    // Merged over a minute's end. Which minute its volume, high and low belong to is not in it, and a guess would count
    // some in the wrong one; the server's minute bars say it. Open and close are of its first and last second.
    this.#runningAt(event.t)?.price(event.t, event.open);
    this.#runningAt(lastMs)?.price(lastMs, event.close);
  }

  fair(event: StreamEvents["fmv"]): void {
    this.#fair.set(minuteOf(event.t), event.fmv);
    if (this.#fair.size > MINUTES_MAX) {
      const oldest = [...this.#fair.keys()].sort((a, b) => a - b)[0];
      if (oldest !== undefined) this.#fair.delete(oldest);
    }
    this.fairVersion++;
    this.version++;
  }

  /** The server's bars by time, and minutes that are over of which none has come. */
  bars(): Candle[] {
    return this.#bars.shown();
  }

  /** The server's bars and the live one. */
  candles(): Candle[] {
    const { live } = this;
    return live ? [...this.bars(), live] : this.bars();
  }

  /** The minute that is going on, if any tick of it has come. */
  get live(): Candle | undefined {
    return this.#running?.candle;
  }

  fairPoints(): FairPoint[] {
    return [...this.#fair].map(([t, fmv]) => ({ t, fmv })).sort((a, b) => a.t - b.t);
  }

  #keep(candle: Candle): void {
    this.#bars.add(candle);
    this.#until = Math.max(this.#until, candle.end);
  }

  /** The running minute if that time is in it, or a new one if it is after it; what is over is left to the server's bars. */
  #runningAt(at: number): RunningMinute | undefined {
    const t = minuteOf(at);
    const was = this.#running;
    if (t < this.#until || (was && t < was.t)) return undefined;
    this.version++;
    if (was?.t === t) return was;
    if (was?.candle) this.#keep(was.candle);
    return this.#running = new RunningMinute(t);
  }
}
