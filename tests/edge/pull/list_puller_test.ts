/** The one reader of a list: when it reads, how much, and what it makes of what it finds. */
import { assert, assertEquals } from "@std/assert";
import { TickcastError } from "../../../src/feed/error.ts";
import { silentLog } from "../../../src/feed/log.ts";
import { type FeedStore, type Hint, QUIET_PULL_MS } from "../../../src/feed/store.ts";
import { EdgeCounters } from "../../../src/edge/edge_counters.ts";
import { FeedSet } from "../../../src/edge/pull/feed_set.ts";
import { RingBudget } from "../../../src/edge/pull/ring_budget.ts";
import type { StreamFeed } from "../../../src/edge/pull/stream_feed.ts";
import { STREAMS } from "../../../src/feed/stream.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { MemoryState } from "../../../src/store/memory/memory_state.ts";
import { aTrade } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { Writer } from "../edge_rig.ts";

interface Scene extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly state: MemoryState;
  readonly writer: Writer;
  readonly feeds: FeedSet;
  readonly feed: StreamFeed;
  readonly counters: EdgeCounters;
  /** How many elements each read asked for. */
  readonly asked: number[];
  readonly faults: { isDown: boolean; hints: "true" | "none" | Hint };
}

function scene(pullMs = 250): Scene {
  const clock = new ManualClock();
  const state = new MemoryState(clock);
  const store = createMemoryStore(clock, state);
  const asked: number[] = [];
  const faults: Scene["faults"] = { isDown: false, hints: "none" };
  const faulty: FeedStore = {
    ...store,
    readTail(list, count, signal) {
      asked.push(count);
      if (faults.isDown) {
        return Promise.reject(new TickcastError("STORE_UNAVAILABLE", "Cannot read as the test says so"));
      }
      return store.readTail(list, count, signal);
    },
    async *hints(signal) {
      for await (const hint of store.hints(signal)) {
        if (faults.hints === "true") yield hint;
        else if (faults.hints !== "none") yield faults.hints;
      }
    },
  };
  const counters = new EdgeCounters(clock);
  const feeds = new FeedSet({
    streams: STREAMS,
    listCount: () => 1,
    store: faulty,
    clock,
    random: () => 0.5,
    logger: silentLog,
    counters,
    budget: new RingBudget(1e8),
    lingerMs: 30_000,
    onNews: () => {},
    onReplaced: () => {},
  });
  const feed = feeds.get("tick");
  if (feed === undefined) throw new Error("no feed");
  return {
    clock,
    state,
    feeds,
    feed,
    counters,
    asked,
    faults,
    writer: new Writer(store, pullMs),
    async [Symbol.asyncDispose]() {
      await feeds[Symbol.asyncDispose]();
    },
  };
}

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });
const trades = (count: number) => Array.from({ length: count }, (_, n) => aTrade({ tid: String(n) }));
const held = ({ log }: StreamFeed) => log.end - log.base;

pure(
  "a wanted list is read every pull_ms without any hint, and not at all once nobody has wanted it for the linger",
  async () => {
    await using s = scene();
    await s.writer.append("tick", trades(3));
    const want = s.feeds.want(s.feed);
    await s.clock.advance(0);
    assertEquals([held(s.feed), s.asked], [3, [1000]]);
    await s.writer.append("tick", trades(2));
    await s.clock.advance(250);
    assertEquals(held(s.feed), 5);
    const before = s.asked.length;
    await s.clock.advance(10_000);
    assertEquals(s.asked.length - before, 40);
    want[Symbol.dispose]();
    await s.clock.advance(31_000);
    const rested = s.asked.length;
    await s.clock.advance(60_000);
    assertEquals([s.asked.length, s.clock.pending], [rested, 0]);
  },
);

pure(
  "a list of a closed market is pulled 30 times a minute instead of 240, and its first event comes with its hint",
  async () => {
    await using s = scene();
    s.faults.hints = "true";
    await s.writer.append("tick", trades(3));
    using _want = s.feeds.want(s.feed);
    const pullsInAMinute = async () => {
      await s.clock.advance(5_000);
      const before = s.asked.length;
      await s.clock.advance(60_000);
      return s.asked.length - before;
    };
    assertEquals(await pullsInAMinute(), 240);
    const store = createMemoryStore(s.clock, s.state);
    const { head } = await store.readTail("tick", 0);
    assert(head !== undefined);
    const { fence } = s.state;
    await store.setPullInterval({ list: "tick", fence, expected: head, pullMs: QUIET_PULL_MS });
    assertEquals(await pullsInAMinute(), 30);
    await s.clock.advance(500);
    await s.writer.append("tick", trades(1));
    await s.clock.advance(10);
    assertEquals(held(s.feed), 4);
    assertEquals(await pullsInAMinute(), 240);
  },
);

