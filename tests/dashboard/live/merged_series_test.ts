/** What a chart makes of bars that stand for several windows, and of the corrections that come after them. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { spanText, summaryText } from "../../../src/dashboard/live/candle_words.ts";
import { MinuteSeries } from "../../../src/dashboard/live/minute_series.ts";
import { formatMinute } from "../../../src/dashboard/number_format.ts";
import { A_MONDAY, aMinute, aSecond, aTrade } from "../../support/event_factory.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const id = "k0000001-1";
const MINUTE = 60_000;

type Prices = Partial<Record<"open" | "high" | "low" | "close" | "volume" | "rev", number>>;
/** Minutes `from` up to `to` of the day, as one bar when they are several. */
const minutes = (from: number, to: number, over: Prices = {}, n = to - from) => ({
  ...aMinute({ t: A_MONDAY + from * MINUTE, end: A_MONDAY + to * MINUTE, ...over }),
  ...(n > 1 ? { n } : {}),
  id,
});
/** Seconds `from` up to `to` of the day, likewise. */
const seconds = (from: number, to: number, over: Prices = {}) => ({
  ...aSecond({ t: A_MONDAY + from * 1000, end: A_MONDAY + to * 1000, ...over }),
  ...(to - from > 1 ? { n: to - from } : {}),
  id,
});
/** From and to of every candle in minutes of the day, and its volume. */
const spans = (series: MinuteSeries) =>
  series.candles().map(({ t, end, volume }) => [(t - A_MONDAY) / MINUTE, (end - A_MONDAY) / MINUTE, volume]);

test("a merged bar is one candle over all its minutes, and a correction of one of them doesn't take its place", () => {
  const series = new MinuteSeries();
  series.bar(minutes(0, 5, { high: 20, volume: 500 }));
  series.bar(minutes(0, 1, { high: 11, volume: 90, rev: 1 }));
  series.bar(minutes(4, 5, { high: 11, volume: 90, rev: 1 }));
  assertEquals(spans(series), [[0, 5, 500]]);
  assertEquals(series.bars().map(({ n, high }) => [n, high]), [[5, 20]]);
  series.bar(minutes(5, 6, { volume: 100 }));
  series.bar(minutes(5, 6, { volume: 101, rev: 1 }));
  assertEquals(spans(series), [[0, 5, 500], [5, 6, 101]], "a minute after it is one of its own");
});

test("a merged bar takes the place of the minutes it covers, but not where all of them are held", () => {
  const series = new MinuteSeries();
  for (const minute of [0, 1, 3]) series.bar(minutes(minute, minute + 1, { volume: minute + 1 }));
  series.bar(minutes(0, 2, { volume: 3 }));
  assertEquals(spans(series), [[0, 1, 1], [1, 2, 2], [3, 4, 4]], "nothing new");
  series.bar(minutes(1, 4, { volume: 9 }));
  assertEquals(spans(series), [[0, 1, 1], [1, 4, 9]]);
  series.bar(minutes(2, 3, { volume: 3 }));
  assertEquals(spans(series), [[0, 1, 1], [1, 2, 2], [2, 3, 3], [3, 4, 4]], "its last minute came by itself");
});

test("a merged bar over minutes without trades is fully known by those that had some", () => {
  const series = new MinuteSeries();
  series.bar(minutes(0, 9, { volume: 7 }, 2));
  series.bar(minutes(0, 1, { volume: 3 }));
  assertEquals(spans(series), [[0, 9, 7]]);
  series.bar(minutes(8, 9, { volume: 4 }));
  assertEquals(spans(series), [[0, 1, 3], [8, 9, 4]]);
});

test("minutes that are in two merged bars make up for no third", () => {
  const series = new MinuteSeries();
  series.bar(minutes(0, 3, { volume: 3 }));
  series.bar(minutes(2, 5, { volume: 3 }));
  series.bar(minutes(0, 6, { volume: 6 }));
  assertEquals(spans(series), [[0, 6, 6]]);
});

test("a minute built here from ticks is no part of what a merged bar knows", () => {
  const series = new MinuteSeries();
  for (const minute of [1, 2]) {
    series.tick({ ...aTrade({ t: A_MONDAY + minute * MINUTE, price: 10, size: 1 }), id });
  }
  series.bar(minutes(0, 2, { volume: 50 }));
  series.bar(minutes(0, 1, { volume: 20 }));
  assertEquals(spans(series), [[0, 2, 50], [2, 3, 1]]);
});

test("read again, a longer merged bar doesn't swallow the shorter one and the minutes since", () => {
  const series = new MinuteSeries();
  series.bar(minutes(0, 40, { volume: 400 }));
  for (const minute of [40, 41]) series.bar(minutes(minute, minute + 1, { volume: 1 }));
  series.bar(minutes(0, 42, { volume: 402 }));
  assertEquals(spans(series), [[0, 40, 400], [40, 41, 1], [41, 42, 1]]);
});

test("whatever order merged and single bars come in, candles are in order and no minute's volume counts twice", () => {
  const bar = fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 3 }));
  fc.assert(fc.property(fc.array(bar, { maxLength: 40 }), (list) => {
    const series = new MinuteSeries();
    // Merged ones cut where the server cuts, at certain places, so that they hold each other or are apart.
    const cut = list.map(([at, level]) => [at - at % 3 ** (level - 1), 3 ** (level - 1)] as const);
    const covered = new Set<number>();
    for (const [from, n] of cut) {
      series.bar(minutes(from, from + n, { volume: n }));
      for (let minute = from; minute < from + n; minute++) covered.add(minute);
    }
    const starts = series.candles().map(({ t }) => t);
    assertEquals(starts, [...new Set(starts)].sort((a, b) => a - b));
    assertEquals(series.candles().reduce((sum, { volume }) => sum + volume, 0), covered.size);
  }));
});

