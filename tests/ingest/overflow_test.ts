import { assert, assertEquals } from "@std/assert";
import type { FeedStore } from "../../src/feed/store.ts";
import { TickcastError } from "../../src/feed/error.ts";
import { createMemoryStore } from "../../src/store/memory/memory_store.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { aFairValue, aMinute, aTrade } from "../support/event_factory.ts";
import { type Harness, startPipeline } from "./pipeline_harness.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** A pipeline whose store refuses to be reached while `away`. */
async function startAway(): Promise<{ h: Harness; back: () => void }> {
  const clock = new ManualClock();
  const memory = createMemoryStore(clock);
  let away = false;
  const store: FeedStore = {
    ...memory,
    append: (request, signal) =>
      away
        ? Promise.reject(new TickcastError("STORE_UNAVAILABLE", "Cannot append"))
        : memory.append(request, signal),
  };
  const h = await startPipeline({ store, clock });
  away = true;
  return { h, back: () => (away = false) };
}

async function readAll(h: Harness, list: string, ms = 2000): Promise<Record<string, unknown>[]> {
  const seen = new Map<unknown, Record<string, unknown>>();
  for (let passed = 0; passed < ms; passed += 10) {
    await h.clock.advance(10);
    for (const event of await h.list(list)) seen.set(event.id, event);
  }
  return [...seen.values()];
}

const health = (h: Harness, stream: string) => h.pipeline.health().channels.find((c) => c.stream === stream);

test("what the queues hold while the store is away is appended on its return, in order and once", async () => {
  const { h, back } = await startAway();
  await using _ = h;
  for (let n = 0; n < 5000; n++) h.pipeline.offer("tick", [aTrade({ tid: String(n), q: n })]);
  await h.clock.advance(3000);
  back();
  const seen = await readAll(h, "tick", 10_000);
  assertEquals(seen.map((event) => event.q), Array.from({ length: 5000 }, (_, n) => n));
});

test("ticks over the cap are conflated by type and symbol, and the loss is told where it happened", async () => {
  const { h, back } = await startAway();
  await using _ = h;
  for (let n = 0; n < 25_000; n++) {
    h.pipeline.offer("tick", [aTrade({ tid: String(n), sym: `S${n % 50}`, q: n })]);
    if (n % 1000 === 0) await h.clock.advance(1);
  }
  assert(h.pipeline.pressure() <= 1);
  back();
  const seen = await readAll(h, "tick", 10_000);
  const trades = seen.filter((event) => event.type === "trade");
  const lost = seen.filter((event) => event.type === "gap").reduce((sum, gap) => sum + Number(gap.lost), 0);
  assertEquals(trades.length + lost, 25_000, "produced = delivered + told as lost");
  assertEquals(lost, health(h, "tick")?.dropped["overflow"]);
  const order = trades.map((event) => Number(event.q));
  assertEquals(order, order.toSorted((a, b) => a - b));
  for (let n = 0; n < 50; n++) assert(order.includes(24_999 - n), "the newest of every symbol is kept");
});

test("more symbols than the queue holds lose the oldest, told", async () => {
  const { h, back } = await startAway();
  await using _ = h;
  for (let n = 0; n < 15_000; n++) h.pipeline.offer("fmv", [aFairValue({ sym: `S${n}` })]);
  back();
  const seen = await readAll(h, "fmv", 4000);
  const values = seen.filter((event) => event.type === "fmv");
  const lost = seen.filter((event) => event.type === "gap").reduce((sum, gap) => sum + Number(gap.lost), 0);
  assertEquals(values.length + lost, 15_000);
  assertEquals(values.at(-1)?.sym, "S14999");
});

test("bars over the cap are refused, told behind what was kept", async () => {
  const { h, back } = await startAway();
  await using _ = h;
  for (let n = 0; n < 12_000; n++) h.pipeline.offer("minute", [aMinute({ sym: `S${n}` })]);
  back();
  const first = await readAll(h, "minute", 500);
  h.pipeline.offer("minute", [aMinute({ sym: "LATER" })]);
  const seen = [
    ...first,
    ...(await readAll(h, "minute", 4000)).filter((e) => !first.some(({ id }) => id === e.id)),
  ];
  assertEquals(seen.filter((event) => event.type === "minute").length, 10_001);
  const at = seen.findIndex((event) => event.type === "gap");
  assertEquals([seen[at]?.lost, seen[at]?.cause, seen[at + 1]?.sym], [2000, "overflow", "LATER"]);
  assertEquals(health(h, "minute")?.gaps.map((gap) => gap.lost), [2000]);
});

test("a loss at the very end is told without anything coming after it", async () => {
  const { h, back } = await startAway();
  await using _ = h;
  for (let n = 0; n < 10_005; n++) h.pipeline.offer("minute", [aMinute({ sym: `S${n}` })]);
  back();
  const seen = await readAll(h, "minute", 4000);
  assertEquals(seen.at(-1)?.type, "gap");
  assertEquals(seen.at(-1)?.lost, 5);
});

test("the upstream's absence is told in order with what waited", async () => {
  const { h, back } = await startAway();
  await using _ = h;
  h.pipeline.offer("tick", [aTrade({ q: 1, tid: "1" })]);
  h.pipeline.tellGap("tick", { lost: null, cause: "upstream", from: 5, to: 9 });
  h.pipeline.offer("tick", [aTrade({ q: 2, tid: "2" })]);
  back();
  const seen = await readAll(h, "tick");
  assertEquals(
    seen.map((event) => event.type === "gap" ? [event.cause, event.lost, event.from, event.to] : event.q),
    [
      1,
      ["upstream", null, 5, 9],
      2,
    ],
  );
});
