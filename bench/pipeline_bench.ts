/**
 * A frame in, its events appended: parse, route, channel, dedupe, encode, append. Budget: at least 50 000 events/s on one core, in
 * memory and over TCP (`PULL_INTERVAL_MS=1 APPEND_INTERVAL_MS=0`), so 1 000 events may take 20 ms at most and 10 000 may take
 * 200. The pull interval is short here, or the pace (500 events an interval) would be what is measured.
 */
import { systemClock } from "../src/feed/clock.ts";
import { silentLog } from "../src/feed/log.ts";
import { STREAMS } from "../src/feed/stream.ts";
import { createPipeline } from "../src/ingest/channel/data_path.ts";
import type { Pipeline } from "../src/ingest/channel/pipeline.ts";
import type { FeedStore } from "../src/feed/store.ts";
import { createMemoryStore } from "../src/store/memory/memory_store.ts";
import { openStore } from "../src/store/open_store.ts";
import { realPart } from "../tests/support/real_parts.ts";
import { startRedis } from "../tests/support/redis_server.ts";
import { frameOf, wireBar, wireTrade } from "../tests/support/wire_factory.ts";

const FRAME_EVENTS = 20;
const RUN_EVENTS = 1000;

interface Started {
  readonly pipeline: Pipeline;
  readonly end: () => Promise<unknown>;
}

async function start(
  tickLists: number,
  store: FeedStore = createMemoryStore(systemClock),
  pullIntervalMs = 0.01,
): Promise<Started> {
  const lease = await store.takeLease("bench", 0, 600_000);
  const pipeline = createPipeline({
    store,
    clock: systemClock,
    log: silentLog,
    streams: STREAMS,
    settings: { pullIntervalMs, appendIntervalMs: 0, tickLists, syntheticMinutes: false },
  });
  const ending = new AbortController();
  const led = pipeline.lead(lease?.fence ?? 0, ending.signal);
  return {
    pipeline,
    end: () => {
      ending.abort();
      return led;
    },
  };
}

let serial = 0;
const tradeFrame = () =>
  frameOf(
    Array.from({ length: FRAME_EVENTS }, () => wireTrade({ sym: `S${serial % 100}`, i: String(serial++) })),
  );
const barFrame = () =>
  frameOf(
    Array.from({ length: FRAME_EVENTS }, () =>
      wireBar({ sym: `S${serial % 100}`, s: 1_700_000_000_000 + serial++ })),
  );

function bench(name: string, tickLists: number, frame: () => ReturnType<typeof frameOf>): void {
  Deno.bench({
    name: `${RUN_EVENTS} ${name}`,
    group: "pipeline",
    async fn(b) {
      const { pipeline, end } = await start(tickLists);
      const frames = Array.from({ length: RUN_EVENTS / FRAME_EVENTS }, frame);
      b.start();
      for (const each of frames) {
        pipeline.accept(each);
        await Promise.resolve();
      }
      while (pipeline.health().channels.some((channel) => channel.queueDepth > 0)) await systemClock.sleep(0);
      b.end();
      await end();
    },
  });
}

bench("trades, one list", 1, tradeFrame);
bench("trades, four lists", 4, tradeFrame);
bench("second bars, one list", 1, barFrame);

/** As many as the queue holds, so that nothing overflows. */
const TCP_EVENTS = 10_000;

if (!realPart("redis-server").ignore) {
  const server = await startRedis();
  globalThis.addEventListener("unload", () => void server.kill());
  const deps = { clock: systemClock, random: () => 0.5, log: silentLog, keyPrefix: "bench" };
  const store = await openStore({ transport: "tcp", url: server.url }, deps);
  const { pipeline } = await start(1, store, 1);
  Deno.bench({
    name: `${TCP_EVENTS} trades over TCP`,
    group: "pipeline over TCP",
    async fn(b) {
      const frames = Array.from({ length: TCP_EVENTS / FRAME_EVENTS }, tradeFrame);
      b.start();
      for (const [n, each] of frames.entries()) {
        pipeline.accept(each);
        // As sockets do: the loop goes round between two bursts.
        if (n % 25 === 24) await systemClock.sleep(0);
      }
      await pipeline.flush(new AbortController().signal);
      b.end();
    },
  });
}
