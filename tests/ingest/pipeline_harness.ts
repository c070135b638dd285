/** A pipeline over a memory store and a clock that stands still, with what its tests ask of it. */
import { silentLog } from "../../src/feed/log.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { STREAMS } from "../../src/feed/stream.ts";
import { createPipeline } from "../../src/ingest/channel/data_path.ts";
import {
  type Pipeline,
  type PipelineOptions,
  type PipelineSettings,
} from "../../src/ingest/channel/pipeline.ts";
import { createMemoryStore } from "../../src/store/memory/memory_store.ts";
import { ManualClock } from "../support/manual_clock.ts";

export interface Harness extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly store: FeedStore;
  readonly pipeline: Pipeline;
  readonly fence: number;
  /** How leading ended, once it did. */
  readonly led: Promise<"fenced" | "aborted">;
  /** Ends leading. */
  stop(): Promise<void>;
  /** What stands in a list, parsed. */
  list(name: string): Promise<Record<string, unknown>[]>;
}

export type HarnessOptions =
  & Partial<Omit<PipelineOptions, "settings">>
  & { settings?: Partial<PipelineSettings>; clock?: ManualClock; follow?: boolean };

/** `follow`: not led yet. */
export async function startPipeline(options: HarnessOptions = {}): Promise<Harness> {
  const clock = options.clock ?? new ManualClock();
  const store = options.store ?? createMemoryStore(clock);
  const pipeline = createPipeline({
    log: silentLog,
    streams: STREAMS,
    random: () => 0.5,
    ...options,
    store,
    clock,
    settings: {
      pullIntervalMs: 10,
      appendIntervalMs: 0,
      tickLists: 1,
      syntheticMinutes: false,
      ...options.settings,
    },
  });
  const seen = await store.readLease();
  const lease = await store.takeLease("test", seen?.fence ?? 0, 60_000);
  if (!lease) throw new Error("no lease");
  const ending = new AbortController();
  const led = options.follow
    ? Promise.resolve("aborted" as const)
    : pipeline.lead(lease.fence, ending.signal);
  await clock.advance(0);
  const stop = async () => {
    ending.abort(new DOMException("test is over", "AbortError"));
    await led;
  };
  return {
    clock,
    store,
    pipeline,
    fence: lease.fence,
    led,
    stop,
    async list(name) {
      const { elements } = await store.readTail(name, 1000);
      return elements.map((element) => JSON.parse(element));
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await store[Symbol.asyncDispose]();
    },
  };
}
