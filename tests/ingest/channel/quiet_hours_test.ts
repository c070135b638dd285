/** The pull interval while markets are closed: when it is raised, when it goes back, and that no reader is ever overrun. */
import { assert, assertEquals } from "@std/assert";
import { TickcastError } from "../../../src/feed/error.ts";
import type { AppendRequest, FeedStore, PullIntervalRequest } from "../../../src/feed/store.ts";
import {
  isQuiet,
  OPENS_SOON_MS,
  QUIET_AFTER_MS,
  QUIET_LOOK_MS,
} from "../../../src/ingest/channel/quiet_hours.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { aTrade } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { startPipeline } from "../pipeline_harness.ts";

const test = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

const SATURDAY = Date.UTC(2026, 2, 7, 15);
/** 04:00 in New York. */
const MONDAY_OPENS = Date.UTC(2026, 2, 9, 8);
const CLOSED = { pullMs: 2_000, markets: ["stocks"] } as const;
const USUAL = { pullIntervalMs: 250, appendIntervalMs: 10 };
const QUIET_IN_MS = QUIET_AFTER_MS + QUIET_LOOK_MS;

const trades = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => aTrade({ tid: String(from + n) }));

/** A store that says what it was asked, and is out of reach for intervals where told. */
function watchedStore(clock: ManualClock) {
  const memory = createMemoryStore(clock);
  const appends: { readonly at: number; readonly request: AppendRequest }[] = [];
  const asked: PullIntervalRequest[] = [];
  const faults = { isAway: false };
  const store: FeedStore = {
    ...memory,
    append(request, signal) {
      appends.push({ at: clock.monotonic(), request });
      return memory.append(request, signal);
    },
    setPullInterval(request, signal) {
      asked.push(request);
      if (faults.isAway) return Promise.reject(new TickcastError("STORE_UNAVAILABLE", "Cannot reach it"));
      return memory.setPullInterval(request, signal);
    },
  };
  return { store, appends, asked, faults };
}

test("a list is quiet when every market is closed, none opens within a minute and nothing came for five", () => {
  const weekday = Date.UTC(2026, 2, 2, 15);
  assert(isQuiet(["stocks"], SATURDAY, QUIET_AFTER_MS));
  assert(!isQuiet(["stocks"], SATURDAY, QUIET_AFTER_MS - 1));
  assert(!isQuiet(["stocks"], weekday, Infinity));
  assert(!isQuiet(["stocks", "crypto"], SATURDAY, Infinity));
  assert(!isQuiet([], SATURDAY, Infinity));
  assert(isQuiet(["stocks"], MONDAY_OPENS - OPENS_SOON_MS - 1, Infinity));
  assert(!isQuiet(["stocks"], MONDAY_OPENS - OPENS_SOON_MS, Infinity));
});

test("a silent list of a closed market asks for longer pulls, each that has a head, and the first event goes back at once", async () => {
  const clock = new ManualClock(SATURDAY);
  const { store, asked, appends } = watchedStore(clock);
  await using h = await startPipeline({ clock, store, settings: USUAL, quietHours: CLOSED });
  const pullMs = async () => (await store.readTail("tick", 0)).head?.pullMs;
  h.pipeline.offer("tick", trades(1));
  await clock.advance(QUIET_AFTER_MS - QUIET_LOOK_MS);
  assertEquals([await pullMs(), asked.length], [250, 0]);
  await clock.advance(2 * QUIET_LOOK_MS);
  assertEquals([await pullMs(), asked.map(({ list }) => list)], [2_000, ["tick"]]);
  await clock.advance(3_600_000);
  assertEquals(asked.length, 1, "it is said once");
  const before = clock.monotonic();
  h.pipeline.offer("tick", trades(1, 1));
  await clock.advance(20);
  assertEquals([await pullMs(), appends.length, asked.length], [250, 2, 1]);
  assert((appends[1]?.at ?? Infinity) - before <= 10, "the pace of quiet hours holds nobody up");
});

test("an opening goes back to the usual interval before anything comes", async () => {
  const clock = new ManualClock(MONDAY_OPENS - OPENS_SOON_MS - QUIET_IN_MS - 60_000);
  const { store } = watchedStore(clock);
  await using h = await startPipeline({ clock, store, settings: USUAL, quietHours: CLOSED });
  const pullMs = async () => (await store.readTail("tick", 0)).head?.pullMs;
  h.pipeline.offer("tick", trades(1));
  await clock.advance(QUIET_IN_MS + 1_000);
  assertEquals(await pullMs(), 2_000);
  await clock.advance(MONDAY_OPENS - OPENS_SOON_MS + QUIET_LOOK_MS - clock.now());
  assertEquals(await pullMs(), 250);
});

test("crypto never closes, and without quiet hours nothing is ever asked", async () => {
  for (const quietHours of [{ ...CLOSED, markets: ["stocks", "crypto"] as const }, undefined]) {
    const clock = new ManualClock(SATURDAY);
    const { store, asked } = watchedStore(clock);
    await using h = await startPipeline({ clock, store, settings: USUAL, ...(quietHours && { quietHours }) });
    h.pipeline.offer("tick", trades(1));
    await clock.advance(3 * QUIET_IN_MS);
    assertEquals(asked, []);
  }
});

test("a burst into a quiet list never lands more than half the cap in any long interval until readers know the short one", async () => {
  const clock = new ManualClock(SATURDAY);
  const { store, appends } = watchedStore(clock);
  await using h = await startPipeline({ clock, store, settings: USUAL, quietHours: CLOSED });
  h.pipeline.offer("tick", trades(1));
  await clock.advance(QUIET_IN_MS);
  const from = clock.monotonic();
  h.pipeline.offer("tick", trades(3_000, 1));
  for (let ms = 0; ms < 10_000; ms += 50) await clock.advance(50);
  const landed = appends.filter(({ at }) => at >= from);
  const within = (ms: number) =>
    landed.filter(({ at }) => at < from + ms).reduce((sum, { request }) => sum + request.bodies.length, 0);
  assertEquals([within(2_000), within(10_000)], [500, 3_000]);
  assertEquals((await store.readTail("tick", 0)).head?.pullMs, 250);
});

test("a store that is away is asked again at the next look, and meanwhile the longer interval paces", async () => {
  const clock = new ManualClock(SATURDAY);
  const { store, asked, faults } = watchedStore(clock);
  await using h = await startPipeline({ clock, store, settings: USUAL, quietHours: CLOSED });
  h.pipeline.offer("tick", trades(1));
  faults.isAway = true;
  await clock.advance(QUIET_IN_MS + 5 * QUIET_LOOK_MS);
  assert(asked.length > 1 && asked.length <= 7, `${asked.length} times`);
  const tick = () => h.pipeline.health().channels.find((one) => one.stream === "tick")?.lists[0];
  assertEquals([tick()?.paceMs, (await store.readTail("tick", 0)).head?.pullMs], [2_000, 250]);
  faults.isAway = false;
  await clock.advance(QUIET_LOOK_MS);
  assertEquals((await store.readTail("tick", 0)).head?.pullMs, 2_000);
});
