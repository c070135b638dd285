import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Clock } from "../../../src/feed/clock.ts";
import { TickcastError } from "../../../src/feed/error.ts";
import type { AppendRequest, FeedStore } from "../../../src/feed/store.ts";
import { MemoryState } from "../../../src/store/memory/memory_state.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { aMinute, aTrade } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { startPipeline } from "../pipeline_harness.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** What befalls one append. */
type Fate = "good" | "reply lost" | "not reached" | "refused" | "slow";

/** A memory store whose appends meet the given fates, in order; good ones after. */
function scriptedStore(clock: Clock, fates: Fate[]): FeedStore & { readonly requests: AppendRequest[] } {
  const memory = createMemoryStore(clock);
  const requests: AppendRequest[] = [];
  return {
    ...memory,
    requests,
    async append(request, signal) {
      requests.push(request);
      const fate = fates.shift() ?? "good";
      if (fate === "slow") await clock.sleep(400, signal);
      if (fate === "not reached") throw new TickcastError("STORE_UNAVAILABLE", "Cannot reach the store");
      if (fate === "refused") throw new TickcastError("STORE_REFUSED", "Cannot append");
      const reply = await memory.append(request, signal);
      if (fate === "reply lost") throw new TickcastError("STORE_UNAVAILABLE", "Cannot read the reply");
      return reply;
    },
  };
}

const trades = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => aTrade({ tid: String(from + n), q: from + n }));
const qs = (events: Record<string, unknown>[]) => events.map((event) => event.q);
const range = (to: number) => Array.from({ length: to }, (_, n) => n);

test("whatever befalls its appends, a list holds every event once and in order", async () => {
  const fate = fc.constantFrom<Fate>("good", "reply lost", "not reached", "refused", "slow");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fate, { maxLength: 12 }),
      fc.array(fc.nat(40), { maxLength: 10 }),
      async (fates, sizes) => {
        const clock = new ManualClock();
        await using h = await startPipeline({ clock, store: scriptedStore(clock, [...fates]) });
        let sent = 0;
        for (const size of sizes) {
          h.pipeline.offer("tick", trades(sent, sent += size));
          await clock.advance(size);
        }
        await clock.advance(120_000);
        assertEquals(qs(await h.list("tick")), range(sent));
      },
    ),
    { numRuns: 60 },
  );
});

test("a lost reply is tried again as the same batch; the next batch is another", async () => {
  const clock = new ManualClock();
  const store = scriptedStore(clock, ["reply lost", "not reached"]);
  await using h = await startPipeline({ clock, store });
  h.pipeline.offer("tick", trades(0, 3));
  await clock.advance(5000);
  h.pipeline.offer("tick", trades(3, 4));
  await clock.advance(10);
  const tokens = store.requests.map((request) => request.batch);
  assertEquals(tokens.length, 4);
  assertEquals(new Set(tokens).size, 2);
  assertEquals(new Set(tokens.slice(0, 3)).size, 1);
});

test("what arrives while an append is in flight is the next one, whole", async () => {
  const clock = new ManualClock();
  const store = scriptedStore(clock, ["slow"]);
  await using h = await startPipeline({ clock, store });
  for (let n = 0; n < 30; n++) {
    h.pipeline.offer("tick", trades(n, n + 1));
    await clock.advance(10);
  }
  await clock.advance(400);
  assertEquals(store.requests.map((request) => request.bodies.length), [1, 29]);
});

test("one append per interval at most, however quick the replies", async () => {
  const clock = new ManualClock();
  const store = scriptedStore(clock, []);
  await using h = await startPipeline({
    clock,
    store,
    settings: { appendIntervalMs: 100, pullIntervalMs: 250 },
  });
  for (let n = 0; n < 100; n++) {
    h.pipeline.offer("tick", trades(n, n + 1));
    await clock.advance(10);
  }
  assert(store.requests.length <= 11, `${store.requests.length} appends`);
  assertEquals(store.requests[0]?.pullMs, 250);
});

