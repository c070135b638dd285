import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MINUTES_MAX, MinuteSeries } from "../../../src/dashboard/live/minute_series.ts";
import { A_MONDAY, aFairValue, aMinute, aSecond, aTrade } from "../../support/event_factory.ts";

const id = "k0000001-1";
const MINUTE = 60_000;

Deno.test({
  name: "the minute going on is built from trades and gives way to the true bar",
  permissions: "none",
  fn() {
    const series = new MinuteSeries();
    for (const [price, size] of [[10, 1], [12, 2], [9, 3]] as const) {
      series.tick({ ...aTrade({ t: A_MONDAY + price, price, size }), id });
    }
    assertEquals(series.live, {
      t: A_MONDAY,
      end: A_MONDAY + MINUTE,
      n: 1,
      open: 10,
      high: 12,
      low: 9,
      close: 9,
      volume: 6,
      kind: "live",
    });
    series.bar({ ...aMinute({ t: A_MONDAY, close: 9.5, volume: 7 }), id });
    assertEquals(series.live, undefined);
    assertEquals(series.candles().map(({ close, kind }) => [close, kind]), [[9.5, "true"]]);
    series.tick({ ...aTrade({ t: A_MONDAY + 59_999, price: 50 }), id });
    assertEquals(series.live, undefined);
  },
});

Deno.test({
  name: "where seconds come, trades don't count a second time",
  permissions: "none",
  fn() {
    const series = new MinuteSeries();
    series.tick({ ...aSecond({ t: A_MONDAY, open: 10, high: 11, low: 9, close: 10, volume: 100 }), id });
    series.tick({ ...aTrade({ t: A_MONDAY + 10, price: 10, size: 40 }), id });
    assertEquals(series.live?.volume, 100);
    series.tick({ ...aTrade({ t: A_MONDAY + 7_000, price: 12, size: 40 }), id });
    assertEquals([series.live?.volume, series.live?.close], [140, 12], "seconds have stopped coming");
  },
});

Deno.test({
  name: "a minute whose true bar hasn't come keeps its place, marked, when the next begins",
  permissions: "none",
  fn() {
    const series = new MinuteSeries();
    series.tick({ ...aTrade({ t: A_MONDAY, price: 10, size: 1 }), id });
    series.tick({ ...aTrade({ t: A_MONDAY + MINUTE, price: 11, size: 1 }), id });
    assertEquals(series.candles().map(({ kind, close }) => [kind, close]), [["live", 10], ["live", 11]]);
    const rewrites = series.rewrites;
    series.bar({ ...aMinute({ t: A_MONDAY, close: 10.5 }), id });
    assert(series.rewrites > rewrites);
    assertEquals(series.candles().map(({ kind, close }) => [kind, close]), [["true", 10.5], ["live", 11]]);
  },
});

Deno.test({
  name: "whatever order bars and corrections come in, the series is the last word on every minute, by time",
  permissions: "none",
  fn() {
    const bars = fc.array(fc.tuple(fc.nat(30), fc.nat(1000)), { maxLength: 60 });
    fc.assert(fc.property(bars, (list) => {
      const series = new MinuteSeries();
      const last = new Map<number, number>();
      for (const [minute, close] of list) {
        series.bar({ ...aMinute({ t: A_MONDAY + minute * MINUTE, close }), id });
        last.set(A_MONDAY + minute * MINUTE, close);
      }
      assertEquals(series.bars().map(({ t, close }) => [t, close]), [...last].sort(([a], [b]) => a - b));
    }));
  },
});

Deno.test({
  name: "a series holds no more than a long day, of bars and of fair values",
  permissions: "none",
  fn() {
    const series = new MinuteSeries();
    for (let n = 0; n < MINUTES_MAX + 50; n++) {
      series.bar({ ...aMinute({ t: A_MONDAY + n * MINUTE }), id });
      series.fair({ ...aFairValue({ t: A_MONDAY + n * MINUTE }), id });
    }
    assertEquals([series.bars().length, series.fairPoints().length], [MINUTES_MAX, MINUTES_MAX]);
    assertEquals(series.bars()[0]?.t, A_MONDAY + 50 * MINUTE);
  },
});
