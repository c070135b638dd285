/**
 * `session_high` and `session_low`: a print above (below) every earlier one of its session. Pre-market, regular trading and
 * after hours are sessions of their own; crypto's is the UTC day. Prints while the market is closed are rare but real (and
 * replays come when they come): such a time is a session too, named `closed`. A session's first print is where it starts, not
 * an extreme. The key names session and price, so the same extreme is one alert however often it is computed.
 *
 * In a session without ticks minute bars tell: their highs and lows count like prints, and are announced when the bar moved at
 * least `bar_extreme_percent` (1 %) from open to close. From its first tick on a session is the ticks'. Where ticks are behind
 * the bars (a backlog), they begin anew rather than find all they have to say outdone by bars; only what a bar has announced
 * is not announced again.
 *
 * Two sessions are held at once: late prints of the one before go to their own, and a stray time in the future takes the
 * place of the one less in use instead of wiping the day.
 */
import { marketOfSymbol, type MarketSession, sessionAt } from "../../feed/market_calendar.ts";
import type { JudgedBar } from "../bar_window.ts";
import { type Saved, savedNumbers } from "../saved.ts";
import {
  type Detector,
  type DetectorMemory,
  type Emit,
  percentMove,
  rounded,
  type SignalFields,
} from "./detector.ts";
import type { Print } from "../print.ts";
import type { ThresholdSpec } from "../threshold.ts";

const STEP_PERCENT: ThresholdSpec = {
  key: "session_step_percent",
  fallback: 0,
  min: 0,
  max: 50,
  help:
    "A session high or low is announced when it is at least so many percent beyond the last one announced; 0 announces each.",
};

const BAR_PERCENT: ThresholdSpec = {
  key: "bar_extreme_percent",
  fallback: 1,
  min: 0,
  max: 100,
  help: "A minute bar's session high or low is announced from so many percent between its open and close.",
};

/** What a print or a bar says of the extremes. */
interface Range {
  readonly session: MarketSession;
  readonly high: number;
  readonly low: number;
}

interface SessionSlot {
  readonly fromMs: number;
  high: number;
  low: number;
  announcedHigh: number;
  announcedLow: number;
  /** End of the newest bar while bars tell the session; 0 once ticks do. */
  barUntil: number;
  /** The extremes that bars announced; 0 for none. */
  barHigh: number;
  barLow: number;
}

/** A session's part of a key. A day can be closed twice, before trading and after. */
const sessionMark = ({ dayKey, phase, fromMs }: MarketSession): string =>
  phase === "closed" ? `${dayKey}|${phase}@${fromMs}` : `${dayKey}|${phase}`;

const SLOTS = 2;
const NUMBERS_A_SLOT = 8;

class SessionExtremes implements DetectorMemory {
  /** The one last used first. */
  readonly #slots: SessionSlot[] = [];

  constructor(readonly stepRatio: number, readonly barPercent: number, saved: unknown) {
    const numbers = savedNumbers(saved, NUMBERS_A_SLOT, true) ?? [];
    for (let n = 0; n + NUMBERS_A_SLOT <= numbers.length && this.#slots.length < SLOTS; n += NUMBERS_A_SLOT) {
      const [fromMs = 0, high = 0, low = 0, announcedHigh = 0, announcedLow = 0, ...bars] = numbers.slice(n);
      const [barUntil = 0, barHigh = 0, barLow = 0] = bars;
      this.#slots.push({ fromMs, high, low, announcedHigh, announcedLow, barUntil, barHigh, barLow });
    }
  }

  onPrint(print: Print, emit: Emit): void {
    if (!print.setsHighLow) return;
    const slot = this.#slotOf(print, 0);
    if (slot === undefined) return;
    if (slot.barUntil > 0) beginTicks(slot, print);
    if (print.high > slot.high) this.#raise(slot, print, emit);
    if (print.low < slot.low) this.#lower(slot, print, emit);
  }