test("an append stays within half the cap and the store's bytes", async () => {
  const clock = new ManualClock();
  const store = scriptedStore(clock, []);
  await using h = await startPipeline({ clock, store });
  const wide = trades(0, 400).map((trade) => ({ ...trade, note: "é".repeat(3000) }));
  h.pipeline.offer("tick", [...wide, ...trades(400, 1200), {
    ...aTrade({ tid: "huge" }),
    note: "x".repeat(300_000),
  }]);
  for (let ms = 0; ms < 200; ms += 10) await clock.advance(10);
  const encoder = new TextEncoder();
  for (const { bodies } of store.requests) {
    assert(bodies.length <= 500);
    assert(bodies.reduce((sum, { text }) => sum + encoder.encode(text).length + 32, 0) <= 1024 * 1024);
  }
  assertEquals(store.requests.reduce((sum, { bodies }) => sum + bodies.length, 0), 1200);
  assertEquals(h.pipeline.health().channels.find((c) => c.stream === "tick")?.dropped, { "too large": 1 });
});

test("a list that lost its place begins a new epoch and goes on", async () => {
  const clock = new ManualClock();
  const state = scriptedStore(clock, []);
  await using h = await startPipeline({ clock, store: state });
  h.pipeline.offer("tick", trades(0, 2));
  await clock.advance(10);
  const before = (await state.readTail("tick", 0)).head;
  await state.append({
    list: "tick",
    capEvents: 1000,
    fence: h.fence,
    expected: before ?? { epoch: "0", seq: 0 },
    batch: "somebody",
    bodies: [{ text: '{"type":"trade","sym":"A","t":1,"rx":1,"price":1}', lastField: "trade:A", t: 1 }],
    pullMs: 10,
  });
  h.pipeline.offer("tick", trades(2, 4));
  await clock.advance(1000);
  const list = await h.list("tick");
  assertEquals(
    list.map((event) => event.q),
    [0, 1, undefined, 2, 3],
    "behind: the present head is taken over",
  );
});

test("an aborted append that landed is not sent again by the next term", async () => {
  const clock = new ManualClock();
  const memory = createMemoryStore(clock);
  let hang = false;
  const store: FeedStore = {
    ...memory,
    async append(request, signal) {
      const reply = await memory.append(request);
      if (hang) await clock.sleep(60_000, signal);
      return reply;
    },
  };
  await using h = await startPipeline({ clock, store });
  h.pipeline.offer("tick", trades(0, 2));
  await clock.advance(10);
  hang = true;
  h.pipeline.offer("tick", trades(2, 4));
  await clock.advance(10);
  await h.stop();
  hang = false;
  h.pipeline.offer("tick", trades(4, 5));
  const ending = new AbortController();
  const led = h.pipeline.lead(h.fence, ending.signal);
  await clock.advance(100);
  assertEquals(qs(await h.list("tick")), range(5));
  ending.abort();
  await led;
});

test("what waits is dropped when another leader has written since", async () => {
  const clock = new ManualClock();
  const store = createMemoryStore(clock);
  await using h = await startPipeline({ clock, store });
  h.pipeline.offer("tick", trades(0, 2));
  await clock.advance(10);
  await h.stop();
  h.pipeline.offer("minute", []);
  await using other = await startPipeline({ clock, store });
  other.pipeline.offer("tick", trades(2, 6));
  await clock.advance(10);
  await other.stop();
  const seen = await store.readLease();
  const lease = await store.takeLease("again", seen?.fence ?? 0, 60_000);
  const ending = new AbortController();
  const led = h.pipeline.lead(lease?.fence ?? 0, ending.signal);
  await clock.advance(10);
  h.pipeline.offer("tick", [...trades(4, 7)]);
  await clock.advance(100);
  assertEquals(qs(await h.list("tick")), range(7));
  ending.abort();
  await led;
});

