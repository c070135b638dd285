import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { encodeEvent } from "../../src/feed/event_text.ts";
import { createHeatmapFold } from "../../src/signals/heatmap/heatmap_fold.ts";
import { A_MONDAY, aMinute } from "../support/event_factory.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const wild = fc.oneof(
  { weight: 3, arbitrary: fc.double({ min: 0.0001, max: 1e6, noNaN: true }) },
  fc.double(),
  fc.constantFrom(0, -1, NaN, Infinity, 1e308, 5e-324, Number.MAX_SAFE_INTEGER),
);

/** Minute bars as nobody should send them. */
const rubbish = fc.record({
  sym: fc.constantFrom("AAPL", "AAPL", "X:BTC-USD", "__proto__", "MSFT"),
  t: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 90 }).map((n) => A_MONDAY + n * 60_000) },
    fc.integer(),
    wild,
  ),
  width: fc.constantFrom(60_000, 60_000, 0, -60_000, NaN),
  open: wild,
  high: wild,
  low: wild,
  close: wild,
  volume: wild,
  vwap: fc.option(wild, { nil: undefined }),
}).map(({ width, ...bar }) => aMinute({ ...bar, end: bar.t + width }));

pure("whatever bars come, maps are made, fit, add up, and survive being saved", () => {
  const options = { symbols: ["AAPL", "BTC-USD"], windowMinutes: 60, intervalMinutes: 5 };
  fc.assert(
    fc.property(
      fc.array(rubbish, { maxLength: 60 }),
      fc.array(fc.integer({ min: 0, max: 4e12 }), { maxLength: 5 }),
      (bars, times) => {
        const fold = createHeatmapFold(options);
        for (const bar of bars) fold.apply(bar);
        for (const now of [A_MONDAY, ...times]) {
          for (const heatmap of fold.snapshots(now)) {
            const { text } = encodeEvent(heatmap);
            assertLessOrEqual(text.length, 16_000);
            assert(!text.includes("null,null") && Number.isFinite(heatmap.t));
          }
        }
        for (const symbol of ["AAPL", "X:BTC-USD"]) {
          const sums = fold.exposure(symbol);
          assertEquals(sums?.in, (sums?.shown ?? 0) + (sums?.consumed ?? 0) + (sums?.expired ?? 0));
        }
        const saved = new Map(
          [...fold.checkpoints.whole()].flatMap(([sym, text]) => text ? [[sym, text]] : []),
        );
        const next = createHeatmapFold(options);
        assertEquals(next.restore(saved), 0);
        assertEquals(next.exposure("AAPL"), fold.exposure("AAPL"));
      },
    ),
    { numRuns: 1000 },
  );
});

pure("saved text that is none of ours is counted and left out", () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      const fold = createHeatmapFold({ symbols: ["AAPL"], windowMinutes: 60, intervalMinutes: 5 });
      assertLessOrEqual(fold.restore(new Map([["AAPL", text], ["MSFT", text]])), 1);
      fold.apply(aMinute());
      assertEquals(fold.snapshots(A_MONDAY + 60_000).length, 1);
    }),
    { numRuns: 300 },
  );
});
