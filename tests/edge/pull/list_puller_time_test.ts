/** When a puller gives a read up, and when it comes again: by the time each read itself has taken. */
import { assert, assertEquals } from "@std/assert";
import { EdgeCounters } from "../../../src/edge/edge_counters.ts";
import { ListPuller } from "../../../src/edge/pull/list_puller.ts";
import { TailReader } from "../../../src/edge/pull/tail_reader.ts";
import { silentLog } from "../../../src/feed/log.ts";
import type { ListStore, ListTail } from "../../../src/feed/store.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const LINGER_MS = 30_000;
const TAIL: ListTail = { head: { epoch: "k3f9a0b1", seq: 1, pullMs: 249 }, elements: [] };
const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

interface Scene extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly puller: ListPuller;
  readonly counters: EdgeCounters;
  /** When each read began (monotonic ms). */
  readonly beganMs: number[];
  /** How many elements each asked for. */
  readonly asked: number[];
}

/** A puller whose store takes its time and then answers, or fails. */
function scene(takesMs: number, isDown = false): Scene {
  const clock = new ManualClock();
  const counters = new EdgeCounters(clock);
  const beganMs: number[] = [];
  const asked: number[] = [];
  const store: ListStore = {
    ...createMemoryStore(clock),
    async readTail(_list, count, signal) {
      asked.push(count);
      beganMs.push(clock.monotonic());
      await clock.sleep(takesMs, signal);
      if (isDown) throw new Error("down, as the test says");
      return TAIL;
    },
  };
  const sink = { begin: () => {}, append: () => {}, isLate: () => false };
  const reader = new TailReader({ name: "tick", index: 0, capEvents: 1000, store, sink, counters });
  const puller = new ListPuller({
    list: "tick",
    store,
    clock,
    random: () => 0.5,
    log: silentLog,
    counters,
    lingerMs: LINGER_MS,
    reader,
    onNews: () => {},
    onSetBack: () => {},
  });
  return {
    clock,
    counters,
    beganMs,
    asked,
    puller,
    [Symbol.asyncDispose]: () => puller[Symbol.asyncDispose](),
  };
}

pure("a read that is answered in time is never given up, whenever its list began to be wanted", async () => {
  await using s = scene(200);
  for (let run = 0; run < 5; run++) {
    s.puller.hold();
    await s.clock.advance(25_000);
    s.puller.letGo();
    await s.clock.advance(LINGER_MS + 15_000 + run * 7);
  }
  assertEquals(s.counters.pullFailures, 0);
});

pure("a read that is never answered is given up between one limit and two", async () => {
  await using s = scene(1e9);
  s.puller.hold();
  await s.clock.advance(9_900);
  assertEquals(s.counters.pullFailures, 0);
  await s.clock.advance(10_200);
  assertEquals(s.counters.pullFailures, 1);
});

pure(
  "a hint that comes while a read is under way is for the next one, and for no more than that",
  async () => {
    await using s = scene(100);
    s.puller.hold();
    await s.clock.advance(300);
    s.puller.hint({ epoch: "k3f9a0b1", seq: 41 });
    await s.clock.advance(400);
    assertEquals(s.asked, [1000, 0, 40, 0]);
  },
);

pure("the pause after a failure begins when the read has failed, however long that took", async () => {
  for (const takesMs of [0, 150, 2_200]) {
    await using s = scene(takesMs, true);
    s.puller.hold();
    await s.clock.advance(20_000);
    const pausesMs = s.beganMs.slice(1).map((ms, n) => ms - (s.beganMs[n] ?? 0) - takesMs);
    assertEquals(pausesMs.slice(0, 5), [200, 300, 500, 900, 1100]);
    assert(pausesMs.every((ms) => ms >= 200 && ms <= 2_100), `pauses of ${pausesMs} ms`);
  }
});
