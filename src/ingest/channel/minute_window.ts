/** The seconds of one symbol's minute, and the minute bar they make. Pure. */
import type { MinuteBar, SecondBar } from "../../feed/event.ts";

/** Width of a window. */
export const MINUTE_MS = 60_000;

type Second = Pick<
  SecondBar,
  | "t"
  | "open"
  | "high"
  | "low"
  | "close"
  | "volume"
  | "vwap"
  | "dayVolume"
  | "dayOpen"
  | "dayVwap"
  | "avgSize"
>;

/** See the file's own description. */
export class MinuteWindow {
  readonly #seconds = new Map<number, Second>();
  /** Whether a bar was made of it already. */
  made = false;

  constructor(readonly sym: string, readonly t: number) {}

  /** A second, or its correction. */
  take({ t, open, high, low, close, volume, vwap, dayVolume, dayOpen, dayVwap, avgSize }: SecondBar): void {
    this.#seconds.set(t, { t, open, high, low, close, volume, vwap, dayVolume, dayOpen, dayVwap, avgSize });
  }

  /** Undefined without a second. */
  bar(rx: number): MinuteBar | undefined {
    const seconds = [...this.#seconds.values()].sort((a, b) => a.t - b.t);
    const first = seconds[0];
    const last = seconds.at(-1);
    if (!first || !last) return undefined;
    const volume = sum(seconds.map((second) => second.volume));
    return {
      type: "minute",
      sym: this.sym,
      t: this.t,
      rx,
      end: this.t + MINUTE_MS,
      open: first.open,
      high: Math.max(...seconds.map((second) => second.high)),
      low: Math.min(...seconds.map((second) => second.low)),
      close: last.close,
      volume,
      ...present("vwap", meanPrice(seconds, volume)),
      ...present("dayVolume", last.dayVolume),
      ...present("dayOpen", last.dayOpen),
      ...present("dayVwap", last.dayVwap),
      ...present("avgSize", meanSize(seconds, volume)),
      synthetic: true,
    };
  }
}

/** Absent stays absent. */
const present = (name: string, value: number | undefined): Record<string, number> =>
  value === undefined ? {} : { [name]: value };

/** Sums of decimals carry binary dust; volumes have at most so many decimals. */
const DECIMALS = 1e8;
const clean = (value: number): number =>
  Math.abs(value) < Number.MAX_SAFE_INTEGER / DECIMALS ? Math.round(value * DECIMALS) / DECIMALS : value;
const sum = (values: readonly number[]): number => clean(values.reduce((a, b) => a + b, 0));

/** Weighed by volume; undefined when a second that traded has none. */
function meanPrice(seconds: readonly Second[], volume: number): number | undefined {
  let turnover = 0;
  for (const { vwap, volume } of seconds) {
    if (volume > 0 && vwap === undefined) return undefined;
    turnover += (vwap ?? 0) * volume;
  }
  return volume > 0 ? clean(turnover / volume) : undefined;
}

/** Volume over the number of trades that the seconds' own averages stand for. */
function meanSize(seconds: readonly Second[], volume: number): number | undefined {
  let trades = 0;
  for (const { avgSize, volume } of seconds) {
    if (volume === 0) continue;
    if (!avgSize) return undefined;
    trades += volume / avgSize;
  }
  return trades > 0 ? clean(volume / trades) : undefined;
}
