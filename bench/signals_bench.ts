/**
 * Signals and heatmap on 8 000 symbols, all detectors on: `deno bench -A bench/signals_bench.ts`.
 *
 * Budgets: a tick at most 2 µs, so that 50 000 events a minute (C4) cost under 0.2 % of a core and the whole ingest's 50 000 a
 * second are not lost to signals; a bar at most 4 µs, so that 8 000 in a burst take under 32 ms; a state written for a checkpoint
 * at most 10 µs (8 000 every 3.5 s, 200 at a time); a heatmap drawn in at most 2 ms; a market session asked for in 50 ns;
 * 8 000 symbols with all their memories under 100 MB of heap. The memory is written to stderr, and is a figure of one run.
 */
import type { SymbolEvent } from "../src/feed/event.ts";
import { sessionAt } from "../src/feed/market_calendar.ts";
import { createHeatmapFold } from "../src/signals/heatmap/heatmap_fold.ts";
import { createSignalFold, type SignalFold } from "../src/signals/signal_fold.ts";
import { A_MONDAY, aFairValue, aMinute, aTrade } from "../tests/support/event_factory.ts";

const SYMBOLS = 8_000;
const BATCH = 1_000;
const names = Array.from({ length: SYMBOLS }, (_, n) => `S${n}`);

/** The `n`-th look at the market: symbol after symbol, prices that wander, three seconds to a round. */
function eventAt(n: number, type: "trade" | "minute" | "fmv"): SymbolEvent {
  const sym = names[n % SYMBOLS] ?? "";
  const round = Math.floor(n / SYMBOLS);
  const price = Math.round(10_000 + 300 * Math.sin(round / 20 + (n % 7)) + (n % 11)) / 100;
  const rx = A_MONDAY + round * 3000 + (n % 3000);
  switch (type) {
    case "trade":
      return aTrade({ sym, t: rx, rx, price, size: 50 + (n % 400), tid: `${n}` });
    case "minute":
      return aMinute({
        sym,
        t: A_MONDAY + round * 60_000,
        rx,
        close: price,
        open: price + 0.3,
        volume: 1000 + (n % 700),
      });
    case "fmv":
      return aFairValue({ sym, t: rx, rx, fmv: price * (1 + ((n % 5) - 2) / 100) });
  }
}

const heapBytes = () => Deno.memoryUsage().heapUsed;

/** A fold in which every symbol has traded for two and a half minutes and every memory is full. */
function warmFold(): { fold: SignalFold; bytes: number } {
  const before = heapBytes();
  const fold = createSignalFold();
  for (let n = 0; n < SYMBOLS * 50; n++) fold.apply(eventAt(n, "trade"));
  for (let n = 0; n < SYMBOLS * 5; n++) fold.apply(eventAt(n, "minute"));
  for (let n = 0; n < SYMBOLS; n++) fold.apply(eventAt(n, "fmv"));
  return { fold, bytes: heapBytes() - before };
}

const { fold, bytes } = warmFold();
const chars = [...fold.checkpoints.whole().values()].reduce((sum, text) => sum + (text?.length ?? 0), 0);
await Deno.stderr.write(new TextEncoder().encode(
  `${SYMBOLS} symbols: ${(bytes / 1e6).toFixed(0)} MB of heap, ${
    (chars / 1e6).toFixed(1)
  } MB as a checkpoint\n`,
));

/** Time goes on from batch to batch. */
let at = SYMBOLS * 50;
const ahead = (type: "trade" | "minute" | "fmv"): SymbolEvent[] => {
  at += BATCH;
  return Array.from({ length: BATCH }, (_, n) => eventAt(at + n, type));
};

for (const type of ["trade", "minute", "fmv"] as const) {
  Deno.bench({
    name: `${BATCH} of ${type}, 8 000 symbols`,
    group: "signals",
    fn(b) {
      const events = ahead(type);
      b.start();
      for (const event of events) fold.apply(event);
      b.end();
    },
  });
}

Deno.bench({
  name: "200 states of a checkpoint",
  group: "checkpoint",
  fn(b) {
    for (const event of ahead("trade")) fold.apply(event);
    fold.checkpoints.begin();
    b.start();
    fold.checkpoints.step(200);
    b.end();
    fold.checkpoints.step(Infinity);
    fold.checkpoints.take();
  },
});

const WINDOW = 390;
const maps = createHeatmapFold({ symbols: ["AAPL"], windowMinutes: WINDOW, intervalMinutes: 5 });
let minute = 0;
const nextBar = () => {
  const price = 100 + 3 * Math.sin(minute / 40) + Math.sin(minute * 7.3) / 5;
  const t = A_MONDAY + minute++ * 60_000;
  const prices = { open: price, close: price, high: price * 1.001, low: price * 0.999, vwap: price };
  return aMinute({ t, end: t + 60_000, volume: 100_000 + (minute % 17) * 5000, ...prices });
};
for (let n = 0; n < WINDOW; n++) maps.apply(nextBar());

Deno.bench({
  name: "a heatmap of 390 minutes",
  group: "heatmap",
  fn(b) {
    maps.apply(nextBar());
    b.start();
    maps.snapshots(A_MONDAY + minute * 60_000);
    b.end();
  },
});

Deno.bench({
  name: "1000 market sessions",
  group: "calendar",
  fn() {
    for (let n = 0; n < 1000; n++) sessionAt("stocks", A_MONDAY + n * 1000);
  },
});
