/**
 * A frame in, its events appended to lists in memory: parse, route, channel, dedupe, encode, append. Budget
 * (`docs/performance.md`): at least 50 000 events/s on one core, so 1 000 events may take 20 ms at most. The pull interval is
 * short here, or the pace (500 events an interval) would be what is measured.
 */
import { systemClock } from "../src/feed/clock.ts";
import { silentLog } from "../src/feed/log.ts";
import { STREAMS } from "../src/feed/stream.ts";
import { createPipeline } from "../src/ingest/channel/data_path.ts";
import type { Pipeline } from "../src/ingest/channel/pipeline.ts";
import { createMemoryStore } from "../src/store/memory/memory_store.ts";
import { frameOf, wireBar, wireTrade } from "../tests/support/wire_factory.ts";

const FRAME_EVENTS = 20;
const RUN_EVENTS = 1000;

async function start(tickLists: number): Promise<{ pipeline: Pipeline; end: () => Promise<unknown> }> {
  const store = createMemoryStore(systemClock);
  const lease = await store.takeLease("bench", 0, 600_000);
  const pipeline = createPipeline({
    store,
    clock: systemClock,
    log: silentLog,
    streams: STREAMS,
    settings: { pullIntervalMs: 0.01, appendIntervalMs: 0, tickLists, syntheticMinutes: false },
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
