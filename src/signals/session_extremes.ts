/**
 * `session_high` and `session_low`: a print above (below) every earlier one of its session. Pre-market, regular trading and
 * after hours are sessions of their own; crypto's is the UTC day. Prints while the market is closed are rare but real (and
 * replays come when they come): such a time is a session too, named `closed`. A session's first print is where it starts, not an extreme.
 * The key names session and price, so the same extreme is one alert however often it is computed.
 *
 * Two sessions are held at once: late prints of the one before go to their own, and a stray time in the future takes the
 * place of the one less in use instead of wiping the day.
 */
import { type Detector, type DetectorMemory, type Emit, type Saved, savedNumbers } from "./detector.ts";
import type { MarketSession } from "../feed/market_calendar.ts";
import type { Print } from "./print.ts";
import type { ThresholdSpec } from "./threshold.ts";

const STEP_PERCENT: ThresholdSpec = {
  key: "session_step_percent",
  fallback: 0,
  min: 0,
  max: 50,
  help:
    "A session high or low is announced when it is at least so many percent beyond the last one announced; 0 announces each.",
};

interface SessionSlot {
  readonly fromMs: number;
  high: number;
  low: number;
  announcedHigh: number;
  announcedLow: number;
}

/** A day can be closed twice, before trading and after. */
const sessionMark = ({ dayKey, phase, fromMs }: MarketSession): string =>
  phase === "closed" ? `${dayKey}|${phase}@${fromMs}` : `${dayKey}|${phase}`;

const SLOTS = 2;
const NUMBERS_A_SLOT = 5;

class SessionExtremes implements DetectorMemory {
  /** The one last used first. */
  readonly #slots: SessionSlot[] = [];

  constructor(readonly stepRatio: number, saved: unknown) {
    const numbers = savedNumbers(saved, NUMBERS_A_SLOT, true) ?? [];
    for (let n = 0; n + NUMBERS_A_SLOT <= numbers.length && this.#slots.length < SLOTS; n += NUMBERS_A_SLOT) {
      const [fromMs = 0, high = 0, low = 0, announcedHigh = 0, announcedLow = 0] = numbers.slice(n);
      this.#slots.push({ fromMs, high, low, announcedHigh, announcedLow });
    }
  }

  onPrint(print: Print, emit: Emit): void {
    if (!print.setsHighLow) return;
    let slot = this.#slots[0];
    if (slot?.fromMs !== print.session.fromMs) slot = this.#enter(print);
    if (slot === undefined) return;
    if (print.high > slot.high) this.#raise(slot, print, emit);
    if (print.low < slot.low) this.#lower(slot, print, emit);
  }

  #raise(slot: SessionSlot, print: Print, emit: Emit): void {
    const previous = slot.high;
    slot.high = print.high;
    if (print.high < slot.announcedHigh * (1 + this.stepRatio)) return;
    slot.announcedHigh = print.high;
    const { dayKey: day, phase: session } = print.session;
    emit("session_high", `${sessionMark(print.session)}|${print.high}`, {
      price: print.high,
      previous,
      session,
      day,
    });
  }

  #lower(slot: SessionSlot, print: Print, emit: Emit): void {
    const previous = slot.low;
    slot.low = print.low;
    if (print.low > slot.announcedLow * (1 - this.stepRatio)) return;
    slot.announcedLow = print.low;
    const { dayKey: day, phase: session } = print.session;
    emit("session_low", `${sessionMark(print.session)}|${print.low}`, {
      price: print.low,
      previous,
      session,
      day,
    });
  }

  /** The slot of a session that is not the one last used: held already, or new unless it is older than all that are held. */
  #enter(print: Print): SessionSlot | undefined {
    const { fromMs } = print.session;
    const held = this.#slots.findIndex((slot) => slot.fromMs === fromMs);
    if (held < 0 && this.#slots.length > 0 && this.#slots.every((slot) => slot.fromMs > fromMs)) {
      return undefined;
    }
    const { high, low } = print;
    const slot = this.#slots[held] ?? { fromMs, high, low, announcedHigh: high, announcedLow: low };
    this.#slots.splice(held < 0 ? SLOTS - 1 : held, 1);
    this.#slots.unshift(slot);
    return slot;
  }

  save(): Saved | undefined {
    if (this.#slots.length === 0) return undefined;
    return this.#slots.flatMap((s) => [s.fromMs, s.high, s.low, s.announcedHigh, s.announcedLow]);
  }
}

/** See the top of the file. */
export const sessionExtremes: Detector = {
  name: "session_extremes",
  source: "tick",
  kinds: ["session_high", "session_low"],
  thresholds: [STEP_PERCENT],
  prepare(read) {
    const stepRatio = read(STEP_PERCENT) / 100;
    return (saved) => new SessionExtremes(stepRatio, saved);
  },
};
