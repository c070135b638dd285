import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { FeedEvent } from "../../src/feed/event.ts";
import { A_MONDAY, aSignal } from "../support/event_factory.ts";
import { frameOf, wireBar, wireFairValue, wireTrade } from "../support/wire_factory.ts";
import { type HarnessOptions, startPipeline } from "./pipeline_harness.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });
const POISONED = "POISON";

const poisonTick = new Map([["tick", (event: FeedEvent) => {
  if (event.type !== "gap" && event.sym === POISONED) throw new Error("poison");
  return event;
}]]);

/** Runs the same day through a pipeline and gives what each list holds, less ids and receipt. */
async function day(
  options: HarnessOptions,
  poison: (n: number) => string[],
): Promise<Record<string, Record<string, unknown>[]>> {
  await using h = await startPipeline(options);
  for (let n = 0; n < 30; n++) {
    h.pipeline.accept(frameOf([
      ...poison(n),
      wireTrade({ i: String(n) }),
      wireBar({ ev: "AM", s: A_MONDAY + n * 60_000, e: A_MONDAY + (n + 1) * 60_000 }),
      wireFairValue("AAPL", `${A_MONDAY + n}000001`),
    ]));
    h.pipeline.offer("signal", [aSignal({ key: String(n) })]);
    await h.clock.advance(50);
  }
  await h.clock.advance(60_000);
  const lists: Record<string, Record<string, unknown>[]> = {};
  for (const name of ["tick", "minute", "fmv", "signal"]) {
    lists[name] = (await h.list(name)).map(({ id: _id, rx: _rx, ...event }) => event);
  }
  return lists;
}

test("a poisoned tick stream changes no event of the others, and tells what it lost", async () => {
  const calm = await day({}, () => []);
  const poisoned = await day(
    { rules: poisonTick },
    (n) => n % 3 === 0 ? [JSON.stringify(wireTrade({ sym: POISONED, i: `p${n}` }))] : [],
  );
  for (const name of ["minute", "fmv", "signal"]) assertEquals(poisoned[name], calm[name]);
  const ticks = poisoned["tick"] ?? [];
  assertEquals(ticks.filter(({ type }) => type === "trade"), calm["tick"], "the stream itself recovers");
  const lost = ticks.filter(({ type }) => type === "gap").reduce((sum, gap) => sum + Number(gap.lost), 0);
  assertEquals(lost, 10);
});

test("whatever bad elements one stream is fed, the others hold what they would have held", async () => {
  const calm = await day({}, () => []);
  const bad = fc.constantFrom(
    '{"ev":"T"}',
    '{"ev":"T","sym":"A","p":"1","t":1}',
    '{"ev":"A","sym":"A"}',
    "7",
    "[]",
    '{"ev":"ZZ","sym":"A"}',
    JSON.stringify(wireTrade({ p: -1 })),
    JSON.stringify(wireBar({ z: "12" })),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(bad, { minLength: 1, maxLength: 5 }), async (elements) => {
      assertEquals(await day({}, () => elements), calm);
    }),
    { numRuns: 15 },
  );
});

test("a failed channel says so, rests, and takes up its work again", async () => {
  await using h = await startPipeline({ rules: poisonTick });
  const state = () => h.pipeline.health().channels.find((channel) => channel.stream === "tick");
  h.pipeline.accept(frameOf([wireTrade({ sym: POISONED }), wireTrade()]));
  await h.clock.advance(1);
  assertEquals([state()?.state, state()?.failed, state()?.queueDepth], ["failed", 1, 1]);
  await h.clock.advance(50);
  assertEquals([state()?.state, state()?.queueDepth], ["on", 0]);
});

test("what listens in can't disturb the stream it listens to", async () => {
  await using h = await startPipeline({
    onForwarded: () => {
      throw new Error("listener");
    },
  });
  h.pipeline.accept(frameOf([wireTrade(), wireTrade({ i: "2" })]));
  await h.clock.advance(10);
  assertEquals((await h.list("tick")).length, 2);
  assertEquals(h.pipeline.health().dropsByReason["listener failed"], 1);
});

test("a flood of ticks keeps nobody from working: every stream has its turn, ticks the longest", async () => {
  const worked: string[] = [];
  const noting = (name: string) => (event: FeedEvent) => {
    worked.push(name);
    return event;
  };
  await using h = await startPipeline({
    rules: new Map(["tick", "minute", "fmv"].map((name) => [name, noting(name)])),
  });
  const frames = [
    Array.from({ length: 2000 }, (_, n) => wireFairValue(`S${n}`)),
    Array.from({ length: 2000 }, (_, n) => wireBar({ ev: "AM", sym: `S${n}` })),
    Array.from({ length: 2000 }, (_, n) => wireTrade({ i: String(n) })),
  ];
  h.pipeline.accept(frameOf(frames.flat()));
  await h.clock.advance(0);
  assertEquals(worked.length, 6000);
  assertEquals(worked.slice(0, 256).every((name) => name === "tick"), true);
  const firstRound = worked.slice(0, 448);
  assert(firstRound.includes("minute") && firstRound.includes("fmv"));
});

test("health tells what each channel did", async () => {
  await using h = await startPipeline({ enabled: new Set(["tick"]) });
  h.pipeline.accept(frameOf([wireTrade(), wireTrade(), wireTrade({ p: 0 }), wireBar({ ev: "AM" })]));
  await h.clock.advance(100);
  const { channels, dropsByReason } = h.pipeline.health();
  const [tick, minute] = ["tick", "minute"].map((name) =>
    channels.find((channel) => channel.stream === name)
  );
  assertEquals(dropsByReason, { "bad T.p": 1 });
  assertEquals([minute?.state, minute?.dropped], ["off", { off: 1 }]);
  assertEquals([tick?.processed, tick?.repeats, tick?.lastEventT, tick?.lastEventRx], [
    2,
    1,
    A_MONDAY,
    A_MONDAY + 20,
  ]);
  assertEquals(tick?.lists.map(({ list, depth, appends, paceMs }) => ({ list, depth, appends, paceMs })), [
    { list: "tick", depth: 1, appends: 1, paceMs: 10 },
  ]);
  assertEquals([...h.pipeline.symbolRates().keys()], ["AAPL"]);
});
