/**
 * The map of one symbol, sparse: levels that stand, sorted into time columns and price bins. Bins are about a thousandth of the
 * price wide, a round number of it. Where the map would not fit {@link CONTENT_MAX_CHARS}, bins get wider step by step, up to
 * a two-hundredth of the price, and after that columns do, until it fits. Everything follows from the bars, so equal bars give
 * equal text.
 */
import type { HeatmapContent } from "../../feed/heatmap_content.ts";
import type { HeatBars, Level } from "./heat_bars.ts";

/** Room for the content; with the common fields around it an event stays under 16 kB. */
export const CONTENT_MAX_CHARS = 15_500;
/** Columns at most; a window with more gets wider ones. */
export const MAX_COLUMNS = 400;
/** Everything but the cells. */
const FRAME_CHARS = 500;
/** A bin's width as a share of the price: at first, and at most. */
const BIN_SHARE = 0.001;
const MAX_BIN_SHARE = 0.005;
/** A level this close below a bin's edge (in bins) lies on it: 100 × 1.005 is a trace under 100.5. */
const EDGE_TOLERANCE = 1e-9;
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

/** Time columns; the newest ends with the window. */
type Columns = HeatmapContent["columns"];

/** The same window in columns `by` times as wide; the oldest may begin before it. */
function widerColumns({ from, intervalMs, count }: Columns, by: number): Columns {
  const wide = Math.ceil(count / by);
  return { from: from - (wide * by - count) * intervalMs, intervalMs: intervalMs * by, count: wide };
}

/** A level in its column. */
interface Placed {
  readonly price: number;
  readonly amount: number;
}

/** Levels by column, by price in each: what every bin width is drawn from. */
function sortIntoColumns(
  levels: readonly Level[],
  { from, intervalMs, count }: Columns,
): readonly (readonly Placed[])[] {
  const columns = Array.from({ length: count }, (): Placed[] => []);
  for (const level of levels) columns[Math.floor((level.t - from) / intervalMs)]?.push(level);
  for (const column of columns) column.sort((a, b) => a.price - b.price);
  return columns;
}

/** Amounts by bin, `[bin, amount, …]` for each column, bins counted from price 0. */
interface Grid {
  readonly columns: readonly (readonly number[])[];
  readonly lowest: number;
  readonly highest: number;
  readonly most: number;
}

/** Sums up the levels of each bin: they stand side by side already. */
function sumBins(placed: readonly (readonly Placed[])[], width: number): Grid {
  let lowest = Infinity, highest = -Infinity, most = 0;
  const columns = placed.map((levels) => {
    const cells: number[] = [];
    let bin = -1, amount = 0;
    const close = () => {
      if (amount > 0) cells.push(bin, amount);
      if (amount > most) most = amount;
    };
    for (const level of levels) {
      const next = Math.floor(level.price / width + EDGE_TOLERANCE);
      if (next !== bin) {
        close();
        [bin, amount] = [next, 0];
        if (next < lowest) lowest = next;
        if (next > highest) highest = next;
      }
      amount += level.amount;
    }
    close();
    return cells;
  });
  return { columns, lowest, highest, most };
}

/** Largest amount shown, in units. */
const MAX_AMOUNT = 999;
/** Digits of a bin's edge that are shown: enough for any width, few enough to hide the error of the multiplication. */
const EDGE_DIGITS = 12;

const unitOf = (most: number): number =>
  most <= MAX_AMOUNT ? 1 : 10 ** Math.ceil(Math.log10(most / MAX_AMOUNT));

/** Amounts in units: what rounding leaves over goes on to the next cell, so the sum stays right; cells without a unit fall away. */
function shownCells({ columns, lowest }: Grid, unit: number): number[][] {
  let over = 0;
  return columns.map((column) => {
    const cells: number[] = [];
    for (let n = 0; n + 1 < column.length; n += 2) {
      const exact = (column[n + 1] ?? 0) / unit + over;
      const shown = Math.round(exact);
      over = exact - shown;
      if (shown > 0) cells.push((column[n] ?? 0) - lowest, shown);
    }
    return cells;
  });
}

/** What {@link shownCells} takes as JSON, without writing it: numbers here are whole and short. */
function charsOf(cells: readonly (readonly number[])[]): number {
  let chars = 2;
  for (const column of cells) {
    chars += 3;
    for (const number of column) chars += number < 10 ? 2 : number < 100 ? 3 : number < 1000 ? 4 : 8;
  }
  return chars;
}

/** Merging columns saves less than in proportion: a guess from the excess, kept narrow so as not to end too coarse. */
const NARROW_GUESS = 0.9;

type Shown = Pick<HeatmapContent, "bins" | "columns" | "unit" | "cells">;

/** The finest map that fits. */
function drawToFit(levels: readonly Level[], columns: Columns, price: number): Shown {
  let step = stepUpTo(price * BIN_SHARE);
  if (levels.length === 0) {
    const bins = { low: 0, step: widthOf(step), count: 0 };
    return { bins, columns, unit: 1, cells: Array.from({ length: columns.count }, () => []) };
  }
  let by = 1;
  let wide = columns;
  let placed = sortIntoColumns(levels, columns);
  for (;;) {
    const width = widthOf(step);
    const grid = sumBins(placed, width);
    const unit = unitOf(grid.most);
    const cells = shownCells(grid, unit);
    const over = charsOf(cells) / (CONTENT_MAX_CHARS - FRAME_CHARS);
    if (by >= columns.count || over <= 1) {
      const low = Number((grid.lowest * width).toPrecision(EDGE_DIGITS));
      const bins = { low, step: width, count: grid.highest - grid.lowest + 1 };
      return { bins, columns: wide, unit, cells };
    }
    const wider = widerStep(step);
    if (widthOf(wider) <= price * MAX_BIN_SHARE) step = wider;
    else {
      by = Math.max(by + 1, Math.floor(by * over * NARROW_GUESS));
      wide = widerColumns(columns, by);
      placed = sortIntoColumns(levels, wide);
    }
  }
}

/** The map as it stands; `stale` is the caller's to know. */
export function heatmapContent(bars: HeatBars, stale: boolean): HeatmapContent {
  const newest = bars.newest;
  if (newest === undefined) return EMPTY_CONTENT;
  const { intervalMs, windowMs } = bars;
  const columns = { from: bars.windowFrom(newest.t), intervalMs, count: windowMs / intervalMs };
  const levels: Level[] = [];
  const exposure = { in: 0, shown: 0, consumed: 0 };
  bars.visit((level, stands) => {
    exposure.in += level.amount;
    exposure[stands ? "shown" : "consumed"] += level.amount;
    if (stands) levels.push(level);
  });
  const shown = drawToFit(levels, columns, newest.close);
  return { price: newest.close, newest: newest.end, stale, ...shown, exposure };
}
