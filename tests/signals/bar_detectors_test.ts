import { assertEquals } from "@std/assert";
import type { MinuteBar } from "../../src/feed/event.ts";
import { barAt, keysOf, ofKind, signalsOf } from "./collect.ts";
import { A_MONDAY, aTrade } from "../support/event_factory.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const bars = (...overs: readonly Partial<MinuteBar>[]) => overs.map((over, n) => barAt(n, over));
const flat = { open: 100, high: 100.5, low: 99.5, close: 100 };

pure("more than 2 percent from open to close is a bar move, exactly 2 percent is not", () => {
  const move = (close: number) => keysOf(signalsOf(bars({ ...flat, high: 105, low: 95, close })), "bar_move");
  assertEquals(move(102), []);
  assertEquals(move(98), []);
  assertEquals(move(102.01), [`bar_move|AAPL|${A_MONDAY}`]);
  assertEquals(move(97.99), [`bar_move|AAPL|${A_MONDAY}`]);
  assertEquals(keysOf(signalsOf(bars({ open: 50.5, high: 60, low: 50, close: 51.51 })), "bar_move"), []);
});

pure("a close at the bar's high or low counts from a move of 1 percent", () => {
  const kinds = (open: number, low: number, high: number, close: number) =>
    signalsOf(bars({ open, low, high, close })).map((signal) => signal.kind);
  assertEquals(kinds(100, 99, 101, 101), ["close_at_high"]);
  assertEquals(kinds(100, 99, 100.99, 100.99), []);
  assertEquals(kinds(100, 99, 101.5, 101.49), []);
  assertEquals(kinds(100, 99, 101, 99), ["close_at_low"]);
  assertEquals(kinds(100, 99.01, 101, 99.01), []);
  assertEquals(kinds(100, 97, 101, 97), ["close_at_low", "bar_move"]);
  assertEquals(kinds(100, 100, 100, 100), []);
});

pure("a bar's session high or low counts from a move of 1 percent, and only where no ticks tell it", () => {
  const first = barAt(0, flat);
  const high = (close: number) => barAt(1, { open: 100, low: 99.6, high: 102, close });
  const said = (events: Parameters<typeof signalsOf>[0]) =>
    ofKind(signalsOf(events), "session_high", "session_low");
  assertEquals(said([first, high(100.99)]), []);
  const [signal, ...others] = said([first, high(101)]);
  assertEquals(others, []);
  assertEquals(signal?.key, "session_high|AAPL|2026-03-02|regular|102");
  assertEquals(
    [signal?.source, signal?.price, signal?.previous, signal?.movePercent, signal?.bar],
    ["ohlcv", 102, 100.5, 1, A_MONDAY + 60_000],
  );
  assertEquals(
    said([first, barAt(1, { open: 100, low: 98, high: 100.2, close: 98.5 })]).map(({ kind }) => kind),
    [
      "session_low",
    ],
  );
  const tick = aTrade({ t: A_MONDAY + 61_000, price: 100 });
  assertEquals(said([first, tick, high(101)]), []);
  const later = (price: number) => aTrade({ t: A_MONDAY + 180_000, price });
  assertEquals(said([first, high(101), later(101.9)]).map(({ price }) => price), [102]);
  assertEquals(said([first, high(101), later(102.1)]).map(({ price }) => price), [102, 102.1]);
});

pure("ticks that are behind the bars say all they have to say, but for what a bar has announced", () => {
  const calm = barAt(0, { open: 100, low: 99, high: 101, close: 100.5 });
  const wild = barAt(0, { open: 100, low: 99, high: 101.5, close: 101.5 });
  const next = barAt(1, { open: 101.5, low: 101, high: 103, close: 102.8 });
  const ticks = [100, 100.5, 99.5, 101.5, 103, 103.5].map((price, n) =>
    aTrade({ t: A_MONDAY + n * 1000, price })
  );
  const prices = (events: Parameters<typeof signalsOf>[0]) =>
    ofKind(signalsOf(events), "session_high", "session_low").map(({ source, price }) => `${source} ${price}`);
  const all = ["tick 100.5", "tick 99.5", "tick 101.5", "tick 103", "tick 103.5"];
  assertEquals(prices(ticks), all);
  assertEquals(prices([calm, ...ticks]), all);
  assertEquals(prices([wild, next, ...ticks]), ["ohlcv 103", "tick 99.5", "tick 103.5"]);
});

pure("a signal on a bar is dated with the bar's end and names its start", () => {
  const [signal] = signalsOf(bars({ ...flat, high: 103, close: 103 }));
  assertEquals([signal?.t, signal?.bar, signal?.source, signal?.sym], [
    A_MONDAY + 60_000,
    A_MONDAY,
    "ohlcv",
    "AAPL",
  ]);
});

pure(
  "more than three times the mean volume of the four bars before is a spike, exactly three times is not",
  () => {
    const volumes = (...values: readonly number[]) =>
      keysOf(signalsOf(bars(...values.map((volume) => ({ ...flat, volume })))), "volume_spike");
    assertEquals(volumes(100, 100, 100, 100, 300), []);
    assertEquals(volumes(100, 100, 100, 100, 301), [`volume_spike|AAPL|${A_MONDAY + 240_000}`]);
    assertEquals(volumes(100, 100, 100, 301), []);
    assertEquals(volumes(10_000, 100, 100, 100, 100, 301), [`volume_spike|AAPL|${A_MONDAY + 300_000}`]);
    assertEquals(volumes(0, 0, 0, 0, 301), []);
  },
);

