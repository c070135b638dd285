/**
 * Bars merged so that nothing of OHLCV is lost: first `t`, last `end` and `id`, open first, high max, low min, close last,
 * volume sum, vwap by volume, last day values, `n` merged. Pure. A bar that corrects or replaces another (`rev`, `synthetic`,
 * a window seen before) is a series of its own and is never merged.
 */
import { z } from "zod";

/** A bar as it stands in a list: what merging reads; everything else is carried along. */
const ListedBar = z.looseObject({
  id: z.string(),
  type: z.string(),
  sym: z.string(),
  t: z.number(),
  rx: z.number(),
  end: z.number(),
  open: z.number(),
  high: z.number(),
  low: z.number(),
  close: z.number(),
  volume: z.number(),
  vwap: z.number().optional(),
  avgSize: z.number().optional(),
});

/** See {@link readBar}. */
export type ListedBar = z.infer<typeof ListedBar>;

/** A bar of a list, or undefined when it must pass as it is: not a bar after all, a correction, a synthetic one. */
export function readBar(text: string): ListedBar | undefined {
  const value: unknown = JSON.parse(text);
  const parsed = ListedBar.safeParse(value);
  return parsed.success && !("rev" in parsed.data) && !("synthetic" in parsed.data) ? parsed.data : undefined;
}

/** Whether `next` goes on where `earlier` ends or later: only such bars may become one. */
export const follows = (earlier: ListedBar, next: ListedBar): boolean => next.t >= earlier.end;

/** Volume-weighted mean of a field; undefined when a bar with volume lacks it. */
function weighted(bars: readonly ListedBar[], field: "vwap"): number | undefined {
  let sum = 0;
  let volume = 0;
  for (const bar of bars) {
    const value = bar[field];
    if (bar.volume === 0) continue;
    if (value === undefined) return undefined;
    sum += value * bar.volume;
    volume += bar.volume;
  }
  return volume === 0 ? bars.at(-1)?.[field] : sum / volume;
}

/** Mean trade size over all: volume over trades, trades being each bar's volume over its own mean. */
function meanSize(bars: readonly ListedBar[]): number | undefined {
  let trades = 0;
  let volume = 0;
  for (const bar of bars) {
    if (bar.volume === 0) continue;
    if (bar.avgSize === undefined || bar.avgSize === 0) return undefined;
    trades += bar.volume / bar.avgSize;
    volume += bar.volume;
  }
  return trades === 0 ? bars.at(-1)?.avgSize : volume / trades;
}

/**
 * One bar of several, in the order of their windows; the text of the merged event.
 * @param bars two or more, each following the one before
 */
export function mergeBars(bars: readonly ListedBar[]): string {
  const first = bars[0];
  const last = bars.at(-1);
  if (first === undefined || last === undefined) return "";
  let { high, low } = first;
  let volume = 0;
  for (const bar of bars) {
    if (bar.high > high) high = bar.high;
    if (bar.low < low) low = bar.low;
    volume += bar.volume;
  }
  return JSON.stringify({
    ...last,
    t: first.t,
    open: first.open,
    high,
    low,
    volume,
    vwap: weighted(bars, "vwap"),
    avgSize: meanSize(bars),
    n: bars.length,
  });
}
