import { assert, assertEquals, assertLessOrEqual, assertNotEquals } from "@std/assert";
import { z } from "zod";
import { Heatmap, type MinuteBar } from "../../src/feed/event.ts";
import { encodeEvent, stampBody } from "../../src/feed/event_text.ts";
import { columnMs, EMPTY_CONTENT, heatmapContent } from "../../src/signals/heatmap/heat_grid.ts";
import { createHeatmapFold, type HeatmapFoldOptions } from "../../src/signals/heatmap/heatmap_fold.ts";
import { readHeatBar } from "../../src/signals/heatmap/liquidation_model.ts";
import { A_MONDAY } from "../support/event_factory.ts";
import { barAt, barsOf, MINUTE_MS } from "./heat_scene.ts";

/** What is looked at of a heatmap's content. */
const Drawn = z.object({
  bins: z.object({ step: z.number(), count: z.number() }),
  columns: z.object({ count: z.number() }),
  cells: z.array(z.array(z.unknown())),
});
const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const fold = (over: Partial<HeatmapFoldOptions> = {}) =>
  createHeatmapFold({ symbols: ["AAPL"], windowMinutes: 390, intervalMinutes: 5, ...over });

pure(
  "a full window of a nervous market fits 16 kB as it stands in the list, its bins still a small part of the price",
  () => {
    for (const [window, interval] of [[390, 5], [1440, 1], [1440, 60], [390, 1], [15, 1]] as const) {
      let price = 61_234.5;
      const bars = Array.from({ length: window }, (_, n) => {
        price *= 1 + 0.004 * Math.sin(n * 7.3) + 0.001 * Math.sin(n / 40);
        return barAt(n, {
          sym: "X:BTC-USD",
          open: price,
          close: price,
          high: price * 1.001,
          low: price * 0.999,
          vwap: price,
          volume: 123.456 + (n % 17),
        });
      });
      const some = fold({ symbols: ["BTC-USD"], windowMinutes: window, intervalMinutes: interval });
      for (const bar of bars) some.apply(bar);
      const [heatmap] = some.snapshots(A_MONDAY + window * MINUTE_MS);
      assert(heatmap !== undefined);
      const text = stampBody("k3f9a0b1-123456", encodeEvent(heatmap).text);
      assertLessOrEqual(text.length, 16_000, `${window}/${interval}`);
      const content = Drawn.parse(heatmap);
      assertLessOrEqual(content.bins.step, 0.02 * price);
      assertLessOrEqual(content.columns.count, 400);
      assertEquals(content.cells.length, content.columns.count);
      assert(content.bins.count > 20);
    }
  },
);

pure("columns are as wide as asked for, or wide enough that there are 400 at most", () => {
  assertEquals([columnMs(390, 5), columnMs(1440, 1), columnMs(15, 60)], [5, 4, 60].map((n) => n * MINUTE_MS));
});

pure("cells lie in the column their exposure was built in and the bin of its liquidation price", () => {
  const content = heatmapContent(barsOf([barAt(0), barAt(7)]), false);
  const newest = content.columns.count - 1;
  assertEquals(content.columns.intervalMs, 5 * MINUTE_MS);
  assertEquals(content.columns.from + newest * 5 * MINUTE_MS, A_MONDAY + 5 * MINUTE_MS);
  assertEquals(content.cells.map((cells, n) => cells.length ? n : -1).filter((n) => n >= 0), [
    newest - 1,
    newest,
  ]);
  const prices = (content.cells[newest] ?? []).filter((_, n) => n % 2 === 0).map((bin) =>
    Number((content.bins.low + bin * content.bins.step).toFixed(6))
  );
  assertEquals(content.bins.step, 0.1);
  assertEquals(prices, [80.5, 90.5, 96.5, 98.5, 99.5, 100.5, 101.5, 103.5, 109.5, 119.5]);
  assertEquals(content.price, 100);
});

pure("a symbol without bars has an empty map, given once", () => {
  const some = fold({ symbols: ["AAPL", "BTC-USD"] });
  const [aapl, btc] = some.snapshots(A_MONDAY);
  assertEquals([aapl?.sym, btc?.sym, aapl?.hash === btc?.hash], ["AAPL", "X:BTC-USD", true]);
  assert(aapl !== undefined);
  const { type: _1, sym: _2, t, rx, hash: _3, ...content } = aapl;
  assertEquals([t, rx], [A_MONDAY, A_MONDAY]);
  assertEquals<unknown>(content, EMPTY_CONTENT);
  assert(Heatmap.safeParse(aapl).success);
  assertEquals(some.snapshots(A_MONDAY + 5000), []);
});