test("changing the number of lists begins new epochs, told, and repeats nothing the old ones held", async () => {
  const clock = new ManualClock();
  const store = createMemoryStore(clock);
  const epochs = new Map<string, Set<string>>();
  let sent = 0;
  for (const tickLists of [1, 3, 2, 1, 1]) {
    await using h = await startPipeline({
      clock,
      store: { ...store, [Symbol.asyncDispose]: async () => {} },
      settings: { tickLists },
    });
    await clock.advance(100);
    h.pipeline.offer("tick", [...trades(Math.max(0, sent - 5), sent), ...trades(sent, sent += 5)]);
    for (let ms = 0; ms < 100; ms += 10) await clock.advance(10);
    const names = tickLists === 1 ? ["tick"] : Array.from({ length: tickLists }, (_, n) => `tick.${n}`);
    let held = 0;
    for (const name of names) {
      const { head, elements } = await store.readTail(name, 1000);
      if (head) epochs.set(name, (epochs.get(name) ?? new Set()).add(head.epoch));
      held += elements.filter((element) => element.includes('"trade"')).length;
    }
    assertEquals(held, sent === 25 ? 10 : 5, "only what is new, and what the same split held");
  }
  assertEquals(epochs.get("tick")?.size, 2);
});

test("a list that can't be read holds up its own stream only", async () => {
  const clock = new ManualClock();
  const memory = createMemoryStore(clock);
  const store: FeedStore = {
    ...memory,
    readTail: (list, count, signal) =>
      list === "tick"
        ? Promise.reject(new TickcastError("STORE_REFUSED", "Cannot read a list as its key has another type"))
        : memory.readTail(list, count, signal),
  };
  await using h = await startPipeline({ clock, store });
  h.pipeline.offer("tick", trades(0, 1));
  h.pipeline.offer("minute", [aMinute()]);
  await clock.advance(1000);
  assertEquals((await h.list("minute")).length, 1);
});

test("a store that lost everything, the lease too, gets what the queues hold in a new epoch", async () => {
  const clock = new ManualClock();
  let current = createMemoryStore(clock);
  const store = new Proxy(current, { get: (_, name) => Reflect.get(current, name) });
  await using h = await startPipeline({ clock, store });
  h.pipeline.offer("tick", trades(0, 20));
  await clock.advance(10);
  const before = (await store.readTail("tick", 0)).head;
  current = createMemoryStore(clock);
  h.pipeline.offer("tick", trades(20, 30));
  await clock.advance(10);
  assertEquals(await h.led, "fenced");
  h.pipeline.offer("tick", trades(30, 40));
  const lease = await store.takeLease("again", 0, 60_000);
  const ending = new AbortController();
  const led = h.pipeline.lead(lease?.fence ?? 0, ending.signal);
  await clock.advance(100);
  assertEquals(qs(await h.list("tick")), range(40).slice(20));
  const after = (await store.readTail("tick", 0)).head;
  assert(before && after && after.epoch > before.epoch);
  ending.abort();
  await led;
});

test("a store that came back as an old copy begins a new epoch rather than give ids twice", async () => {
  const clock = new ManualClock();
  const state = new MemoryState(clock);
  let current = createMemoryStore(clock, state);
  const store = new Proxy(current, { get: (_, name) => Reflect.get(current, name) });
  await using h = await startPipeline({ clock, store });
  h.pipeline.offer("tick", trades(0, 20));
  await clock.advance(10);
  const copy = new MemoryState(clock);
  copy.lease = state.lease;
  for (const [name, list] of state.lists) copy.lists.set(name, list.clone());
  h.pipeline.offer("tick", trades(20, 30));
  await clock.advance(10);
  const before = (await store.readTail("tick", 0)).head;
  await h.stop();
  current = createMemoryStore(clock, copy);
  const ending = new AbortController();
  const lease = await store.readLease();
  const led = h.pipeline.lead(lease?.fence ?? 0, ending.signal);
  h.pipeline.offer("tick", trades(30, 35));
  await clock.advance(100);
  const after = (await store.readTail("tick", 0)).head;
  assert(before && after && after.epoch > before.epoch);
  assertEquals(qs(await h.list("tick")), range(35).slice(30));
  ending.abort();
  await led;
});