pure(
  "a hint brings what it says is new at once, and asks for no more than that and the last one held",
  async () => {
    await using s = scene();
    s.faults.hints = "true";
    await s.writer.append("tick", trades(500));
    using _want = s.feeds.want(s.feed);
    await s.clock.advance(100);
    s.asked.length = 0;
    await s.writer.append("tick", trades(7));
    await s.clock.advance(1);
    assertEquals([held(s.feed), s.asked], [507, [8]]);
  },
);

pure(
  "hints that are forged, of nonsense or doubled cost no event and at most a read each spacing",
  async () => {
    for (const position of [{ epoch: "zzzzzzzz", seq: 9e15 }, { epoch: "0", seq: 0 }]) {
      await using s = scene();
      s.faults.hints = { list: "tick", position };
      await s.writer.append("tick", trades(5));
      using _want = s.feeds.want(s.feed);
      await s.clock.advance(10);
      for (let n = 0; n < 50; n++) await s.writer.append("tick", trades(1));
      await s.clock.advance(1000);
      assertEquals([held(s.feed), s.feed.log.nextGap(0, 99)], [55, 99]);
      assert(s.asked.every((count) => count <= 1000), `asked for ${s.asked}`);
      assert(s.counters.pulls < 250, `${s.counters.pulls} pulls`);
    }
  },
);

pure("a forged hint, or one far ahead of the list, costs one read of much and none after it", async () => {
  await using s = scene();
  const { epoch } = await s.writer.append("tick", trades(500));
  using _want = s.feeds.want(s.feed);
  await s.clock.advance(600);
  for (const position of [{ epoch: "zzzzzzzz", seq: 9e15 }, { epoch, seq: 9e15 }, { epoch, seq: 950 }]) {
    s.asked.length = 0;
    s.faults.hints = { list: "tick", position };
    await s.writer.append("tick", trades(1));
    await s.clock.advance(15);
    s.faults.hints = "none";
    for (let n = 0; n < 8; n++) {
      await s.writer.append("tick", trades(1));
      await s.clock.advance(250);
    }
    const [first = 0, ...later] = s.asked;
    assertEquals(
      [first > 400, later.length, later.every((count) => count <= 8)],
      [true, 8, true],
      `asked for ${s.asked}`,
    );
  }
  assertEquals([held(s.feed), s.feed.log.nextGap(0, 9999)], [527, 9999]);
});

pure("a hint is not forgotten by reads that fail", async () => {
  await using s = scene();
  s.faults.hints = "true";
  await s.writer.append("tick", trades(10));
  using _want = s.feeds.want(s.feed);
  await s.clock.advance(100);
  s.faults.isDown = true;
  await s.clock.advance(1000);
  await s.writer.append("tick", trades(70));
  await s.clock.advance(2_000);
  s.faults.isDown = false;
  s.asked.length = 0;
  await s.clock.advance(2_200);
  assertEquals([s.asked[0], s.counters.pullsWidened, held(s.feed)], [71, 0, 80]);
});

pure("a read that leaves a hole is widened past what is missing", async () => {
  await using s = scene();
  await s.writer.append("tick", trades(10));
  using _want = s.feeds.want(s.feed);
  await s.clock.advance(10);
  await s.writer.append("tick", trades(123));
  await s.clock.advance(250);
  assertEquals([held(s.feed), s.counters.pullsWidened, s.asked.at(-1)], [133, 1, 248]);
});

pure("what was trimmed before it was read is a gap with its exact count", async () => {
  await using s = scene();
  await s.writer.append("tick", trades(10));
  using _want = s.feeds.want(s.feed);
  await s.clock.advance(10);
  for (let n = 0; n < 3; n++) await s.writer.append("tick", trades(500));
  await s.clock.advance(250);
  const gap = s.feed.log.at(10)?.missing;
  assertEquals([gap?.lost, gap?.cause, gap?.after.seq, gap?.before.seq], [500, "evicted", 10, 511]);
  assertEquals(s.feed.log.at(s.feed.log.end - 1)?.seq, 1510);
});

