/** Markets made up for property tests: lively, with bursts, silences, late prints, corrections and changes of session. */
import fc from "fast-check";
import type { SymbolEvent } from "../../src/feed/event.ts";
import { aFairValue, aMinute, aSecond, aTrade } from "../support/event_factory.ts";

/** 14:25 UTC of a Monday, five minutes before New York opens. */
const START = Date.UTC(2026, 2, 2, 14, 25);

interface Step {
  readonly waitMs: number;
  readonly move: number;
  readonly size: number;
  readonly lateMs: number;
  readonly what: "trade" | "second" | "fmv";
  readonly off: number;
}

const step = fc.record({
  waitMs: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 0, max: 6000 }) },
    { weight: 2, arbitrary: fc.integer({ min: 5000, max: 40_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 40_000, max: 300_000 }) },
  ),
  // Mostly small steps, with a drift now and then long enough to trend.
  move: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -10, max: 12 }) },
    fc.integer({ min: -120, max: 120 }),
  ),
  size: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 300 }) },
    fc.integer({ min: 300, max: 9000 }),
  ),
  lateMs: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 15_000 })),
  what: fc.constantFrom("trade", "trade", "trade", "fmv"),
  off: fc.integer({ min: -400, max: 400 }),
}) satisfies fc.Arbitrary<Step>;

/** Ticks and fair values of one symbol. `ticks`: trades, second bars, or both; prices in whole cents. */
export const market = (
  ticks: "trade" | "second" | "both",
  steps = 160,
): fc.Arbitrary<readonly SymbolEvent[]> =>
  fc.array(step, { minLength: 40, maxLength: steps }).map((rows) => {
    let t = START;
    let cents = 10_000;
    return rows.flatMap((row, n): SymbolEvent[] => {
      t += row.waitMs;
      cents = Math.max(100, cents + row.move);
      const at = t - row.lateMs;
      const common = { rx: t + 5 };
      if (row.what === "fmv") return [aFairValue({ ...common, t, fmv: (cents * (10_000 + row.off)) / 1e6 })];
      const trade = aTrade({ ...common, t: at, price: cents / 100, size: row.size, tid: `${n}` });
      const bar = aSecond({
        ...common,
        t: Math.floor(at / 1000) * 1000,
        open: cents / 100,
        high: (cents + 2) / 100,
        low: (cents - 2) / 100,
        close: cents / 100,
        volume: row.size,
      });
      return ticks === "trade" ? [trade] : ticks === "second" ? [bar] : [trade, bar];
    });
  });

/** Minute bars of one session: in order, late, or corrected. */
export const minuteBars = fc.array(
  fc.record({
    minute: fc.integer({ min: -6, max: 2 }),
    open: fc.integer({ min: 9900, max: 10_100 }),
    close: fc.integer({ min: 9650, max: 10_350 }),
    wick: fc.constantFrom(0, 0, 0, 10),
    volume: fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 0, max: 200 }) },
      fc.integer({ min: 0, max: 2000 }),
    ),
  }),
  { minLength: 5, maxLength: 60 },
).map((rows) => {
  let newest = 10;
  return rows.map(({ minute, open, close, wick, volume }) => {
    const at = minute > 0 ? newest += minute : Math.max(0, newest + (minute < -3 ? 1 : minute));
    newest = Math.max(newest, at);
    const t = Date.UTC(2026, 2, 2, 15) + at * 60_000;
    return aMinute({
      t,
      rx: t + 60_020,
      open: open / 100,
      close: close / 100,
      high: (Math.max(open, close) + wick) / 100,
      low: (Math.min(open, close) - wick) / 100,
      volume,
    });
  });
});
