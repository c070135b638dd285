import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { colourIndex, colourTable } from "../../../src/dashboard/live/heat_colours.ts";
import { GRID_BINS_MAX, heatGrid, niceTicks } from "../../../src/dashboard/live/heatmap_grid.ts";

const aMap = (cells: readonly (readonly number[])[], bins = 10) => ({
  price: 100,
  stale: false,
  unit: 10,
  bins: { low: 95, step: 1, count: bins },
  columns: { from: 0, intervalMs: 300_000, count: cells.length },
  cells,
  exposure: { in: 1, shown: 1, consumed: 0 },
});

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

Deno.test({
  name: "a level stands from its column to the newest, in units of the quote currency",
  permissions: "none",
  fn() {
    const columns = Array.from({ length: 12 }, (_, n) => n === 1 ? [2, 5] : n === 10 ? [2, 1, 3, 4] : []);
    const grid = heatGrid(aMap(columns));
    assert(grid);
    assertEquals([grid.low, grid.step, grid.bins, grid.columns], [97, 1, 2, 12]);
    assertEquals([...grid.values.slice(0, 12)], [0, 50, 50, 50, 50, 50, 50, 50, 50, 50, 60, 60]);
    assertEquals([...grid.values.slice(12)].slice(-3), [0, 40, 40]);
  },
});

Deno.test({
  name: "a young map is drawn as wide as it is old, and not narrower than an hour",
  permissions: "none",
  fn() {
    const columns = Array.from({ length: 78 }, (_, n) => n >= 75 ? [1, 1] : []);
    const grid = heatGrid(aMap(columns));
    assertEquals([grid?.columns, grid?.from], [12, 66 * 300_000]);
  },
});

Deno.test({
  name: "fine bins are joined without losing anything, and thin tails are cut off",
  permissions: "none",
  fn() {
    const flat = Array.from({ length: 800 }, (_, bin) => [bin, 1]).flat();
    const grid = heatGrid(aMap([flat], 800));
    assert(grid && grid.bins <= GRID_BINS_MAX);
    const newest = Array.from(
      { length: grid.bins },
      (_, bin) => grid.values[bin * grid.columns + grid.columns - 1] ?? 0,
    );
    assertAlmostEquals(sum(newest), 8000 * 0.97, 200);
  },
});

Deno.test({
  name: "a span shows the prices around the price, as far as the map goes",
  permissions: "none",
  fn() {
    const flat = Array.from({ length: 10 }, (_, bin) => [bin, 1]).flat();
    const near = heatGrid(aMap([flat]), 2);
    assertEquals([near?.low, near?.bins], [98, 5]);
    assertEquals(heatGrid(aMap([flat]), 50)?.bins, 10);
    assertEquals(heatGrid({ ...aMap([flat]), price: 10 }, 2), undefined);
  },
});

Deno.test({
  name: "no heatmap whatever throws or is drawn outside its own map",
  permissions: "none",
  fn() {
    const cells = fc.array(
      fc.oneof(fc.array(fc.oneof(fc.double(), fc.string(), fc.constant(null))), fc.jsonValue()),
    );
    const map = fc.record({
      cells: fc.oneof(cells, fc.jsonValue()),
      bins: fc.oneof(fc.record({ low: fc.double(), step: fc.double(), count: fc.integer() }), fc.jsonValue()),
      columns: fc.oneof(
        fc.record({ from: fc.double(), intervalMs: fc.double(), count: fc.integer({ max: 200 }) }),
        fc.jsonValue(),
      ),
      unit: fc.oneof(fc.double(), fc.jsonValue()),
    });
    fc.assert(fc.property(map, (event) => {
      const grid = heatGrid(event);
      assert(grid === undefined || grid.values.length === grid.bins * grid.columns);
    }));
    for (
      const event of [{}, aMap([]), aMap([[]]), { ...aMap([[1, 1]]), bins: { low: 0, step: 0, count: 0 } }]
    ) {
      assertEquals(heatGrid(event), undefined);
    }
  },
});

Deno.test({
  name: "ticks are round and inside, colours grow in lightness",
  permissions: "none",
  fn() {
    assertEquals(niceTicks(97.3, 102.2, 5), [98, 99, 100, 101, 102]);
    assertEquals(niceTicks(1, 1, 5), []);
    const light = (table: Uint8ClampedArray, at: number) => sum(table.subarray(at * 4, at * 4 + 3));
    const table = colourTable(true);
    for (let at = 16; at < 256; at += 16) assert(light(table, at) > light(table, at - 16));
    assertEquals([colourIndex(0, 5), colourIndex(5, 5), colourIndex(500, 5), colourIndex(1, 0)], [
      0,
      255,
      255,
      0,
    ]);
  },
});
