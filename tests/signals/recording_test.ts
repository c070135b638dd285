/** The detectors on the real market of 2013-10-07 around the opening bell (`recording.ts`). */
import { assertEquals } from "@std/assert";
import type { SymbolEvent } from "../../src/feed/event.ts";
import { SIGNAL_KINDS } from "../../src/signals/detectors/detector_table.ts";
import { createSignalFold } from "../../src/signals/signal_fold.ts";
import { applyAll, keysOf } from "./collect.ts";
import { hasRecording, readRecording } from "./recording.ts";
import { extremeKeys, looksOf, surgeKeys } from "./second_implementation.ts";

const where = hasRecording ? "" : " (skipped: ../shared/market/2013-10-07-open.ndjson.gz is not here)";
const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name: `${name}${where}`, ignore: !hasRecording, fn });

const bySymbol = (events: readonly SymbolEvent[]) => Map.groupBy(events, (event) => event.sym);

/** Session extremes from raw trades in the plainest way that is quick enough for 26 000 of them. */
function plainExtremes(trades: readonly SymbolEvent[]): readonly string[] {
  const best = new Map<string, { high: number; low: number }>();
  return trades.flatMap((trade): string[] => {
    const [look] = looksOf([trade]);
    if (look === undefined) return [];
    const seen = best.get(look.session);
    best.set(look.session, {
      high: Math.max(seen?.high ?? 0, look.high),
      low: Math.min(seen?.low ?? Infinity, look.low),
    });
    if (seen === undefined) return [];
    return [
      ...(look.high > seen.high ? [`session_high|${look.session}|${look.high}`] : []),
      ...(look.low < seen.low ? [`session_low|${look.session}|${look.low}`] : []),
    ];
  });
}

/** The baseline is two minutes: what a surge is judged by lies within the last 130 s. */
const LOOK_BACK_MS = 150_000;

/** Surges from raw trades, window by window: the second implementation on what a window and its baseline hold. */
function plainSurges(trades: readonly SymbolEvent[]): readonly string[] {
  const first = Math.floor((trades[0]?.t ?? 0) / 10_000);
  const last = Math.floor((trades.at(-1)?.t ?? 0) / 10_000);
  return Array.from({ length: last - first + 1 }, (_, n) => first + n).flatMap((window) => {
    const near = trades.filter((trade) =>
      trade.t >= window * 10_000 - LOOK_BACK_MS && trade.t < (window + 1) * 10_000
    );
    // Judging every trade would be square in them; volume and move only grow within a window, so its last trade decides.
    const looks = looksOf(near);
    const own = looks.findIndex((look) => look.t >= window * 10_000);
    if (own < 0) return [];
    return surgeKeys(thin(looks)).filter((key) => key.endsWith(`|${window * 10_000}`));
  });
}

/** One look a window that says the same: volumes summed, high and low of all, the last price; the price before is the first's. */
function thin(looks: ReturnType<typeof looksOf>): ReturnType<typeof looksOf> {
  const windows = [
    ...Map.groupBy(looks, (look) => `${look.session}|${Math.floor(look.t / 10_000)}`).values(),
  ];
  return windows.flatMap((inside, n) => {
    const [head, tail] = [inside[0], inside.at(-1)];
    if (head === undefined || tail === undefined) return [];
    const volume = inside.reduce((sum, look) => sum + look.volume, 0);
    const high = Math.max(...inside.map((look) => look.high));
    const low = Math.min(...inside.map((look) => look.low));
    // A run's first window measures from its own first price.
    return n === 0
      ? [{ ...head, volume: 0 }, { ...tail, high, low, volume }]
      : [{ ...tail, high, low, volume }];
  });
}

test("104 session highs and lows on the recording equal a plain recomputation from the raw trades", async () => {
  const trades = (await readRecording()).filter((event) => event.type === "trade");
  const counts: Record<string, number> = {};
  for (const [sym, own] of bySymbol(trades)) {
    const said = keysOf(applyAll(createSignalFold(), own), "session_high", "session_low");
    assertEquals([...said], plainExtremes(own).map((key) => key.replace("|", `|${sym}|`)));
    counts[sym] = said.length;
  }
  assertEquals(trades.length, 32_534);
  assertEquals(counts, { SPY: 48, IBM: 22, BAC: 9, AIG: 25 });
});

test("the quick recomputation of extremes is the second implementation, on the recording's first trades", async () => {
  const bySym = bySymbol((await readRecording()).filter((event) => event.type === "trade"));
  assertEquals(bySym.size, 4);
  for (const own of bySym.values()) {
    const some = own.slice(0, 600);
    assertEquals([...new Set(plainExtremes(some))], [...extremeKeys(looksOf(some))]);
  }
});

test("6 surges on the recording equal a plain recomputation from the raw trades", async () => {
  const trades = (await readRecording()).filter((event) => event.type === "trade");
  const counts: Record<string, number> = {};
  for (const [sym, own] of bySymbol(trades)) {
    const said = keysOf(applyAll(createSignalFold(), own), "surge");
    assertEquals([...said].sort(), plainSurges(own).map((key) => key.replace("|", `|${sym}|`)).sort());
    counts[sym] = said.length;
  }
  assertEquals(counts, { SPY: 0, IBM: 2, BAC: 3, AIG: 1 });
});

test("on the whole recording second bars, minute bars and fair values add nothing to what the trades say", async () => {
  const events = await readRecording();
  const whole = createSignalFold();
  const signals = applyAll(whole, events);
  assertEquals(signals.map(({ key }) => key), [
    ...keysOf(
      applyAll(createSignalFold(), events.filter((event) => event.type === "trade")),
      ...SIGNAL_KINDS,
    ),
  ]);
  // Quote midpoints stay within 1 % of the last trade, and no minute of these four moves 1 % or trades three times as much.
  assertEquals(whole.counts().emitted, { session_high: 53, session_low: 51, surge: 6, trend: 3 });
});

test("ticks a minute and a half behind their minute bars, as in a backlog, say the same", async () => {
  const events = await readRecording();
  const early = (event: SymbolEvent) => event.rx - (event.type === "minute" ? 90_000 : 0);
  const signals = applyAll(createSignalFold(), events.toSorted((a, b) => early(a) - early(b)));
  const plain = applyAll(createSignalFold(), events.filter((event) => event.type === "trade"));
  assertEquals(signals.map(({ key }) => key).sort(), plain.map(({ key }) => key).sort());
});
