import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { contentHash } from "../../src/signals/heatmap/content_hash.ts";
import { heatmapContent } from "../../src/signals/heatmap/heat_grid.ts";
import { readHeatBar, readTiers, splitExposure } from "../../src/signals/heatmap/liquidation_model.ts";
import { thresholdReader } from "../../src/signals/threshold.ts";
import { barAt, barsOf, TIERS } from "./heat_scene.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
/** A walk of bars, some late, some corrected, some without volume or vwap. */
const walk = fc.array(
  fc.record({
    step: fc.integer({ min: -3, max: 2 }),
    move: fc.integer({ min: -300, max: 300 }),
    range: fc.integer({ min: 0, max: 200 }),
    volume: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 1, max: 100_000 }) },
      fc.constantFrom(0, NaN, -4),
    ),
    vwap: fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, fc.constantFrom(0, NaN, undefined, 1e9)),
  }),
  { minLength: 1, maxLength: 120 },
).map((rows) => {
  let newest = 0;
  let cents = 10_000;
  return rows.map(({ step, move, range, volume, vwap }) => {
    newest += step > 0 ? step : 0;
    cents = Math.max(2000, cents + move);
    const close = cents / 100;
    return barAt(Math.max(0, newest + Math.min(step, 0)), {
      open: close,
      close,
      high: (cents + range) / 100,
      low: (cents - range) / 100,
      volume,
      vwap: vwap === 1 ? close : vwap,
    });
  });
});

pure("a position of leverage L is liquidated where its margin, one L-th, has sunk to maintenance", () => {
  const tiers = readTiers(thresholdReader(
    new Map([
      ["heatmap_leverage_1", 10],
      ["heatmap_maintenance_percent", 0.5],
      ...[2, 3, 4, 5].map((n) => [`heatmap_weight_${n}`, 0] as const),
    ]),
  ));
  assertEquals(tiers.map(({ side, share }) => [side, share]), [["long", 0.5], ["short", 0.5]]);
  assertEquals(tiers.map(({ factor }) => Number((factor * 100).toFixed(9))), [90.5, 109.5]);
});

pure("a tier without weight, or whose margin is no more than maintenance, is left out", () => {
  const count = (settings: readonly (readonly [string, number])[]) =>
    readTiers(thresholdReader(new Map(settings))).length;
  assertEquals(count([]), 10);
  assertEquals(count([["heatmap_weight_3", 0]]), 8);
  assertEquals(count([["heatmap_maintenance_percent", 2]]), 6);
  assertEquals(count([["heatmap_long_percent", 100]]), 5);
  assertEquals(count([["heatmap_maintenance_percent", 50]]), 0);
});

pure("an exposure is split without remainder", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 1e12 }), (exposure) => {
    const parts = splitExposure(exposure, TIERS);
    assertEquals(parts.reduce((sum, part) => sum + part, 0), exposure);
    assert(parts.every((part) => part >= 0 && Number.isSafeInteger(part)));
  }));
});

pure("what was put in is exactly what is shown plus what was consumed plus what left the window", () => {
  fc.assert(
    fc.property(walk, fc.constantFrom(15, 60, 390), (bars, window) => {
      const held = barsOf(bars, window);
      const { in: put, shown, consumed, expired } = held.exposure();
      assertEquals(put, shown + consumed + expired);
      const content = heatmapContent(held, false);
      assertEquals(content.exposure.in, content.exposure.shown + content.exposure.consumed);
      assertEquals(content.exposure.shown, shown);
    }),
    { numRuns: 300 },
  );
});

pure("the cells' sum is the exposure shown, to half a unit", () => {
  fc.assert(
    fc.property(walk, (bars) => {
      const content = heatmapContent(barsOf(bars), false);
      const sum = content.cells.flatMap((column) => column.filter((_, n) => n % 2 === 1)).reduce(
        (a, b) => a + b,
        0,
      );
      assertLessOrEqual(Math.abs(sum * content.unit - content.exposure.shown), content.unit / 2 + 1e-6);
    }),
    { numRuns: 200 },
  );
});

pure("a sweep of the price consumes exactly the levels it reaches", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 8000, max: 10_000 }),
      fc.integer({ min: 10_000, max: 12_000 }),
      (low, high) => {
        const before = barsOf([barAt(0)]);
        const levels: { price: number; amount: number }[] = [];
        before.visit((level, stands) => stands && levels.push(level));
        assertEquals(levels.length, 10);
        const swept = barsOf([barAt(0), barAt(1, { low: low / 100, high: high / 100, volume: 0 })]);
        const left: { price: number; amount: number }[] = [];
        swept.visit((level, stands) => stands && left.push(level));
        const reached = (price: number) => price < 100 ? price >= low / 100 : price <= high / 100;
        assertEquals(left, levels.filter(({ price }) => !reached(price)));
        assertEquals(
          swept.exposure().consumed,
          levels.filter(({ price }) => reached(price)).reduce((sum, { amount }) => sum + amount, 0),
        );
      },
    ),
  );
});

pure("a bar does not sweep the levels of its own positions", () => {
  assertEquals(barsOf([barAt(0, { low: 50, high: 200 })]).exposure().consumed, 0);
});

pure("equal bars give an equal map in whatever order they came, corrected or not", () => {
  fc.assert(
    fc.property(walk, fc.infiniteStream(fc.nat(1000)), (bars, order) => {
      const last = [...new Map(bars.map((bar) => [bar.t, bar])).values()];
      // Without volume or sound price a bar may not be read: those keep what they correct.
      fc.pre(bars.every((bar) => readHeatBar(bar) !== undefined));
      const shuffled = last.map((bar) => ({ bar, at: order.next().value ?? 0 })).sort((a, b) => a.at - b.at);
      const plain = heatmapContent(barsOf([...last].sort((a, b) => a.t - b.t)), false);
      assertEquals(heatmapContent(barsOf(bars), false), plain);
      assertEquals(heatmapContent(barsOf(shuffled.map(({ bar }) => bar)), false), plain);
    }),
    { numRuns: 200 },
  );
});

pure("saved and taken up again it is the same map, and goes on the same", () => {
  fc.assert(
    fc.property(walk, fc.nat(119), (bars, cut) => {
      const whole = barsOf(bars, 60);
      const first = barsOf(bars.slice(0, cut), 60);
      const second = barsOf([], 60);
      assert(second.open(first.save()));
      assertEquals(second.save(), first.save());
      for (const bar of bars.slice(cut)) {
        const read = readHeatBar(bar);
        if (read !== undefined) second.put(read);
      }
      assertEquals(second.exposure(), whole.exposure());
    }),
    { numRuns: 200 },
  );
});

pure("hashes are equal exactly where contents are", () => {
  fc.assert(
    fc.property(walk, walk, (a, b) => {
      const [one, other] = [a, b].map((bars) => JSON.stringify(heatmapContent(barsOf(bars), false)));
      assertEquals(contentHash(one ?? "") === contentHash(other ?? ""), one === other);
      assertEquals(contentHash(one ?? ""), contentHash(`${one}`));
    }),
    { numRuns: 200 },
  );
  const texts = Array.from({ length: 20_000 }, (_, n) => `{"price":${n},"cells":[]}`);
  assertEquals(new Set(texts.map(contentHash)).size, texts.length);
});
