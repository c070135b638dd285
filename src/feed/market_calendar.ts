/**
 * When markets trade. Stocks: pre-market 04:00, regular 09:30, after hours 16:00 to 20:00 in New York; on half days regular
 * ends at 13:00 and after hours at 17:00. Crypto: one session a UTC day. Pure arithmetic, no `Intl`; answers are shared objects
 * remembered per day, so asking on every event costs tens of nanoseconds (`bench/signals_bench.ts`).
 */
import { DAY_MS, type DayNumber, dayText, isDaylightTime, tradingDayOf } from "./trading_day.ts";
import type { Market } from "./wire_fields.ts";

/** Where in its day a market is. Crypto is always `regular`. */
export type MarketPhase = "pre" | "regular" | "after" | "closed";

/** One unbroken phase of one day. Objects are shared: compare by identity to see whether two times are of one session. */
export interface MarketSession {
  readonly phase: MarketPhase;
  /** `YYYY-MM-DD`: the New York date for stocks, the UTC date for crypto. */
  readonly dayKey: string;
  /** When this phase began, Unix ms. */
  readonly fromMs: number;
  /** When it ends, exclusive. A closed phase ends with its date at the latest; the next may be closed too. */
  readonly untilMs: number;
  /** The regular session of this date; undefined on days without one. */
  readonly opensAt: number | undefined;
  readonly closesAt: number | undefined;
}

const HOUR_MS = 3_600_000;
const PRE_FROM_HOUR = 4, OPEN_HOUR = 9.5, CLOSE_HOUR = 16, AFTER_UNTIL_HOUR = 20;
const HALF_CLOSE_HOUR = 13, HALF_AFTER_UNTIL_HOUR = 17;
const DAYLIGHT_OFFSET_MS = 4 * HOUR_MS, STANDARD_OFFSET_MS = 5 * HOUR_MS;

/** Days remembered per market; over it the memory starts again (a replay of years must not grow it). */
const REMEMBERED_DAYS = 512;

/** `X:BTC-USD` is crypto, everything else trades in New York. */
export const marketOfSymbol = (symbol: string): Market => symbol.startsWith("X:") ? "crypto" : "stocks";

/** Midnight in New York at the start of a date. Clocks change at 2:00, so midnight still has the offset of the day before. */
const newYorkMidnight = (day: DayNumber): number =>
  day * DAY_MS + (isDaylightTime(day - 1) ? DAYLIGHT_OFFSET_MS : STANDARD_OFFSET_MS);

/** The phases of one New York date, in order. */
function stockPhases(day: DayNumber): readonly MarketSession[] {
  const dayKey = dayText(day);
  const fromMs = newYorkMidnight(day);
  const untilMs = newYorkMidnight(day + 1);
  const kind = tradingDayOf(day);
  const noHours = { opensAt: undefined, closesAt: undefined };
  if (kind === "closed") return [{ phase: "closed", dayKey, fromMs, untilMs, ...noHours }];
  // Wall-clock hours from the offset of the day itself: a change of clocks falls on a Sunday, which is closed.
  const at = (hour: number) => fromMs + hour * HOUR_MS;
  const half = kind === "half";
  const hours = { opensAt: at(OPEN_HOUR), closesAt: at(half ? HALF_CLOSE_HOUR : CLOSE_HOUR) };
  const last = at(half ? HALF_AFTER_UNTIL_HOUR : AFTER_UNTIL_HOUR);
  return [
    { phase: "closed", dayKey, fromMs, untilMs: at(PRE_FROM_HOUR), ...hours },
    { phase: "pre", dayKey, fromMs: at(PRE_FROM_HOUR), untilMs: hours.opensAt, ...hours },
    { phase: "regular", dayKey, fromMs: hours.opensAt, untilMs: hours.closesAt, ...hours },
    { phase: "after", dayKey, fromMs: hours.closesAt, untilMs: last, ...hours },
    { phase: "closed", dayKey, fromMs: last, untilMs, ...hours },
  ];
}

function cryptoPhases(day: DayNumber): readonly MarketSession[] {
  const fromMs = day * DAY_MS;
  const untilMs = fromMs + DAY_MS;
  return [{ phase: "regular", dayKey: dayText(day), fromMs, untilMs, opensAt: fromMs, closesAt: untilMs }];
}

/** The days of one market, worked out once each; a memo of a pure function. */
class Days {
  readonly #days = new Map<DayNumber, readonly MarketSession[]>();
  #last: MarketSession | undefined;

  /** `earliestOffsetMs`: the earliest a local day can begin after UTC's. */
  constructor(
    readonly earliestOffsetMs: number,
    readonly phasesOf: (day: DayNumber) => readonly MarketSession[],
  ) {}

  at(ms: number): MarketSession {
    const last = this.#last;
    if (last !== undefined && ms >= last.fromMs && ms < last.untilMs) return last;
    const day = Math.floor((ms - this.earliestOffsetMs) / DAY_MS);
    const found = this.#find(day, ms) ?? this.#find(day - 1, ms);
    if (found === undefined) {
      throw new RangeError(`Cannot place a time in a market's day: current value is ${ms}`);
    }
    this.#last = found;
    return found;
  }

  #find(day: DayNumber, ms: number): MarketSession | undefined {
    let phases = this.#days.get(day);
    if (phases === undefined) {
      if (this.#days.size >= REMEMBERED_DAYS) this.#days.clear();
      phases = this.phasesOf(day);
      this.#days.set(day, phases);
    }
    for (const phase of phases) if (ms >= phase.fromMs && ms < phase.untilMs) return phase;
    return undefined;
  }
}

const DAYS: Readonly<Record<Market, Days>> = {
  stocks: new Days(DAYLIGHT_OFFSET_MS, stockPhases),
  crypto: new Days(0, cryptoPhases),
};

/** Times a `Date` can hold, a few days short of its ends. */
const TIME_LIMIT_MS = 8.64e15 - 3 * DAY_MS;

/** What a time no date can hold is part of: nothing trades then, and nothing outside may make us throw. */
const NO_TIME: MarketSession = {
  phase: "closed",
  dayKey: "",
  fromMs: -Infinity,
  untilMs: Infinity,
  opensAt: undefined,
  closesAt: undefined,
};

/** The phase a market is in at a time. Exact for New York from 2007 (daylight rules), for half days from 2013. Never throws. */
export const sessionAt = (market: Market, ms: number): MarketSession =>
  Math.abs(ms) <= TIME_LIMIT_MS ? DAYS[market].at(ms) : NO_TIME;

/** No closure has more phases than this: ten days, each with up to three closed ones. */
const LONGEST_CLOSURE_PHASES = 30;

/** When the market next is in a phase other than `closed`, Unix ms; `ms` itself when it is now. */
export function nextOpenAt(market: Market, ms: number): number {
  let session = sessionAt(market, ms);
  for (let n = 0; session.phase === "closed" && n < LONGEST_CLOSURE_PHASES; n++) {
    session = sessionAt(market, session.untilMs);
  }
  return Math.max(session.fromMs, ms);
}
