/**
 * A heatmap event as a grid to draw (`docs/heatmap.md`): sparse cells become standing exposure per column and price bin. Pure,
 * and careful: a cell outside its own map is left out rather than drawn somewhere.
 */

/** What is drawn. */
export interface HeatGrid {
  readonly columns: number;
  readonly bins: number;
  /** Standing amount at column `c`, bin `b` is `values[b * columns + c]`: everything built up until then. */
  readonly values: Float64Array;
  /** The amount that is shown at full strength: nearly the greatest. */
  readonly strong: number;
  /** Price of the lowest bin's lower edge, and a bin's width. */
  readonly low: number;
  readonly step: number;
  /** Start of the first column, Unix ms, and a column's width. */
  readonly from: number;
  readonly intervalMs: number;
  readonly price: number | undefined;
  readonly stale: boolean;
  /** Everything that stands. */
  readonly shown: number;
}

/** Cells a grid may have: beyond it the map is nonsense. */
export const GRID_CELLS_MAX = 1_000_000;
/** Rows drawn at most; finer bins are joined. */
export const GRID_BINS_MAX = 96;
/** The share of the exposure that decides which prices are worth showing. */
const SHOWN_SHARE = 0.97;

type Fields = Readonly<Record<string, unknown>>;

const numberIn = (fields: unknown, name: string): number => {
  const value = (fields as Fields | undefined)?.[name];
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
};

/** Lowest and highest bin that hold {@link SHOWN_SHARE} of everything, the thin tails cut off equally. */
function coreBins(perBin: Float64Array): readonly [number, number] {
  const tail = perBin.reduce((sum, amount) => sum + amount, 0) * (1 - SHOWN_SHARE) / 2;
  let first = 0, last = perBin.length - 1;
  for (let sum = perBin[first] ?? 0; sum < tail && first < last; sum += perBin[first] ?? 0) first++;
  for (let sum = perBin[last] ?? 0; sum < tail && last > first; sum += perBin[last] ?? 0) last--;
  return [first, last];
}

/** The amount that nineteen of twenty cells stay under: one great level must not make all others pale. */
function strongAmount(values: Float64Array): number {
  const standing = values.filter((value) => value > 0).sort();
  return standing[Math.floor(standing.length * 0.985)] ?? 0;
}

/** Columns shown at least, however young the map. */
const COLUMNS_MIN = 12;

/**
 * Makes the grid; undefined when the event is empty or no heatmap of this form.
 * @param spanPercent Show prices so far above and below the price; everything but thin tails when left out.
 */
export function heatGrid(event: Fields, spanPercent?: number): HeatGrid | undefined {
  const count = numberIn(event.bins, "count"), step = numberIn(event.bins, "step");
  const total = numberIn(event.columns, "count"), intervalMs = numberIn(event.columns, "intervalMs");
  if (!Array.isArray(event.cells) || count < 1 || total < 1 || step <= 0 || count * total > GRID_CELLS_MAX) {
    return undefined;
  }
  const cells = readCells(event.cells, total, count, numberIn(event, "unit") || 1);
  const oldest = cells.reduce((least, { column }) => Math.min(least, column), total);
  if (cells.length === 0) return undefined;
  // The time before the first level is empty: a young map is drawn as wide as it is old.
  const skipped = Math.max(0, Math.min(oldest - 1, total - COLUMNS_MIN));
  const columns = total - skipped;
  const perBin = new Float64Array(count);
  for (const { bin, amount } of cells) perBin[bin] = (perBin[bin] ?? 0) + amount;
  const price = numberIn(event, "price");
  const near = price * (spanPercent ?? 0) / 100;
  const binOf = (at: number) => Math.floor((at - numberIn(event.bins, "low")) / step);
  const [first, last] = near > 0
    ? [Math.max(0, binOf(price - near)), Math.min(count - 1, binOf(price + near))]
    : coreBins(perBin);
  if (first > last) return undefined;
  const join = Math.ceil((last - first + 1) / GRID_BINS_MAX);
  const bins = Math.ceil((last - first + 1) / join);
  const values = new Float64Array(bins * columns);
  for (const { column, bin, amount } of cells) {
    if (bin < first || bin > last) continue;
    const row = Math.floor((bin - first) / join) * columns;
    for (let at = row + column - skipped; at < row + columns; at++) values[at] = (values[at] ?? 0) + amount;
  }
  return {
    columns,
    bins,
    values,
    strong: strongAmount(values),
    low: numberIn(event.bins, "low") + first * step,
    step: step * join,
    from: numberIn(event.columns, "from") + skipped * intervalMs,
    intervalMs,
    price: price > 0 ? price : undefined,
    stale: event.stale === true,
    shown: numberIn(event.exposure, "shown"),
  };
}

interface Cell {
  readonly column: number;
  readonly bin: number;
  readonly amount: number;
}

/** Per column `[bin, amount, bin, amount, …]`, as cells; what lies outside the map or is no number is left out. */
function readCells(columns: readonly unknown[], total: number, bins: number, unit: number): Cell[] {
  const cells: Cell[] = [];
  columns.slice(0, total).forEach((pairs, column) => {
    if (!Array.isArray(pairs)) return;
    for (let at = 0; at + 1 < pairs.length; at += 2) {
      const bin: unknown = pairs[at], amount: unknown = pairs[at + 1];
      if (typeof bin !== "number" || typeof amount !== "number") continue;
      if (bin >= 0 && bin < bins && amount > 0) {
        cells.push({ column, bin: Math.floor(bin), amount: amount * unit });
      }
    }
  });
  return cells;
}

/** Round prices between two, about `count` of them. */
export function niceTicks(low: number, high: number, count: number): number[] {
  const span = high - low;
  if (!(span > 0) || count < 1) return [];
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= raw) ?? raw;
  const ticks: number[] = [];
  for (let n = Math.ceil(low / step); n * step <= high; n++) ticks.push(Number((n * step).toPrecision(12)));
  return ticks;
}