pure("the window begins anew with the session", () => {
  const open = Date.parse("2026-03-02T14:30:00Z");
  const early = [1, 2, 3, 4].map((n) => barAt(0, { ...flat, t: open - n * 60_000, volume: 10 })).reverse();
  const first = barAt(0, { ...flat, t: open, volume: 100_000 });
  assertEquals(keysOf(signalsOf([...early, first]), "volume_spike"), []);
});

pure("a correction of an announced bar is silent, one that makes it notable speaks, once", () => {
  const bar = barAt(0, { ...flat, high: 103, close: 102.5 });
  const corrected = { ...bar, close: 102.6, rev: 1 };
  assertEquals(
    keysOf(signalsOf([bar, corrected, { ...corrected, close: 102.7, rev: 2 }]), "bar_move").length,
    1,
  );
  const dull = { ...bar, close: 101 };
  assertEquals(keysOf(signalsOf([dull, corrected, { ...corrected, rev: 2 }]), "bar_move"), [
    `bar_move|AAPL|${A_MONDAY}`,
  ]);
});

pure("a correction revises the average of the bars to come", () => {
  const calm = [0, 1, 2, 3].map((n) => barAt(n, { ...flat, volume: 100 }));
  const corrected = { ...barAt(2, { ...flat, volume: 400 }), rev: 1 };
  const next = barAt(4, { ...flat, volume: 320 });
  assertEquals(keysOf(signalsOf([...calm, next]), "volume_spike").length, 1);
  assertEquals(keysOf(signalsOf([...calm, corrected, next]), "volume_spike").length, 0);
});

pure("bars out of order are judged by those before them in time", () => {
  const calm = [0, 1, 3, 2].map((n) => barAt(n, { ...flat, volume: 100 }));
  assertEquals(keysOf(signalsOf([...calm, barAt(4, { ...flat, volume: 301 })]), "volume_spike").length, 1);
  // Minute 1 comes last: only one bar is before it, so its volume can't be judged, its move can.
  const late = barAt(1, { open: 100, high: 104, low: 99, close: 103, volume: 9000 });
  const said = signalsOf([...[0, 2, 3].map((n) => barAt(n, { ...flat, volume: 100 })), late]);
  assertEquals(said.map((signal) => signal.kind), ["session_high", "session_low", "bar_move"]);
});

pure("a bar older than the window, or of a session gone by, is past judging", () => {
  const held = [1, 2, 3, 4, 5].map((n) => barAt(n, flat));
  const wild = { open: 100, high: 110, low: 100, close: 110 };
  assertEquals(signalsOf([...held, barAt(0, wild)]), []);
  const evening = barAt(0, { ...flat, t: Date.parse("2026-03-02T21:00Z") });
  assertEquals(signalsOf([evening, barAt(0, { ...wild, t: Date.parse("2026-03-02T20:59Z") })]), []);
});

pure("one bar from the future costs its session's window only until three true ones have come", () => {
  const future = barAt(0, { ...flat, t: Date.parse("2027-03-02T15:00Z") });
  const wild = { open: 100, high: 110, low: 99, close: 105 };
  const said = signalsOf([future, ...[0, 1, 2, 3].map((n) => barAt(n, wild))]);
  assertEquals(keysOf(said, "bar_move"), [2, 3].map((n) => `bar_move|AAPL|${A_MONDAY + n * 60_000}`));
});

pure("missing or zero open, high, low and volume silence the rules that need them, nothing else", () => {
  const calm = [0, 1, 2, 3].map((n) => barAt(n, { ...flat, volume: 100 }));
  const said = (over: Partial<MinuteBar>) =>
    signalsOf([...calm, barAt(4, { open: 100, high: 103, low: 100, close: 103, volume: 500, ...over })])
      .map((signal) => signal.kind);
  assertEquals(said({}), ["session_high", "close_at_high", "bar_move", "volume_spike"]);
  assertEquals(said({ open: 0 }), ["volume_spike"]);
  assertEquals(said({ volume: 0 }), ["session_high", "close_at_high", "bar_move"]);
  assertEquals(said({ volume: NaN }), ["session_high", "close_at_high", "bar_move"]);
  assertEquals(said({ high: 0 }), ["bar_move", "volume_spike"]);
  assertEquals(said({ low: -1 }), ["bar_move", "volume_spike"]);
  assertEquals(said({ close: 0 }), []);
  assertEquals(ofKind(signalsOf([barAt(0, { ...flat, vwap: 0 })]), "bar_move"), []);
});

pure("a synthetic bar and the true one that replaces it alert once", () => {
  const wild = barAt(0, { open: 100, high: 110, low: 99, close: 105 });
  assertEquals(
    keysOf(signalsOf([{ ...wild, synthetic: true }, { ...wild, close: 105.1, rev: 1 }]), "bar_move").length,
    1,
  );
});
