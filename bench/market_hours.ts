/**
 * The memory of ingest over 24 market hours (C4), as fast as it goes: four sessions of six and a half hours, each on a day of its own,
 * with minute bars, second bars, trades and fair values, and all that is derived of them. After every half hour of the market the heap is
 * collected and read; over the last half of the time it must not grow.
 * Run: `deno run -A --v8-flags=--expose-gc bench/market_hours.ts [--symbols 1000] [--sessions 4]`. Exit code 1 when it grew by over a tenth.
 */
import { parseArgs } from "node:util";
import { systemClock } from "../src/feed/clock.ts";
import { silentLog } from "../src/feed/log.ts";
import { STREAMS } from "../src/feed/stream.ts";
import { createPipeline } from "../src/ingest/channel/data_path.ts";
import type { Pipeline } from "../src/ingest/channel/pipeline.ts";
import { createDerivedHost } from "../src/ingest/derive/derived_host.ts";
import { createDerivedStreams } from "../src/signals/derived_streams.ts";
import { createMemoryStore } from "../src/store/memory/memory_store.ts";
import { frameOf, wireBar, wireFairValue, wireTrade } from "../tests/support/wire_factory.ts";
import { median, say } from "./rig/measured_service.ts";

/** 2 March 2026, 9:30 in New York. */
const FIRST_OPEN = 1_772_461_800_000;
const DAY_MS = 86_400_000;
const SESSION_MINUTES = 390;
const READ_EVERY_MINUTES = 30;
/** The generations of what is remembered come and go: a tenth is their swing. */
const GROWTH_MAX = 1.1;
/** A second's bars, trades and fair values are of so many symbols, taken in turn. */
const SYMBOLS_A_SECOND = 5;
const FRAME_EVENTS = 100;

const { values } = parseArgs({
  options: { symbols: { type: "string", default: "1000" }, sessions: { type: "string", default: "4" } },
});
const sessions = Number(values.sessions);
const symbols = Array.from({ length: Number(values.symbols) }, (_, n) => `S${n}`);
const collect: unknown = Reflect.get(globalThis, "gc");
if (typeof collect !== "function") {
  throw new Error("Cannot read the heap as --v8-flags=--expose-gc is not set");
}

const store = createMemoryStore(systemClock);
const made: Pipeline[] = [];
const host = createDerivedHost({
  store,
  clock: systemClock,
  log: silentLog,
  create: () =>
    createDerivedStreams({
      settings: {
        heatmapSymbols: symbols.slice(0, 50),
        heatmapWindowMinutes: 390,
        heatmapIntervalMinutes: 5,
        heatmapUpdateIntervalMs: 5_000,
        thresholds: new Map(),
      },
    }),
  tickLists: 1,
  pipeline: () => {
    const [pipeline] = made;
    if (pipeline === undefined) throw new Error("no pipeline yet");
    return pipeline;
  },
});
const pipeline = createPipeline({
  store,
  clock: systemClock,
  log: silentLog,
  streams: STREAMS,
  settings: { pullIntervalMs: 0.01, appendIntervalMs: 0, tickLists: 1, syntheticMinutes: false },
  ...host.hooks,
});
made.push(pipeline);
const ending = new AbortController();
const fence = (await store.takeLease("bench", 0, 3_600_000))?.fence ?? 0;
await host.begin(fence, ending.signal);
const running = [pipeline.lead(fence, ending.signal), host.run(ending.signal)];

let serial = 0;
let events = 0;
/** A price that walks, so that signals have something to say. */
const price = (n: number) => 100 + 3 * Math.sin(serial / 5_000 + n);

const bar = (ev: string, n: number, s: number, windowMs: number) => {
  const [o, c] = [price(n), price(n + 0.1)];
  return wireBar({
    ev,
    sym: symbols[n],
    o,
    c,
    h: Math.max(o, c),
    l: Math.min(o, c),
    vw: o,
    op: 99,
    a: o,
    s,
    e: s + windowMs,
  });
};

async function take(elements: readonly (Record<string, unknown> | string)[]): Promise<void> {
  for (let at = 0; at < elements.length; at += FRAME_EVENTS) {
    pipeline.accept(frameOf(elements.slice(at, at + FRAME_EVENTS)));
  }
  events += elements.length;
  await systemClock.sleep(0);
  while (pipeline.pressure() > 0.3) await systemClock.sleep(0);
}

async function minute(start: number): Promise<void> {
  const seconds: (Record<string, unknown> | string)[] = [];
  for (let second = 0; second < 60; second++) {
    const t = start + second * 1000;
    for (let k = 0; k < SYMBOLS_A_SECOND; k++) {
      const n = serial++ % symbols.length;
      const sym = symbols[n] ?? "";
      seconds.push(bar("A", n, t, 1000), wireTrade({ sym, i: String(serial), p: price(n), t }));
      seconds.push(wireFairValue(sym, `${t + 1}000000`, price(n) * 1.02));
    }
  }
  await take(seconds);
  await take(symbols.map((_, n) => bar("AM", n, start, 60_000)));
}

const heaps: number[] = [];
const startedAt = performance.now();
for (let day = 0; day < sessions; day++) {
  for (let n = 0; n < SESSION_MINUTES; n++) {
    await minute(FIRST_OPEN + day * DAY_MS + n * 60_000);
    if ((n + 1) % READ_EVERY_MINUTES !== 0) continue;
    await pipeline.flush(ending.signal);
    collect();
    const { heapUsed, rss } = Deno.memoryUsage();
    heaps.push(heapUsed / 2 ** 20);
    say(
      `day ${day + 1}, minute ${n + 1}: ${events} events, heap ${(heapUsed / 2 ** 20).toFixed(1)} MiB, RSS ${
        (rss / 2 ** 20).toFixed(0)
      } MiB`,
    );
  }
}
ending.abort();
await Promise.all(running);
const half = Math.floor(heaps.length / 2);
const third = median(heaps.slice(half, half + Math.floor(half / 2)));
const last = median(heaps.slice(half + Math.floor(half / 2)));
const dropped = pipeline.health().channels.flatMap((channel) => Object.entries(channel.dropped));
say(
  `${sessions * SESSION_MINUTES / 60} market hours in ${
    ((performance.now() - startedAt) / 1000).toFixed(0)
  } s: ` +
    `heap ${third.toFixed(1)} MiB in the third quarter, ${last.toFixed(1)} in the last; dropped ${
      JSON.stringify(dropped)
    }`,
);
Deno.exit(last > third * GROWTH_MAX ? 1 : 0);