  onBar({ bar }: JudgedBar, emit: Emit): void {
    if (!(bar.low > 0 && bar.high >= bar.low && bar.high < Infinity)) return;
    const session = sessionAt(marketOfSymbol(bar.sym), bar.t);
    const range = { session, high: bar.high, low: bar.low };
    const slot = this.#slotOf(range, bar.end);
    if (slot === undefined || slot.barUntil === 0) return;
    slot.barUntil = Math.max(slot.barUntil, bar.end);
    const percent = bar.open > 0 ? percentMove(bar.open, bar.close) : 0;
    const tell = bar.open > 0 && Math.abs(percent) >= this.barPercent ? emit : undefined;
    const more = { bar: bar.t, movePercent: rounded(percent, 4) };
    if (bar.high > slot.high) this.#raise(slot, range, tell, more);
    if (bar.low < slot.low) this.#lower(slot, range, tell, more);
  }

  #raise(slot: SessionSlot, { session, high }: Range, emit: Emit | undefined, more?: SignalFields): void {
    const previous = slot.high;
    slot.high = high;
    if (emit === undefined || high < slot.announcedHigh * (1 + this.stepRatio) || high <= slot.barHigh) {
      return;
    }
    slot.announcedHigh = high;
    if (slot.barUntil > 0) slot.barHigh = high;
    const fields = { price: high, previous, session: session.phase, day: session.dayKey, ...more };
    emit("session_high", `${sessionMark(session)}|${high}`, fields);
  }

  #lower(slot: SessionSlot, { session, low }: Range, emit: Emit | undefined, more?: SignalFields): void {
    const previous = slot.low;
    slot.low = low;
    if (emit === undefined || low > slot.announcedLow * (1 - this.stepRatio)) return;
    if (slot.barLow > 0 && low >= slot.barLow) return;
    slot.announcedLow = low;
    if (slot.barUntil > 0) slot.barLow = low;
    const fields = { price: low, previous, session: session.phase, day: session.dayKey, ...more };
    emit("session_low", `${sessionMark(session)}|${low}`, fields);
  }

  /** The slot of a range's session: the one last used, held already, or new unless it is older than all that are held. */
  #slotOf({ session: { fromMs }, high, low }: Range, barUntil: number): SessionSlot | undefined {
    const newest = this.#slots[0];
    if (newest?.fromMs === fromMs) return newest;
    const held = this.#slots.findIndex((slot) => slot.fromMs === fromMs);
    if (held < 0 && this.#slots.length > 0 && this.#slots.every((slot) => slot.fromMs > fromMs)) {
      return undefined;
    }
    const slot = this.#slots[held] ??
      { fromMs, high, low, announcedHigh: high, announcedLow: low, barUntil, barHigh: 0, barLow: 0 };
    this.#slots.splice(held < 0 ? SLOTS - 1 : held, 1);
    this.#slots.unshift(slot);
    return slot;
  }

  save(): Saved | undefined {
    if (this.#slots.length === 0) return undefined;
    return this.#slots.flatMap((s) => [
      s.fromMs,
      s.high,
      s.low,
      s.announcedHigh,
      s.announcedLow,
      s.barUntil,
      s.barHigh,
      s.barLow,
    ]);
  }
}

/** The first tick of a session that bars told so far. */
function beginTicks(slot: SessionSlot, print: Print): void {
  if (print.t < slot.barUntil) {
    [slot.high, slot.low] = [print.high, print.low];
    [slot.announcedHigh, slot.announcedLow] = [print.high, print.low];
  }
  slot.barUntil = 0;
}

/** See the top of the file. */
export const sessionExtremes: Detector = {
  name: "session_extremes",
  kinds: ["session_high", "session_low"],
  thresholds: [STEP_PERCENT, BAR_PERCENT],
  prepare(read) {
    const stepRatio = read(STEP_PERCENT) / 100;
    const barPercent = read(BAR_PERCENT);
    return (saved) => new SessionExtremes(stepRatio, barPercent, saved);
  },
};
