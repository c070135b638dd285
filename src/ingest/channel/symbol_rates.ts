/** Events a second by symbol, for spreading load over connections. Two spans are kept, so a rate covers one to two of them. */
import type { Clock } from "../../feed/clock.ts";

/** Length of a span. */
export const RATE_SPAN_MS = 10_000;
/** Symbols counted in one span; further ones wait for the next. */
export const RATE_SYMBOLS_MAX = 50_000;

/** See the file's own description. */
export class SymbolRates {
  readonly #clock: Clock;
  #newer = new Map<string, number>();
  #older = new Map<string, number>();
  #startMs: number;
  #olderMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.monotonic();
  }

  count(symbol: string): void {
    const known = this.#newer.get(symbol);
    if (known !== undefined) this.#newer.set(symbol, known + 1);
    else if (this.#newer.size < RATE_SYMBOLS_MAX) this.#newer.set(symbol, 1);
  }

  /** To be called now and then (every frame is fine). */
  turn(): void {
    const now = this.#clock.monotonic();
    if (now - this.#startMs < RATE_SPAN_MS) return;
    this.#older = this.#newer;
    this.#olderMs = now - this.#startMs;
    this.#newer = new Map();
    this.#startMs = now;
  }

  /** Symbols without events in either span are not in it. */
  rates(): ReadonlyMap<string, number> {
    this.turn();
    const seconds = Math.max(1, (this.#olderMs + this.#clock.monotonic() - this.#startMs) / 1000);
    const rates = new Map<string, number>();
    for (const [symbol, count] of this.#older) rates.set(symbol, count / seconds);
    for (const [symbol, count] of this.#newer) rates.set(symbol, (rates.get(symbol) ?? 0) + count / seconds);
    return rates;
  }
}
