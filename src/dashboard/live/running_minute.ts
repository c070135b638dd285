/** The minute that is going on, built from the ticks of its seconds, so that a corrected second replaces what it was. Pure. */
import type { StreamEvents } from "../../client/message.ts";
import type { Candle } from "./candle_set.ts";

/** Length of a minute. */
export const MINUTE_MS = 60_000;
const SECOND_MS = 1000;

/** What is known of a second, or of several merged ones. */
interface Part {
  readonly end: number;
  readonly open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

const secondOf = (t: number): number => t - (t % SECOND_MS);

/** See the file comment. */
export class RunningMinute {
  /** By the second they begin with: sixty at most. */
  readonly #parts = new Map<number, Part>();
  #candle: Candle | undefined;

  /** @param t start, Unix ms */
  constructor(readonly t: number) {}

  /** Takes a trade. */
  trade(t: number, price: number, size: number): void {
    const at = secondOf(t);
    const part = this.#parts.get(at);
    if (!part) return this.#put(at, price, size);
    this.#candle = undefined;
    part.high = Math.max(part.high, price);
    part.low = Math.min(part.low, price);
    part.close = price;
    part.volume += size;
  }

  /** Takes a bar that ends within the minute, in the place of what was known of its time. */
  second(bar: Extract<StreamEvents["tick"], { type: "second" }>): void {
    const at = secondOf(bar.t);
    for (const [t, { end }] of this.#parts) {
      // A merged bar stands: what it was made of is not in it any more.
      if (t <= at && end >= bar.end && end - t > bar.end - at) return;
    }
    for (const t of this.#parts.keys()) if (t >= at && t < bar.end) this.#parts.delete(t);
    const { end, open, high, low, close, volume } = bar;
    this.#parts.set(at, { end, open, high, low, close, volume });
    this.#candle = undefined;
  }

  /** Takes a price of which no more is known than its second. */
  price(t: number, price: number): void {
    const at = secondOf(t);
    if (!this.#parts.has(at)) this.#put(at, price, 0);
  }

  /** What it comes to so far; undefined before the first tick. */
  get candle(): Candle | undefined {
    return this.#candle ??= this.#fold();
  }

  #put(at: number, price: number, volume: number): void {
    this.#parts.set(at, { end: at + SECOND_MS, open: price, high: price, low: price, close: price, volume });
    this.#candle = undefined;
  }

  #fold(): Candle | undefined {
    const parts = [...this.#parts].sort(([a], [b]) => a - b).map(([, part]) => part);
    const first = parts[0], last = parts.at(-1);
    if (!first || !last) return undefined;
    return {
      t: this.t,
      end: this.t + MINUTE_MS,
      n: 1,
      open: first.open,
      high: Math.max(...parts.map(({ high }) => high)),
      low: Math.min(...parts.map(({ low }) => low)),
      close: last.close,
      volume: parts.reduce((sum, part) => sum + part.volume, 0),
      kind: "live",
    };
  }
}
