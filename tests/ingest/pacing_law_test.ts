import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { TickcastError } from "../../src/feed/error.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { createMemoryStore } from "../../src/store/memory/memory_store.ts";
import { aTrade } from "../support/event_factory.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { startPipeline } from "./pipeline_harness.ts";

interface Landing {
  readonly at: number;
  readonly events: number;
}

/** A store that takes its time before and after an append lands, and loses some replies. */
function slowStore(clock: ManualClock, landings: Landing[], delays: readonly number[]): FeedStore {
  const memory = createMemoryStore(clock);
  let n = 0;
  const delay = () => delays[n++ % delays.length] ?? 0;
  const seen = new Set<string>();
  return {
    ...memory,
    async append(request, signal) {
      await clock.sleep(delay(), signal);
      const reply = await memory.append(request, signal);
      const first = !seen.has(request.batch);
      if (first) landings.push({ at: clock.monotonic(), events: request.bodies.length });
      seen.add(request.batch);
      const after = delay();
      await clock.sleep(after, signal);
      if (first && after > 80) throw new TickcastError("STORE_UNAVAILABLE", "Cannot read the reply");
      return reply;
    },
  };
}

for (const [pullIntervalMs, appendIntervalMs] of [[10, 0], [250, 10], [250, 100]] as const) {
  Deno.test({
    name: `in any span of ${pullIntervalMs} ms at most half the list's cap lands, however the store dawdles`,
    permissions: "none",
    fn: async () => {
      const delays = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 10 });
      const bursts = fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 5, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(delays, bursts, async (delays, bursts) => {
          const clock = new ManualClock();
          const landings: Landing[] = [];
          const store = slowStore(clock, landings, delays);
          await using h = await startPipeline({
            clock,
            store,
            settings: { pullIntervalMs, appendIntervalMs },
          });
          let sent = 0;
          for (const size of bursts) {
            h.pipeline.offer("tick", Array.from({ length: size }, () => aTrade({ tid: String(sent++) })));
            for (let ms = 0; ms < 50; ms += 5) await clock.advance(5);
          }
          for (let ms = 0; ms < 20_000 && h.pipeline.pressure() > 0; ms += 5) await clock.advance(5);
          for (let ms = 0; ms < 500; ms += 5) await clock.advance(5);
          assertEquals(landings.reduce((sum, { events }) => sum + events, 0), sent);
          for (const { at } of landings) {
            const span = landings.filter((other) => other.at >= at && other.at < at + pullIntervalMs);
            assert(span.reduce((sum, { events }) => sum + events, 0) <= 500);
          }
        }),
        { numRuns: 12 },
      );
    },
  });
}

Deno.test({
  name: "a list keeps up with the rate its pace allows",
  permissions: "none",
  fn: async () => {
    await using h = await startPipeline({ settings: { pullIntervalMs: 250, appendIntervalMs: 100 } });
    let sent = 0;
    for (let ms = 0; ms < 10_000; ms += 10) {
      h.pipeline.offer(
        "tick",
        Array.from({ length: 18 }, () => aTrade({ tid: String(sent++), rx: h.clock.now() })),
      );
      await h.clock.advance(10);
    }
    const health = h.pipeline.health().channels.find((channel) => channel.stream === "tick");
    assert((health?.queueDepth ?? 1e9) < 700, `${health?.queueDepth} wait`);
    assert((health?.appendLagMs ?? 1e9) < 600, `${health?.appendLagMs} ms`);
  },
});
