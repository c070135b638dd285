/**
 * Bars as true folds of the trades: one book per instrument and width. A window is emitted once it is over and held for
 * late prints; a print for a window already emitted makes it come again, recalculated.
 */
import type { MarketTrade } from "./trade.ts";
import type { Instrument } from "./universe.ts";

/** A window's fold. */
export interface Window {
  readonly instrument: Instrument;
  /** Start, Unix ms. */
  readonly start: number;
  open: number;
  high: number;
  low: number;
  close: number;
  /** Volume with fractions. */
  volume: number;
  notional: number;
  trades: number;
  /** The instrument's day up to and with this window, as known when the window last changed. */
  dayVolume: number;
  dayNotional: number;
  dayOpen: number | undefined;
  emitted: boolean;
}

/** One instrument's day so far. */
export interface DayTotals {
  volume: number;
  notional: number;
  /** Price of the first round lot: the official open. Undefined before it. */
  open: number | undefined;
}

export const emptyDay = (): DayTotals => ({ volume: 0, notional: 0, open: undefined });

/** A trade's volume, the fraction of a share included. */
export const volumeOf = (trade: MarketTrade): number =>
  trade.decimalSize === undefined ? trade.size : Number(trade.decimalSize);

/** Adds a trade to the day; its price may be the official open when the market is in its regular session. */
export function addToDay(day: DayTotals, trade: MarketTrade, mayOpen: boolean): void {
  const volume = volumeOf(trade);
  day.volume += volume;
  day.notional += volume * trade.price;
  if (mayOpen && day.open === undefined && trade.size >= 100) day.open = trade.price;
}

/** The windows of one width that are open, waiting to be emitted, or waiting for a late print. */
export class BarWindows {
  readonly #windows = new Map<string, Window>();
  /** Windows not emitted yet, by start. */
  readonly #pending = new Map<number, Window[]>();
  /** Late prints still to come, by window. */
  readonly #expected = new Map<string, number>();

  constructor(readonly widthMs: number) {}

  /**
   * Adds a trade (already in `day`). A late one counts for range and volume, not for the close. Answers the window when
   * it was emitted before and therefore has to go out again.
   */
  add(trade: MarketTrade, day: DayTotals, isLate: boolean): Window | undefined {
    const window = this.#windowAt(trade, day, isLate);
    const volume = volumeOf(trade);
    window.high = Math.max(window.high, trade.price);
    window.low = Math.min(window.low, trade.price);
    window.volume += volume;
    window.notional += volume * trade.price;
    window.trades++;
    if (isLate) {
      window.dayVolume += volume;
      window.dayNotional += volume * trade.price;
    } else {
      window.close = trade.price;
      window.dayVolume = day.volume;
      window.dayNotional = day.notional;
      window.dayOpen = day.open;
    }
    return window.emitted ? window : undefined;
  }

  /** Keeps the window of a coming late print; said while that window is still open. */
  expectLate(instrument: Instrument, t: number): void {
    const key = this.#key(instrument, t);
    this.#expected.set(key, (this.#expected.get(key) ?? 0) + 1);
  }

  /** A late print arrived: its window is free to go once emitted. */
  lateArrived(instrument: Instrument, t: number): void {
    const key = this.#key(instrument, t);
    const left = (this.#expected.get(key) ?? 1) - 1;
    if (left > 0) {
      this.#expected.set(key, left);
      return;
    }
    this.#expected.delete(key);
    if (this.#windows.get(key)?.emitted) this.#windows.delete(key);
  }

  /** Windows that ended at or before `until` and were not emitted yet, in the order they began. */
  takeDue(until: number): readonly Window[] {
    const starts = [...this.#pending.keys()].filter((start) => start + this.widthMs <= until).sort((a, b) =>
      a - b
    );
    return starts.flatMap((start) => {
      const due = this.#pending.get(start) ?? [];
      this.#pending.delete(start);
      for (const window of due) {
        window.emitted = true;
        const key = this.#key(window.instrument, window.start);
        if (!this.#expected.has(key)) this.#windows.delete(key);
      }
      return due;
    });
  }

  #key(instrument: Instrument, t: number): string {
    return `${instrument.symbol}|${Math.floor(t / this.widthMs)}`;
  }

  #windowAt(trade: MarketTrade, day: DayTotals, isLate: boolean): Window {
    const key = this.#key(trade.instrument, trade.t);
    const known = this.#windows.get(key);
    if (known) return known;
    const window: Window = {
      instrument: trade.instrument,
      start: Math.floor(trade.t / this.widthMs) * this.widthMs,
      open: trade.price,
      high: trade.price,
      low: trade.price,
      close: trade.price,
      volume: 0,
      notional: 0,
      trades: 0,
      // A window born of a late print stands before trades that the day already counts: close enough, as the real one.
      dayVolume: isLate ? day.volume - volumeOf(trade) : 0,
      dayNotional: isLate ? day.notional - volumeOf(trade) * trade.price : 0,
      dayOpen: day.open,
      emitted: false,
    };
    this.#windows.set(key, window);
    const pending = this.#pending.get(window.start);
    if (pending) pending.push(window);
    else this.#pending.set(window.start, [window]);
    return window;
  }
}