pure("a lost list is a gap that nobody can count, and everything of the new epoch follows", async () => {
  await using s = scene();
  await s.writer.append("tick", trades(10));
  using _want = s.feeds.want(s.feed);
  await s.clock.advance(10);
  s.state.list("tick").dropElements();
  await s.clock.advance(1000);
  assertEquals([held(s.feed), s.feed.isLost], [10, true]);
  await s.writer.append("tick", trades(3));
  await s.clock.advance(1000);
  const gap = s.feed.log.at(10)?.missing;
  assertEquals([gap?.lost, gap?.cause, gap?.before.seq, held(s.feed), s.feed.isLost], [
    null,
    "epoch",
    1,
    14,
    false,
  ]);
});

pure("a store that falls back to an older copy is no news until its writer begins a new epoch", async () => {
  await using s = scene();
  await s.writer.append("tick", trades(10));
  const copy = s.state.list("tick").clone();
  await s.writer.append("tick", trades(10));
  using _want = s.feeds.want(s.feed);
  await s.clock.advance(10);
  s.state.lists.set("tick", copy);
  await s.clock.advance(2000);
  assertEquals([held(s.feed), s.feed.log.nextGap(0, 99)], [20, 99]);
  await s.writer.append("tick", trades(2));
  await s.clock.advance(2000);
  assertEquals([s.feed.log.at(20)?.missing?.cause, held(s.feed)], ["epoch", 23]);
});

pure(
  "while the store is away it is asked with growing pauses, and nothing is lost when it is back",
  async () => {
    await using s = scene();
    await s.writer.append("tick", trades(10));
    using _want = s.feeds.want(s.feed);
    await s.clock.advance(10);
    s.faults.isDown = true;
    s.asked.length = 0;
    await s.clock.advance(60_000);
    assert(s.asked.length < 70, `${s.asked.length} reads in a minute`);
    assertEquals(s.feed.isWarm, false);
    await s.writer.append("tick", trades(400));
    s.faults.isDown = false;
    await s.clock.advance(2_200);
    assertEquals([held(s.feed), s.feed.log.nextGap(0, 999), s.feed.isWarm], [410, 999, true]);
  },
);

pure("elements that are none are stepped over and told as a gap of one", async () => {
  await using s = scene();
  await s.writer.append("tick", trades(5));
  const list = s.state.list("tick");
  const tail = list.tail.bind(list);
  list.tail = (count) => {
    const { head, elements } = tail(count);
    return { head, elements: elements.map((text) => text.includes('-3"') ? '{"id":"nonsense' : text) };
  };
  using _want = s.feeds.want(s.feed);
  await s.clock.advance(10);
  const gap = s.feed.log.at(2)?.missing;
  assertEquals([gap?.lost, gap?.after.seq, gap?.before.seq, s.feed.log.end], [1, 2, 4, 5]);
  const dropped = s.counters.drops.get("bad_element") ?? 0;
  assert(dropped >= 1, `${dropped} dropped`);
});

pure("fresh() waits for a read that began after it was asked, and all who ask share it", async () => {
  await using s = scene();
  await s.writer.append("tick", trades(1));
  using _want = s.feeds.want(s.feed);
  await s.clock.advance(100);
  s.asked.length = 0;
  const signal = new AbortController().signal;
  let done = 0;
  for (let n = 0; n < 500; n++) void s.feed.fresh(signal).then(() => done++);
  await s.clock.advance(20);
  assertEquals([done, s.asked.length], [500, 1]);
});

pure("fresh() on a list that rests is answered by the read with which it begins", async () => {
  await using s = scene();
  await s.writer.append("tick", trades(1));
  let isDone = false;
  void s.feed.fresh(new AbortController().signal).then(() => isDone = true);
  await s.clock.advance(20);
  assertEquals([isDone, s.asked.length], [true, 1]);
});

pure(
  "while the store is away those who ask wait on, leave when they like, and are served once it is back",
  async () => {
    await using s = scene();
    await s.writer.append("tick", trades(1));
    s.faults.isDown = true;
    let served = 0;
    let left = 0;
    const ask = (signal: AbortSignal) => void s.feed.fresh(signal).then(() => served++, () => left++);
    for (let n = 0; n < 200; n++) {
      const client = new AbortController();
      ask(client.signal);
      if (n % 2 === 0) ask(new AbortController().signal);
      await s.clock.advance(100);
      client.abort();
    }
    await s.clock.advance(0);
    assertEquals([served, left], [0, 200]);
    s.faults.isDown = false;
    await s.clock.advance(2_200);
    assertEquals([served, left], [100, 200]);
  },
);
