/** Series of bars as a market sends them, and what a chart makes of them: the law of merging is stated in these words. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { MinuteBar, SecondBar } from "../../../src/feed/event.ts";
import { A_MONDAY, aMinute, aSecond } from "../../support/event_factory.ts";

/** A bar of either width, `n` where it stands for several. */
export type Bar = (SecondBar | MinuteBar) & { readonly n?: number };

/** How a bar comes about: the next window or one further on, a correction, one made up, and the real one in its place. */
type Kind = "next" | "correction" | "synthetic" | "replacement";

interface Shape {
  readonly sym: string;
  readonly kind: Kind;
  readonly skipped: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly vwap: number;
}

/** Symbols of a series. */
export const SERIES_SYMBOLS = ["AAPL", "X:BTC-USD"];

/** A sum of some 40 volumes and turnovers is off by no more of itself: 2^-52 for each addition, with room. */
const SUM_TOLERANCE = 1e-12;

const price = fc.integer({ min: 1, max: 100_000 }).map((cents) => cents / 100);
const volume = fc.oneof(
  fc.integer({ min: 0, max: 1_000_000 }),
  fc.double({ min: 1e-8, max: 1e6, noNaN: true }),
);
const kind = fc.oneof(
  { weight: 9, arbitrary: fc.constant<Kind>("next") },
  { weight: 1, arbitrary: fc.constantFrom<Kind>("correction", "synthetic", "replacement") },
);
const skipped = fc.constantFrom(0, 0, 0, 1, 5);

/** What bars are made of, in the order of their arrival. */
export const shapes: fc.Arbitrary<readonly Shape[]> = fc.array(
  fc.record({
    sym: fc.constantFrom(...SERIES_SYMBOLS),
    kind,
    skipped,
    open: price,
    high: price,
    low: price,
    close: price,
    volume,
    vwap: price,
  }),
  { maxLength: 40, size: "max" },
);

/** Bars of these shapes, each symbol's windows going on from its last; `dayVolume` says which one a bar is. */
export function seriesOf(type: "second" | "minute", all: readonly Shape[]): readonly Bar[] {
  const widthMs = type === "second" ? 1000 : 60_000;
  const next = new Map<string, number>();
  return all.map(({ kind, skipped, ...figures }, n) => {
    const at = next.get(figures.sym) ?? 0;
    const isNew = at === 0 || kind === "next" || kind === "synthetic";
    const window = isNew ? at + skipped : Math.max(0, at - 1 - (kind === "correction" ? skipped : 0));
    if (isNew) next.set(figures.sym, window + 1);
    const t = A_MONDAY + window * widthMs;
    const own = { ...figures, t, end: t + widthMs, dayVolume: n };
    const bar = type === "second" ? aSecond(own) : aMinute(own);
    return {
      ...bar,
      ...(kind === "correction" && { rev: 1 }),
      ...(kind === "synthetic" && { synthetic: true }),
    };
  });
}

/** Which of them stand alone: corrections, made up ones, and windows that were there before. */
export function loners(series: readonly Bar[]): ReadonlySet<Bar> {
  const newest = new Map<string, number>();
  return new Set(series.filter((bar) => {
    const last = newest.get(bar.sym) ?? -Infinity;
    newest.set(bar.sym, Math.max(last, bar.t));
    return bar.t <= last || "rev" in bar || "synthetic" in bar;
  }));
}

/** What a chart makes of a run of bars. */
function fold(bars: readonly Bar[]) {
  const [first, last] = [bars[0], bars.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const sum = (of: (bar: Bar) => number) => bars.reduce((total, bar) => total + of(bar), 0);
  return {
    exact: {
      open: first.open,
      high: Math.max(...bars.map(({ high }) => high)),
      low: Math.min(...bars.map(({ low }) => low)),
      close: last.close,
      from: first.t,
      to: last.end,
      count: sum(({ n }) => n ?? 1),
    },
    volume: sum(({ volume }) => volume),
    turnover: sum(({ vwap, volume }) => (vwap ?? 0) * volume),
  };
}

/** The law: `given` says of every symbol what `series` says, and has each bar that stands alone as it is. */
export function assertSameFold(given: readonly Bar[], series: readonly Bar[]): void {
  const alone = loners(series);
  const places = new Set([...alone].map(({ dayVolume }) => dayVolume));
  const isAlone = (bar: Bar) => places.has(bar.dayVolume);
  assertEquals(given.filter(isAlone).map(withoutId), [...alone]);
  for (const sym of SERIES_SYMBOLS) {
    const whole = fold(series.filter((bar) => bar.sym === sym && !alone.has(bar)));
    const merged = fold(given.filter((bar) => bar.sym === sym && !isAlone(bar)));
    assertEquals(merged?.exact, whole?.exact);
    for (const what of ["volume", "turnover"] as const) {
      const [one, other] = [merged?.[what] ?? 0, whole?.[what] ?? 0];
      assertAlmostEquals(one, other, SUM_TOLERANCE * other, `${what} of ${sym}`);
    }
  }
  assert(given.length <= series.length, "no more than there were");
}

const withoutId = (bar: Bar): Bar => {
  const { id: _id, ...rest } = bar;
  return rest;
};