test("ticks of minutes a merged bar covers start no candle inside it", () => {
  const series = new MinuteSeries();
  series.tick({ ...aTrade({ t: A_MONDAY + 3 * MINUTE, price: 10, size: 1 }), id });
  series.bar(minutes(0, 5, { volume: 500 }));
  series.tick({ ...aTrade({ t: A_MONDAY + 4 * MINUTE, price: 10, size: 1 }), id });
  assertEquals(spans(series), [[0, 5, 500]]);
});

test("a bar that comes while a later minute goes on has the chart drawn anew", () => {
  const series = new MinuteSeries();
  series.tick({ ...aTrade({ t: A_MONDAY + 3 * MINUTE, price: 10, size: 1 }), id });
  const { rewrites } = series;
  series.bar(minutes(2, 3));
  assertEquals([series.rewrites > rewrites, series.live?.t], [true, A_MONDAY + 3 * MINUTE]);
});

test("a corrected second takes the place of what it corrects in the minute going on", () => {
  const series = new MinuteSeries();
  series.tick(seconds(0, 1, { open: 10, high: 99, low: 9, close: 10, volume: 100 }));
  series.tick(seconds(1, 2, { open: 10, high: 12, low: 10, close: 12, volume: 50 }));
  series.tick(seconds(0, 1, { open: 10, high: 11, low: 8, close: 11, volume: 110, rev: 1 }));
  const { open, high, low, close, volume } = series.live ?? {};
  assertEquals([open, high, low, close, volume], [10, 12, 8, 12, 160]);
});

test("a corrected second of merged ones adds nothing: what it was is in them already", () => {
  const series = new MinuteSeries();
  series.tick(seconds(0, 3, { volume: 300 }));
  series.tick(seconds(0, 1, { volume: 110, rev: 1 }));
  series.tick(seconds(2, 3, { volume: 110, rev: 1 }));
  assertEquals(series.live?.volume, 300);
  series.tick(seconds(3, 4, { volume: 5 }));
  assertEquals(series.live?.volume, 305);
});

test("a second bar, merged or not, takes the place of the trades it is made of", () => {
  for (const last of [1, 3]) {
    const series = new MinuteSeries();
    series.tick({ ...aTrade({ t: A_MONDAY + 100, price: 10, size: 40 }), id });
    series.tick({ ...aTrade({ t: A_MONDAY + last * 1000 - 100, price: 11, size: 60 }), id });
    assertEquals(series.live?.volume, 100);
    series.tick(seconds(0, last, { open: 10, high: 11, low: 10, close: 11, volume: 100 }));
    assertEquals(series.live?.volume, 100);
  }
});

test("of a merged second over a minute's end both minutes take the price known of them, and neither the volume", () => {
  const series = new MinuteSeries();
  series.tick(seconds(58, 59, { open: 10, high: 11, low: 9, close: 10, volume: 100 }));
  series.tick(seconds(59, 62, { open: 12, high: 30, low: 5, close: 14, volume: 900 }));
  const known = series.candles().map((
    { open, high, low, close, volume },
  ) => [open, high, low, close, volume]);
  assertEquals(known, [[10, 12, 9, 12, 100], [14, 14, 14, 14, 0]]);
  series.tick({ ...aTrade({ t: A_MONDAY + 62_500, price: 99, size: 40 }), id });
  assertEquals(series.live?.volume, 0, "while seconds come, trades don't count");
  series.tick(seconds(60, 61, { open: 13, high: 16, low: 13, close: 15, volume: 70, rev: 1 }));
  const { open, high, close, volume } = series.live ?? {};
  assertEquals([open, high, close, volume], [13, 16, 14, 70], "a second of its own says what it knows");
});

test("a merged second over a minute's end takes away none of the trades seen of the new minute", () => {
  const series = new MinuteSeries();
  series.tick({ ...aTrade({ t: A_MONDAY + 60_100, price: 10, size: 40 }), id });
  series.tick(seconds(59, 61, { close: 10, volume: 900 }));
  assertEquals(spans(series), [[1, 2, 40]]);
});

test("a corrected second of a minute that is over is left to the server's bar of that minute", () => {
  const series = new MinuteSeries();
  series.tick(seconds(59, 60, { volume: 100 }));
  series.tick(seconds(60, 61, { volume: 1 }));
  series.tick(seconds(59, 60, { volume: 130, rev: 1 }));
  assertEquals(spans(series), [[0, 1, 100], [1, 2, 1]]);
});

test("in words a merged candle is over its first to its last minute, and the chart says that it has such", () => {
  const at = (minute: number) => formatMinute(A_MONDAY + minute * MINUTE);
  const prices = { open: 10, high: 12, low: 9, close: 11 };
  const series = new MinuteSeries();
  series.bar(minutes(0, 1, prices));
  assertEquals(series.candles().map(spanText), [at(0)]);
  const rest = "from 10.00 to 11.00, high 12.00, low 9.00.";
  assertEquals(summaryText(series.candles()), `1 minute bars from ${at(0)} to ${at(0)}: ${rest}`);
  series.bar(minutes(1, 5, prices));
  assertEquals(series.candles().map(spanText), [at(0), `${at(1)}–${at(4)}`]);
  assertEquals(
    summaryText(series.candles()),
    `2 bars, 1 of them over several minutes, from ${at(0)} to ${at(4)}: ${rest}`,
  );
});
