/** Waiting for a feed: what the waits of many cost the store, and that nothing is left of those that are over. */
import { assertEquals, assertRejects } from "@std/assert";
import { TickcastError } from "../../../src/feed/error.ts";
import { silentLog } from "../../../src/feed/log.ts";
import type { FeedStore, Hint } from "../../../src/feed/store.ts";
import { STREAMS } from "../../../src/feed/stream.ts";
import { EdgeCounters } from "../../../src/edge/edge_counters.ts";
import { whenCaughtUp, whenWarm } from "../../../src/edge/deliver/feed_wait.ts";
import { FeedSet } from "../../../src/edge/pull/feed_set.ts";
import { RingBudget } from "../../../src/edge/pull/ring_budget.ts";
import type { StreamFeed } from "../../../src/edge/pull/stream_feed.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { aTrade } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { Writer } from "../edge_rig.ts";

interface Scene extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly feed: StreamFeed;
  readonly writer: Writer;
  readonly state: { reads: number; isDown: boolean };
}

/** No hint ever comes. */
const ended = (signal: AbortSignal) =>
  new Promise<IteratorResult<Hint>>((resolve) =>
    signal.addEventListener("abort", () => resolve({ done: true, value: undefined }), { once: true })
  );

/** A feed over Redis' interval, without hints, that somebody follows. */
async function scene(): Promise<Scene> {
  const clock = new ManualClock();
  const store = createMemoryStore(clock);
  const state = { reads: 0, isDown: false };
  const counted: FeedStore = {
    ...store,
    readTail(list, count, signal) {
      state.reads++;
      if (state.isDown) {
        return Promise.reject(new TickcastError("STORE_UNAVAILABLE", "Cannot read as the test says so"));
      }
      return store.readTail(list, count, signal);
    },
    hints: (signal) => ({ [Symbol.asyncIterator]: () => ({ next: () => ended(signal) }) }),
  };
  const feeds = new FeedSet({
    streams: STREAMS,
    listCount: () => 1,
    store: counted,
    clock,
    random: () => 0.5,
    logger: silentLog,
    counters: new EdgeCounters(clock),
    budget: new RingBudget(1e8),
    lingerMs: 30_000,
    onNews: () => {},
    onReplaced: () => {},
  });
  const feed = feeds.get("tick");
  if (feed === undefined) throw new Error("no feed");
  const writer = new Writer(store, 250);
  await writer.append("tick", [aTrade()]);
  feeds.want(feed);
  await clock.advance(100);
  return { clock, feed, writer, state, [Symbol.asyncDispose]: () => feeds[Symbol.asyncDispose]() };
}

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });
const from = (epoch: string, seq: number) =>
  ({ from: "cursor", cursor: new Map([["tick", { epoch, seq }]]) }) as const;
const FORGED = from("zzzzzzzz", 5);

/** Clients that come with a forged cursor, are told where they stand and come again at once. */
function insist({ feed, clock }: Scene, clients: number, signal: AbortSignal): void {
  const client = async (startMs: number) => {
    await clock.sleep(startMs, signal);
    while (!signal.aborted) await whenCaughtUp(feed, FORGED, clock, signal);
  };
  for (let n = 0; n < clients; n++) client(1 + n * 9.7).catch(() => {});
}

pure("cursors that are ahead cost the store the same for one client as for two hundred", async () => {
  const readsOf = async (clients: number) => {
    await using s = await scene();
    const stop = new AbortController();
    insist(s, clients, stop.signal);
    await s.clock.advance(2_500);
    s.state.reads = 0;
    for (let n = 0; n < 1000; n++) await s.clock.advance(10);
    stop.abort();
    return s.state.reads;
  };
  const [none, one, twenty, many] = [
    await readsOf(0),
    await readsOf(1),
    await readsOf(20),
    await readsOf(200),
  ];
  assertEquals([none, one, twenty, many], [40, 40, 40, 40]);
});

pure("who is ahead goes on with the read that catches up, and who isn't waits for nothing", async () => {
  await using s = await scene();
  const { epoch } = s.feed.log.endPosition(0);
  const { signal } = new AbortController();
  let isOver = false;
  await whenCaughtUp(s.feed, from(epoch, 1), s.clock, signal);
  void whenCaughtUp(s.feed, from(epoch, 3), s.clock, signal).then(() => isOver = true);
  await s.clock.advance(200);
  await s.writer.append("tick", [aTrade({ tid: "2" })]);
  await s.clock.advance(200);
  assertEquals(isOver, false);
  await s.writer.append("tick", [aTrade({ tid: "3" })]);
  await s.clock.advance(250);
  assertEquals(isOver, true);
});

pure("of waits that are over, given up or in vain nothing is left, be the store there or away", async () => {
  for (const isDown of [false, true]) {
    await using s = await scene();
    s.state.isDown = isDown;
    await s.clock.advance(300);
    const before = s.clock.pending;
    let listeners = 0;
    const stop = new AbortController();
    const signal: AbortSignal = Object.assign(stop.signal, {
      addEventListener(...args: Parameters<AbortSignal["addEventListener"]>) {
        listeners++;
        EventTarget.prototype.addEventListener.apply(stop.signal, args);
      },
      removeEventListener(...args: Parameters<AbortSignal["removeEventListener"]>) {
        listeners--;
        EventTarget.prototype.removeEventListener.apply(stop.signal, args);
      },
    });
    const over: string[] = [];
    const wait = (own: AbortSignal) =>
      void whenCaughtUp(s.feed, FORGED, s.clock, own).then(
        () => over.push("in vain"),
        () => over.push("left"),
      );
    const leaving = new AbortController();
    for (let n = 0; n < 50; n++) wait(leaving.signal);
    for (let n = 0; n < 50; n++) wait(signal);
    await s.clock.advance(120);
    leaving.abort();
    await s.clock.advance(1_900);
    assertEquals(over.toSorted(), [...Array(50).fill("in vain"), ...Array(50).fill("left")]);
    wait(signal);
    await s.clock.advance(50);
    assertEquals(listeners, 1);
    stop.abort();
    await s.clock.advance(0);
    assertEquals([s.clock.pending, over.length], [before, 101]);
  }
});

pure("a feed that ends tells those who wait on it", async () => {
  const s = await scene();
  const { signal } = new AbortController();
  const waits = [
    whenCaughtUp(s.feed, FORGED, s.clock, signal),
    whenCaughtUp(s.feed, FORGED, s.clock, signal),
  ];
  const ends = waits.map((wait) => assertRejects(() => wait, DOMException, "stopped"));
  await s.clock.advance(120);
  await s[Symbol.asyncDispose]();
  await Promise.all(ends);
  await assertRejects(() => whenCaughtUp(s.feed, FORGED, s.clock, signal), DOMException, "stopped");
  await assertRejects(() => whenWarm(s.feed, s.clock, 100, signal), DOMException, "stopped");
});
