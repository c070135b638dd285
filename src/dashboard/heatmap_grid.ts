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
export const GRID_BINS_MAX = 160;
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

/** Makes the grid; undefined when the event is empty or no heatmap of this form. */
export function heatGrid(event: Fields): HeatGrid | undefined {
  const { cells } = event;
  const count = numberIn(event.bins, "count"), step = numberIn(event.bins, "step");
  const columns = numberIn(event.columns, "count");
  if (!Array.isArray(cells) || cells.length === 0 || count < 1 || columns < 1 || step <= 0) return undefined;
  if (count * columns > GRID_CELLS_MAX) return undefined;
  const unit = numberIn(event, "unit") || 1;
  const perBin = new Float64Array(count);
  eachCell(cells, columns, count, unit, (_column, bin, amount) => perBin[bin] = (perBin[bin] ?? 0) + amount);
  const [first, last] = coreBins(perBin);
  const join = Math.ceil((last - first + 1) / GRID_BINS_MAX);
  const bins = Math.ceil((last - first + 1) / join);
  const values = new Float64Array(bins * columns);
  eachCell(cells, columns, count, unit, (column, bin, amount) => {
    if (bin < first || bin > last) return;
    const row = Math.floor((bin - first) / join) * columns;
    for (let at = row + column; at < row + columns; at++) values[at] = (values[at] ?? 0) + amount;
  });
  const price = numberIn(event, "price");
  return {
    columns,
    bins,
    values,
    strong: strongAmount(values),
    low: numberIn(event.bins, "low") + first * step,
    step: step * join,
    from: numberIn(event.columns, "from"),
    intervalMs: numberIn(event.columns, "intervalMs"),
    price: price > 0 ? price : undefined,
    stale: event.stale === true,
    shown: numberIn(event.exposure, "shown"),
  };
}

/** Cells stand by column as `[bin, amount, …]`, amounts in the event's unit. */
function eachCell(
  cells: readonly unknown[],
  columns: number,
  bins: number,
  unit: number,
  take: (column: number, bin: number, amount: number) => void,
): void {
  cells.slice(0, columns).forEach((pairs, column) => {
    if (!Array.isArray(pairs)) return;
    for (let at = 0; at + 1 < pairs.length; at += 2) {
      const bin: unknown = pairs[at], amount: unknown = pairs[at + 1];
      if (typeof bin !== "number" || typeof amount !== "number") continue;
      if (bin >= 0 && bin < bins && amount > 0) take(column, Math.floor(bin), amount * unit);
    }
  });
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