pure("nothing is given while nothing changed, and what changed is given once", () => {
  const some = fold();
  some.snapshots(A_MONDAY);
  some.apply(barAt(0));
  const [first] = some.snapshots(A_MONDAY + MINUTE_MS);
  assertEquals(some.snapshots(A_MONDAY + MINUTE_MS + 5000), []);
  some.apply(barAt(0));
  some.apply(barAt(1, { sym: "MSFT" }));
  assertEquals(some.snapshots(A_MONDAY + MINUTE_MS + 10_000), []);
  some.apply(barAt(0, { volume: 2000, rev: 1 }));
  const [second] = some.snapshots(A_MONDAY + MINUTE_MS + 15_000);
  assertNotEquals(second?.hash, first?.hash);
});

pure("a map whose newest bar is over 15 minutes old says so, once", () => {
  const some = fold();
  some.apply(barAt(0));
  const stale = (minutes: number) =>
    some.snapshots(A_MONDAY + MINUTE_MS + minutes * MINUTE_MS).map((heatmap) => heatmap.stale);
  assertEquals([stale(0), stale(15), stale(15.01), stale(20)], [[false], [], [true], []]);
  some.apply(barAt(20));
  assertEquals(stale(20), [false]);
});

pure("a clock that was set back gives no time before the last", () => {
  const some = fold();
  some.snapshots(A_MONDAY);
  some.apply(barAt(0));
  assertEquals(some.snapshots(A_MONDAY - 3_600_000).map(({ t }) => t), [A_MONDAY]);
});

pure("after a restart only what is not in the list already is given", () => {
  const first = fold();
  first.apply(barAt(0));
  const given = first.snapshots(A_MONDAY + MINUTE_MS);
  const saved = new Map(
    [...first.checkpoints.whole()].flatMap(([sym, text]) => text === undefined ? [] : [[sym, text]]),
  );
  const second = fold();
  assertEquals(second.restore(saved), 0);
  second.remember(given);
  assertEquals(second.snapshots(A_MONDAY + MINUTE_MS + 1000), []);
  const third = fold();
  assertEquals(third.restore(new Map([...saved.keys()].map((sym) => [sym, "{}"]))), 1);
  assertEquals(third.snapshots(A_MONDAY).length, 1);
});

pure(
  "bars without vwap, volume, open or range are made good from what they have; without a close they are none",
  () => {
    const read = (over: Partial<MinuteBar>) =>
      readHeatBar(barAt(0, { open: 99, high: 102, low: 98, close: 101, ...over }));
    assertEquals(read({ vwap: 100 })?.entry, 100);
    assertEquals(read({ vwap: 0 })?.entry, (98 + 102 + 101) / 3);
    assertEquals(read({ vwap: undefined })?.entry, (98 + 102 + 101) / 3);
    assertEquals(read({ vwap: 1e9 })?.entry, 102);
    assertEquals(read({ volume: 0 })?.exposure, 0);
    assertEquals(read({ volume: NaN })?.exposure, 0);
    assertEquals([read({ low: 0 })?.low, read({ high: NaN })?.high, read({ open: 0 })?.low], [99, 101, 98]);
    assertEquals([read({ close: 0 }), read({ close: NaN }), read({ end: A_MONDAY })], [
      undefined,
      undefined,
      undefined,
    ]);
    const some = fold();
    for (const close of [0, NaN, -1]) some.apply(barAt(0, { close }));
    assertEquals(some.exposure("AAPL")?.in, 0);
  },
);

pure("one bar from the future costs the window only until three true ones have come", () => {
  const held = barsOf([barAt(0), barAt(1), barAt(100_000), barAt(2), barAt(3), barAt(4)]);
  assertEquals(held.bars.map((bar) => (bar.t - A_MONDAY) / MINUTE_MS), [4]);
  const { in: put, shown, consumed, expired } = held.exposure();
  assertEquals(put, shown + consumed + expired);
});

pure("two hundred symbols at most, and symbols not asked for have no map", () => {
  const some = fold({ symbols: Array.from({ length: 300 }, (_, n) => `S${n}`) });
  assertEquals(some.snapshots(A_MONDAY).length, 200);
  assertEquals([some.exposure("S250"), some.exposure("__proto__")], [undefined, undefined]);
});
