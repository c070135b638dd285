import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { heatGrid } from "../../src/dashboard/heatmap_grid.ts";
import { createHeatmapFold } from "../../src/signals/heatmap_fold.ts";
import { A_MONDAY, aMinute } from "../support/event_factory.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** A heatmap as ingest makes it, of bars that trade at 100. */
function heatmap(minutes: number): Readonly<Record<string, unknown>> {
  const fold = createHeatmapFold({ symbols: ["AAPL"], windowMinutes: 60, intervalMinutes: 5 });
  for (let n = 0; n < minutes; n++) {
    const t = A_MONDAY + n * 60_000;
    fold.apply(aMinute({ t, open: 100, high: 100, low: 100, close: 100, vwap: 100, volume: 10_000 }));
  }
  const [event] = fold.snapshots(A_MONDAY + minutes * 60_000);
  return { ...event };
}

pure("what ingest makes of bars is drawn: a level stands from its column to the newest", () => {
  const event = heatmap(30);
  const grid = heatGrid(event);
  assert(grid !== undefined);
  assertEquals([grid.columns, grid.price, grid.stale], [12, 100, false]);
  const standing = (column: number) =>
    Array.from({ length: grid.bins }, (_, bin) => grid.values[bin * grid.columns + column] ?? 0).reduce((
      a,
      b,
    ) => a + b);
  assertEquals(standing(0), 0);
  for (let column = 1; column < grid.columns; column++) assert(standing(column) >= standing(column - 1));
  // The thin tails are cut off, so nearly everything.
  assertAlmostEquals(standing(11) / grid.shown, 1, 0.13);
});

pure("an empty map, and one of another form, is none", () => {
  assertEquals(heatGrid(heatmap(0)), undefined);
  for (const cells of [undefined, "x", [1, 2, 3], [[NaN, 1]], [["0", 1]]]) {
    const grid = heatGrid({ ...heatmap(1), cells });
    assertEquals(grid?.values.some((value) => value > 0) ?? false, false);
  }
});
