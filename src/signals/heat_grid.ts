/**
 * The map of one symbol, sparse: levels that stand, sorted into time columns and price bins. Bins are about a thousandth of the
 * price wide, a round number of it; where the map would not fit {@link CONTENT_MAX_CHARS}, the next rounder width is taken,
 * until it does. Everything follows from the bars, so equal bars give equal text.
 */
import type { HeatmapContent } from "../feed/heatmap_content.ts";
import type { HeatBars } from "./heat_bars.ts";

/** Room for the content; with the common fields around it an event stays under 16 kB. */
export const CONTENT_MAX_CHARS = 15_500;
/** Columns at most; a window with more gets wider ones. */
export const MAX_COLUMNS = 400;
/** Everything but the cells. */
const FRAME_CHARS = 500;
/** Of the price. */
const BIN_SHARE = 0.001;
const MINUTE_MS = 60_000;

/** How wide columns are: `interval`, or its smallest multiple that keeps the window within {@link MAX_COLUMNS}. In ms. */
export const columnMs = (windowMinutes: number, intervalMinutes: number): number =>
  intervalMinutes * Math.ceil(windowMinutes / intervalMinutes / MAX_COLUMNS) * MINUTE_MS;

/** What is said of a symbol without bars. */
export const EMPTY_CONTENT: HeatmapContent = {
  price: null,
  newest: null,
  stale: false,
  bins: { low: 0, step: 0, count: 0 },
  columns: { from: 0, intervalMs: 0, count: 0 },
  unit: 1,
  cells: [],
  exposure: { in: 0, shown: 0, consumed: 0 },
};

/** A bin width: 1, 2 or 5 times a power of ten, as parts of one whole number each, for 0.1 has no exact double. */
interface Step {
  readonly digit: 1 | 2 | 5;
  readonly exponent: number;
}

const widthOf = ({ digit, exponent }: Step): number =>
  exponent < 0 ? digit / 10 ** -exponent : digit * 10 ** exponent;

/** The widest step not wider than `width`. */
function stepUpTo(width: number): Step {
  const exponent = Math.floor(Math.log10(width));
  for (const digit of [5, 2] as const) {
    const step = { digit, exponent };
    if (widthOf(step) <= width) return step;
  }
  return { digit: 1, exponent };
}

const widerStep = ({ digit, exponent }: Step): Step =>
  digit === 1
    ? { digit: 2, exponent }
    : digit === 2
    ? { digit: 5, exponent }
    : { digit: 1, exponent: exponent + 1 };

/** Amount by bin, per column. */
type Grid = readonly (readonly (readonly [bin: number, amount: number])[])[];

interface StandingLevel {
  readonly column: number;
  readonly price: number;
  readonly amount: number;
}

function sortIntoBins(levels: readonly StandingLevel[], columns: number, width: number): Grid {
  const sums = Array.from({ length: columns }, () => new Map<number, number>());
  for (const { column, price, amount } of levels) {
    const bin = Math.floor(price / width);
    const sum = sums[column];
    sum?.set(bin, (sum.get(bin) ?? 0) + amount);
  }
  return sums.map((column) => [...column].sort(([a], [b]) => a - b));
}

/** Largest amount shown, in units. */
const MAX_AMOUNT = 999;
/** Digits of a bin's edge that are shown: enough for any width, few enough to hide the error of the multiplication. */
const EDGE_DIGITS = 12;

function unitOf(grid: Grid): number {
  let most = 0;
  for (const column of grid) for (const [, amount] of column) most = Math.max(most, amount);
  return most <= MAX_AMOUNT ? 1 : 10 ** Math.ceil(Math.log10(most / MAX_AMOUNT));
}

/** Amounts in units: what rounding leaves over goes on to the next cell, so the sum stays right; cells without a unit fall away. */
function shownCells(grid: Grid, lowest: number, unit: number): number[][] {
  let over = 0;
  return grid.map((column) => {
    const cells: number[] = [];
    for (const [bin, amount] of column) {
      const exact = amount / unit + over;
      const shown = Math.round(exact);
      over = exact - shown;
      if (shown > 0) cells.push(bin - lowest, shown);
    }
    return cells;
  });
}

function shownGrid(grid: Grid, width: number): Pick<HeatmapContent, "bins" | "unit" | "cells"> {
  const bins = grid.flatMap((column) => column.map(([bin]) => bin));
  let lowest = Infinity, highest = -Infinity;
  for (const bin of bins) {
    if (bin < lowest) lowest = bin;
    if (bin > highest) highest = bin;
  }
  if (bins.length === 0) {
    return { bins: { low: 0, step: width, count: 0 }, unit: 1, cells: grid.map(() => []) };
  }
  const unit = unitOf(grid);
  const low = Number((lowest * width).toPrecision(EDGE_DIGITS));
  return {
    bins: { low, step: width, count: highest - lowest + 1 },
    unit,
    cells: shownCells(grid, lowest, unit),
  };
}

/** The map as it stands; `stale` is the caller's to know. */
export function heatmapContent(bars: HeatBars, stale: boolean): HeatmapContent {
  const newest = bars.newest;
  if (newest === undefined) return EMPTY_CONTENT;
  const { intervalMs, windowMs } = bars;
  const columns = { from: bars.windowFrom(newest.t), intervalMs, count: windowMs / intervalMs };
  const levels: StandingLevel[] = [];
  const exposure = { in: 0, shown: 0, consumed: 0 };
  bars.visit(({ t, price, amount }, stands) => {
    exposure.in += amount;
    exposure[stands ? "shown" : "consumed"] += amount;
    if (stands) levels.push({ column: Math.floor((t - columns.from) / intervalMs), price, amount });
  });
  const draw = (step: Step) => shownGrid(sortIntoBins(levels, columns.count, widthOf(step)), widthOf(step));
  let step = stepUpTo(newest.close * BIN_SHARE);
  let shown = draw(step);
  while (JSON.stringify(shown.cells).length > CONTENT_MAX_CHARS - FRAME_CHARS) {
    step = widerStep(step);
    shown = draw(step);
  }
  return { price: newest.close, newest: newest.end, stale, ...shown, columns, exposure };
}
