/**
 * One symbol's minute bars: what the server sent, upserted by minute, and after them the minute that is still going on,
 * built from ticks and replaced by the true bar when it comes. Pure.
 */
import type { StreamEvents } from "../../client/message.ts";

/** One candle. */
export interface Candle {
  /** Start, Unix ms. */
  readonly t: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** `true`: the server's bar. `live`: still going on, built here from ticks. `synthetic`: built by the server from seconds. */
  readonly kind: "true" | "live" | "synthetic";
}

/** Fair value at a minute. */
export interface FairPoint {
  readonly t: number;
  readonly fmv: number;
}

/** Minutes kept per symbol: a long session with its early and late hours. */
export const MINUTES_MAX = 1200;
const MINUTE_MS = 60_000;
/** Trades run ahead of the second bars made of them by so much; further ahead, seconds have stopped coming. */
const SECONDS_LATE_MS = 5_000;

const minuteOf = (t: number): number => t - (t % MINUTE_MS);

/** See the file comment. */
export class MinuteSeries {
  readonly #bars = new Map<number, Candle>();
  readonly #fair = new Map<number, number>();
  #live: Candle | undefined;
  #newestT = 0;
  /** End of the newest second bar: while seconds come, trades, which they are made of, don't count again. */
  #secondsUntil = 0;
  /** Rises with every change. */
  version = 0;
  /** Rises with every fair value. */
  fairVersion = 0;
  /** Rises when bars other than the newest changed, so that a chart must take all of them anew. */
  rewrites = 0;

  /** Takes a bar of the server; a correction replaces. */
  bar(event: StreamEvents["minute"]): void {
    const candle: Candle = {
      t: event.t,
      open: event.open,
      high: event.high,
      low: event.low,
      close: event.close,
      volume: event.volume,
      kind: event.synthetic ? "synthetic" : "true",
    };
    if (this.#bars.has(event.t) || event.t < this.#newestT) this.rewrites++;
    this.#keep(candle);
    if (this.#live && this.#live.t <= event.t) this.#live = undefined;
    this.#bound();
    this.version++;
  }

  /** Takes a tick into the minute that is going on. */
  tick(event: StreamEvents["tick"]): void {
    if (event.type === "second") {
      this.#secondsUntil = Math.max(this.#secondsUntil, event.end);
      this.#grow(event.t, event.open, event.high, event.low, event.close, event.volume);
    } else if (event.t > this.#secondsUntil + SECONDS_LATE_MS) {
      this.#grow(event.t, event.price, event.price, event.price, event.price, event.size ?? 0);
    }
  }

  fair(event: StreamEvents["fmv"]): void {
    this.#fair.set(minuteOf(event.t), event.fmv);
    this.#bound();
    this.fairVersion++;
    this.version++;
  }

  /** The server's bars by time. */
  bars(): Candle[] {
    return [...this.#bars.values()].sort((a, b) => a.t - b.t);
  }

  /** The server's bars and the live one. */
  candles(): Candle[] {
    const bars = this.bars();
    return this.#live ? [...bars, this.#live] : bars;
  }

  /** The minute that is going on, if any tick of it has come. */
  get live(): Candle | undefined {
    return this.#live;
  }

  fairPoints(): FairPoint[] {
    return [...this.#fair].map(([t, fmv]) => ({ t, fmv })).sort((a, b) => a.t - b.t);
  }

  #keep(candle: Candle): void {
    this.#bars.set(candle.t, candle);
    this.#newestT = Math.max(this.#newestT, candle.t);
  }

  #grow(at: number, open: number, high: number, low: number, close: number, volume: number): void {
    const t = minuteOf(at);
    if (this.#bars.has(t) || t < this.#newestT || (this.#live && t < this.#live.t)) return;
    const was = this.#live;
    if (was && was.t < t) this.#keep(was);
    this.#live = was?.t === t
      ? {
        ...was,
        high: Math.max(was.high, high),
        low: Math.min(was.low, low),
        close,
        volume: was.volume + volume,
      }
      : { t, open, high, low, close, volume, kind: "live" };
    this.#bound();
    this.version++;
  }

  #bound(): void {
    for (const map of [this.#bars, this.#fair]) {
      if (map.size <= MINUTES_MAX) continue;
      const oldest = [...map.keys()].sort((a, b) => a - b)[0];
      if (oldest !== undefined) map.delete(oldest);
    }
  }
}
