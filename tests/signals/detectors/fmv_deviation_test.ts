import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Signal } from "../../../src/feed/event.ts";
import { A_MONDAY, aFairValue, aMinute } from "../../support/event_factory.ts";
import { barAt, ofKind, signalsOf, tradesAt } from "../collect.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** Twenty prints at 100 in the last two seconds before second 60: n is 19.6, activity 0.951. */
const lively = tradesAt(Array.from({ length: 20 }, (_, n) => [58 + n * 0.1, 100] as const));
const LAST_PRINT = 59.9;
const valueAt = (seconds: number, fmv: number) =>
  aFairValue({ t: A_MONDAY + Math.round(seconds * 1000), fmv });
const said = (...values: readonly ReturnType<typeof valueAt>[]): readonly Signal[] =>
  ofKind(signalsOf([...lively, ...values]), "fmv_deviation");

pure("more than 1 percent is announced with the fields asked for, signed, of the market price", () => {
  const [over] = said(valueAt(60, 98));
  assertEquals(Object.keys(over ?? {}).sort(), [
    "alert",
    "confidence",
    "deviation_percent",
    "direction",
    "fmv",
    "key",
    "kind",
    "market_price",
    "rx",
    "source",
    "sym",
    "t",
    "type",
  ]);
  assertEquals([over?.fmv, over?.market_price, over?.deviation_percent, over?.direction], [
    98,
    100,
    -2,
    "overvalued",
  ]);
  assertEquals([over?.source, over?.alert], ["fmv", true]);
  const [under] = said(valueAt(60, 101.5));
  assertEquals([under?.deviation_percent, under?.direction], [1.5, "undervalued"]);
});

pure("exactly 1 percent is not announced", () => {
  assertEquals(said(valueAt(60, 101), valueAt(60, 99)), []);
  assertEquals(said(valueAt(60, 101.0001)).length, 1);
});

pure("confidence is freshness times activity; under 0.7 nothing, alert from 0.8", () => {
  const activity = (n: number) => n / (n + 1);
  const at = (ageSeconds: number) => said(valueAt(LAST_PRINT + ageSeconds, 103))[0];
  const fresh = at(0);
  assertAlmostEquals(Number(fresh?.confidence), activity(19.7), 0.002);
  const aged = at(6);
  assertAlmostEquals(Number(aged?.confidence), Math.exp(-6 / 30) * activity(19.7 * Math.exp(-0.1)), 0.002);
  assertEquals([fresh?.alert, aged?.alert], [true, false]);
  for (let age = 0; age < 20; age += 0.1) {
    const signal = at(age);
    const confidence = signal === undefined ? 0 : Number(signal.confidence);
    assert(signal === undefined || confidence >= 0.7, `${age} s`);
    assertEquals(signal?.alert ?? false, confidence >= 0.8, `${age} s`);
  }
  assertEquals([at(8.9) !== undefined, at(9.2) !== undefined], [true, false]);
});

pure("one lone print is not enough to trust", () => {
  const few = (count: number) =>
    ofKind(signalsOf([...lively.slice(0, count), valueAt(58 + count * 0.1, 103)]), "fmv_deviation").length;
  assertEquals([few(1), few(2), few(3)], [0, 0, 1]);
});

pure(
  "while it lasts it is told once a minute for each direction and whole percent, and once more when it becomes an alert",
  () => {
    const values = [60, 61, 62, 63, 64, 65, 66, 67].map((at, n) =>
      valueAt(at, [102.1, 102.5, 103.2, 101.5][n % 4] ?? 0)
    );
    const keys = said(...values).map((signal) => signal.key.replace(`|${A_MONDAY + 60_000}`, ""));
    assertEquals(keys, [
      "fmv_deviation|AAPL|undervalued|2|alert",
      "fmv_deviation|AAPL|undervalued|3|alert",
      "fmv_deviation|AAPL|undervalued|1|alert",
    ]);
    const doubtful = tradesAt([[60, 100], [60.1, 100], [60.2, 100]]);
    const sure = tradesAt([[60.4, 100], [60.5, 100], [60.6, 100], [60.7, 100]]);
    const events = [...doubtful, valueAt(60.3, 102.1), ...sure, valueAt(60.8, 102.1), valueAt(66, 102.1)];
    assertEquals(ofKind(signalsOf(events), "fmv_deviation").map((signal) => signal.alert), [false, true]);
  },
);

pure("ticks that came later than the fair value's time do not make it older", () => {
  assertEquals(said(valueAt(50, 103)).length, 1);
});

pure("without a market price, or without a sound fair value, nothing is said", () => {
  assertEquals(signalsOf([valueAt(60, 103)]), []);
  assertEquals(said(valueAt(60, 0), valueAt(60, -3), valueAt(60, NaN)), []);
});

pure("where only minute bars flow their close is the market price, trusted for the moment it is new", () => {
  const bar = barAt(0, { close: 100, volume: 6000, avgSize: 100 });
  const value = (seconds: number) => aFairValue({ t: A_MONDAY + 60_000 + seconds * 1000, fmv: 103 });
  const found = (seconds: number) => ofKind(signalsOf([bar, value(seconds)]), "fmv_deviation").length;
  assertEquals([found(0), found(5), found(15)], [1, 1, 0]);
});

pure("a minute bar that ticks have told already is not a price of its own", () => {
  const bar = aMinute({ t: A_MONDAY, close: 90, volume: 6000, avgSize: 100 });
  const [signal] = ofKind(signalsOf([...lively, bar, valueAt(60, 103)]), "fmv_deviation");
  assertEquals(signal?.market_price, 100);
});

pure("bars ahead of their ticks leave the price to the ticks; where ticks fell silent bars take over", () => {
  const price = (minute: number) => {
    const bar = barAt(minute, { close: 90, volume: 6000, avgSize: 100 });
    const value = aFairValue({ t: bar.end, fmv: 200 });
    return ofKind(signalsOf([...lively, bar, value]), "fmv_deviation").map((signal) => signal.market_price);
  };
  assertEquals([price(0), price(1), price(9), price(11)], [[100], [], [], [90]]);
});

pure("a clock that went back by more than ten minutes begins anew instead of falling silent", () => {
  const early = lively.map((trade) => ({ ...trade, t: trade.t - 3_600_000, price: 50 }));
  const found = ofKind(signalsOf([...lively, ...early, valueAt(60 - 3600, 51)]), "fmv_deviation");
  assertEquals(found.map((signal) => signal.market_price), [50]);
});
