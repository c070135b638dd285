/**
 * The last bars of one symbol: a window of five, the bar being judged and the four before it in its session. A correction takes
 * its bar's place, so averages are revised, and the kinds already announced for a bar stay with it, so no alert is repeated.
 * A bar older than the window is past judging. Windows begin anew with each session: regular volume says nothing about pre-market.
 */
import type { MinuteBar } from "../feed/event.ts";
import { marketOfSymbol, sessionAt } from "../feed/market_calendar.ts";
import type { Saved } from "./saved.ts";

/** Bars held, the judged one among them. */
export const BAR_WINDOW_BARS = 5;

/** Without a tick for so long before a bar, ticks no longer flow: every bar has trades in it. */
export const TICKS_SILENT_MS = 600_000;

/** So many bars of an earlier session in a row, and the later one was a mistake (a bar from the future). */
const STRAY_LIMIT_BARS = 3;

/** What is kept of a bar. */
export interface WindowBar {
  readonly t: number;
  readonly close: number;
  /** 0 when it was missing or senseless. */
  readonly volume: number;
  /** Kinds already emitted for it. */
  readonly announced: readonly string[];
}

/** A bar with what came before it. */
export interface JudgedBar {
  readonly bar: MinuteBar;
  readonly volume: number;
  /** The bars before it in the window, oldest first, at most four. */
  readonly earlier: readonly WindowBar[];
  /** Ticks flow: some came within {@link TICKS_SILENT_MS} before it or later. They tell, or will when a backlog is over, what it sums up. */
  readonly hasTicks: boolean;
}

const NONE: readonly string[] = [];

const volumeOf = (bar: MinuteBar): number => bar.volume > 0 && bar.volume < Infinity ? bar.volume : 0;

/** See the top of the file. */
export class BarWindow {
  #sessionFrom = -Infinity;
  #bars: WindowBar[] = [];
  #strays = 0;

  /** Puts a bar in its place. Undefined when it is too old to judge or has no price. `newestTickT`: -Infinity before any. */
  accept(bar: MinuteBar, newestTickT: number): JudgedBar | undefined {
    if (!(bar.close > 0 && bar.close < Infinity) || !this.#enterSession(bar)) return undefined;
    const bars = this.#bars;
    let at = bars.length;
    while (at > 0 && (bars[at - 1]?.t ?? 0) >= bar.t) at--;
    const same = bars[at]?.t === bar.t ? bars[at] : undefined;
    if (same === undefined && at === 0 && bars.length >= BAR_WINDOW_BARS) return undefined;
    const kept: WindowBar = {
      t: bar.t,
      close: bar.close,
      volume: volumeOf(bar),
      announced: same?.announced ?? [],
    };
    bars.splice(at, same === undefined ? 0 : 1, kept);
    if (bars.length > BAR_WINDOW_BARS) {
      bars.shift();
      at--;
    }
    return {
      bar,
      volume: kept.volume,
      earlier: bars.slice(0, at),
      hasTicks: newestTickT >= bar.t - TICKS_SILENT_MS,
    };
  }

  /** Notes that `kind` is said of the bar at `t`; false when it was before. */
  announce(t: number, kind: string): boolean {
    const at = this.#bars.findIndex((bar) => bar.t === t);
    const bar = this.#bars[at];
    if (bar === undefined || bar.announced.includes(kind)) return false;
    this.#bars[at] = { ...bar, announced: [...bar.announced, kind] };
    return true;
  }

  /** `[session start, [t, close, volume, …announced], …]`. */
  save(): Saved | undefined {
    if (this.#bars.length === 0) return undefined;
    return [this.#sessionFrom, ...this.#bars.map((bar) => [bar.t, bar.close, bar.volume, ...bar.announced])];
  }

  /** Takes up what {@link save} gave; anything else leaves the window empty. */
  open(saved: unknown): void {
    if (!Array.isArray(saved)) return;
    const [from, ...rows]: unknown[] = saved;
    const bars = rows.map(readRow);
    if (typeof from !== "number" || rows.length > BAR_WINDOW_BARS) return;
    this.#bars = bars.filter((bar) => bar !== undefined);
    this.#sessionFrom = from;
  }

  #enterSession(bar: MinuteBar): boolean {
    const from = sessionAt(marketOfSymbol(bar.sym), bar.t).fromMs;
    if (from === this.#sessionFrom) {
      this.#strays = 0;
      return true;
    }
    if (from < this.#sessionFrom && ++this.#strays < STRAY_LIMIT_BARS) return false;
    this.#sessionFrom = from;
    this.#bars = [];
    this.#strays = 0;
    return true;
  }
}

function readRow(row: unknown): WindowBar | undefined {
  if (!Array.isArray(row)) return undefined;
  const [t, close, volume, ...announced]: unknown[] = row;
  if (typeof t !== "number" || typeof close !== "number" || typeof volume !== "number") return undefined;
  const kinds = announced.filter((kind) => typeof kind === "string");
  return { t, close, volume, announced: kinds.length > 0 ? kinds : NONE };
}
