/** Ingest's data path with the derived streams hosted in it, over a store that outlives it: kill it and start another. */
import type { DerivedSettings, DerivedSpec } from "../../src/signals/derived_fold.ts";
import { DERIVED_STREAMS } from "../../src/signals/derived_table.ts";
import { createDerivedStreams } from "../../src/signals/derived_streams.ts";
import { silentLog } from "../../src/feed/log.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { createDerivedHost, type DerivedHost } from "../../src/ingest/derive/derived_host.ts";
import type { Pipeline } from "../../src/ingest/channel/pipeline.ts";
import { createMemoryStore } from "../../src/store/memory/memory_store.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { type HarnessOptions, startPipeline } from "./pipeline_harness.ts";

/** Settings under which generated markets have much to say. */
export const LIVELY: DerivedSettings = {
  heatmapSymbols: ["AAPL"],
  heatmapWindowMinutes: 60,
  heatmapIntervalMinutes: 5,
  heatmapUpdateIntervalMs: 5000,
  thresholds: new Map([
    ["bar_move_percent", 0.5],
    ["trend_short_percent", 0.05],
    ["trend_short_seconds", 12],
    ["surge_volume_ratio", 2],
  ]),
};

/** One process leading. */
export interface DerivedScene {
  readonly clock: ManualClock;
  readonly store: FeedStore;
  readonly pipeline: Pipeline;
  readonly host: DerivedHost;
  /** As a crash does: nothing is saved or given back. */
  kill(): Promise<void>;
  /** As a clean stop does. */
  stop(): Promise<void>;
  list(name: string): Promise<Record<string, unknown>[]>;
}

/** Starts one over the store of the one before. */
export async function startDerived(
  before: { clock?: ManualClock; store?: FeedStore } = {},
  { settings = LIVELY, pipeline: over = {}, specs = DERIVED_STREAMS }: {
    settings?: DerivedSettings;
    pipeline?: HarnessOptions;
    specs?: readonly DerivedSpec[];
  } = {},
): Promise<DerivedScene> {
  const clock = before.clock ?? new ManualClock();
  const store = before.store ?? createMemoryStore(clock);
  const made: Pipeline[] = [];
  const host = createDerivedHost({
    store,
    clock,
    log: silentLog,
    create: () => createDerivedStreams({ settings, specs }),
    tickLists: 1,
    pipeline: () => {
      const [pipeline] = made;
      if (pipeline === undefined) throw new Error("no pipeline yet");
      return pipeline;
    },
  });
  const h = await startPipeline({ ...over, clock, store, follow: true, ...host.hooks });
  const { pipeline } = h;
  made.push(pipeline);
  const ending = new AbortController();
  const begun = host.begin(h.fence, ending.signal);
  await clock.advance(0);
  await begun;
  const led = pipeline.lead(h.fence, ending.signal);
  const ran = host.run(ending.signal);
  await clock.advance(0);
  const kill = async () => {
    ending.abort(new DOMException("killed", "AbortError"));
    await clock.advance(0);
    await Promise.all([led, ran]);
  };
  return {
    clock,
    store,
    pipeline,
    host,
    kill,
    async stop() {
      const flushed = h.pipeline.flush(AbortSignal.any([]));
      await clock.advance(100);
      await flushed;
      await kill();
      await host.finish();
    },
    list: h.list,
  };
}
