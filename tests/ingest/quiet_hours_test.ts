/** The whole ingest over a weekend: over Redis readers are asked to come less often, in memory never. */
import { assert, assertEquals } from "@std/assert";
import { ORIGIN } from "../../src/feed/cursor.ts";
import { encodeEvent } from "../../src/feed/event_text.ts";
import { silentLog } from "../../src/feed/log.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { QUIET_AFTER_MS, QUIET_LOOK_MS } from "../../src/ingest/channel/quiet_hours.ts";
import { startIngest } from "../../src/ingest/start_ingest.ts";
import { createMemoryStore } from "../../src/store/memory/memory_store.ts";
import { aTrade } from "../support/event_factory.ts";
import { FakeUpstream } from "../support/fake_upstream.ts";
import { settingsOf, stop } from "../support/ingest_scene.ts";
import { ManualClock } from "../support/manual_clock.ts";

const SATURDAY = Date.UTC(2026, 2, 7, 15);

for (
  const [transport, markets, expected] of [
    ["tcp", "stocks", [250, 2_000]],
    ["rest", "stocks", [250, 2_000]],
    ["tcp", "stocks,crypto", [250, 250]],
    ["memory", "stocks", [10, 10]],
  ] as const
) {
  Deno.test({
    name: `lists over ${transport} of ${markets} are pulled every ${
      expected.join(" ms, and on a weekend every ")
    } ms`,
    permissions: "none",
    async fn() {
      const clock = new ManualClock(SATURDAY);
      const store: FeedStore = { ...createMemoryStore(clock), transport };
      // What the week left in the list, with the interval it ended on.
      const fence = (await store.takeLease("before", 0, 1_000))?.fence ?? 0;
      const bodies = [encodeEvent(aTrade())];
      const list = { list: "tick", capEvents: 1_000, batch: "b", pullMs: expected[0] };
      await store.append({ ...list, fence, expected: ORIGIN, bodies });
      await store.releaseLease(fence);
      const settings = settingsOf({ TICK_SYMBOLS: "AAPL", MASSIVE_MARKETS: markets });
      const ingest = await startIngest({
        ...{ settings, store, clock, log: silentLog, random: () => 0.5, instance: "a", version: "test" },
        open: new FakeUpstream(clock).opener,
      });
      const pullMs = async () => (await store.readTail("tick", 0)).head?.pullMs;
      await clock.advance(30_000);
      assert(ingest.health().fence !== null);
      const before = await pullMs();
      await clock.advance(QUIET_AFTER_MS + QUIET_LOOK_MS);
      assertEquals([before, await pullMs()], [...expected]);
      await stop(ingest, clock);
    },
  });
}
