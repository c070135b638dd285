import { assertEquals } from "@std/assert";
import { A_MONDAY } from "../../support/event_factory.ts";
import { frameOf, wireBar, wireFairValue, wireTrade } from "../../support/wire_factory.ts";
import { startPipeline } from "../pipeline_harness.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });
const ids = (events: Record<string, unknown>[]) =>
  events.map((event) => String(event.id).replace(/^.*-/, ""));

test("a frame's events stand in their lists, each in its own shape, and statuses go back to the connection", async () => {
  await using h = await startPipeline();
  const outcome = h.pipeline.accept(frameOf([
    { ev: "status", status: "success", message: "subscribed to: T.AAPL" },
    wireTrade(),
    wireBar(),
    wireBar({ ev: "AM", s: A_MONDAY - 60_000, e: A_MONDAY }),
    wireFairValue(),
  ]));
  assertEquals(outcome, {
    statuses: [{ status: "success", message: "subscribed to: T.AAPL" }],
    events: 4,
    // The second bar could be sent when its second was over.
    latestEventT: A_MONDAY + 1_000,
  });
  await h.clock.advance(500);
  const tick = await h.list("tick");
  assertEquals(tick.map((event) => event.type), ["trade", "second"]);
  assertEquals(tick[0], {
    id: tick[0]?.id,
    type: "trade",
    sym: "AAPL",
    t: A_MONDAY,
    rx: A_MONDAY + 20,
    price: 297.845,
    size: 40,
    tid: "143541",
    tape: 3,
    x: 4,
    q: 4938312,
    pt: A_MONDAY - 7,
  });
  assertEquals((await h.list("minute")).map((event) => event.type), ["minute"]);
  assertEquals((await h.list("fmv")).map(({ t, ns, fmv }) => ({ t, ns, fmv })), [
    { t: A_MONDAY, ns: 120843, fmv: 509.917 },
  ]);
});

test("a tick is appended at once, bars and fair values after their time limits", async () => {
  await using h = await startPipeline();
  h.pipeline.accept(frameOf([wireTrade(), wireBar({ ev: "AM" }), wireFairValue()]));
  const counts = async () =>
    (await Promise.all(["tick", "minute", "fmv"].map(h.list))).map((list) => list.length);
  await h.clock.advance(0);
  assertEquals(await counts(), [1, 0, 0]);
  await h.clock.advance(100);
  assertEquals(await counts(), [1, 1, 0]);
  await h.clock.advance(400);
  assertEquals(await counts(), [1, 1, 1]);
});

test("a full batch goes without waiting for its time limit", async () => {
  await using h = await startPipeline();
  h.pipeline.accept(frameOf(Array.from({ length: 100 }, (_, n) => wireBar({ ev: "AM", sym: `S${n}` }))));
  await h.clock.advance(0);
  assertEquals((await h.list("minute")).length, 100);
});

test("repeats go no further, corrected bars count their revisions", async () => {
  await using h = await startPipeline();
  for (const v of [80, 80, 90, 90, 95]) h.pipeline.accept(frameOf([wireTrade(), wireBar({ v })]));
  await h.clock.advance(100);
  const tick = await h.list("tick");
  assertEquals(tick.map(({ type, volume, rev }) => ({ type, volume, rev })), [
    { type: "trade", volume: undefined, rev: undefined },
    { type: "second", volume: 80, rev: undefined },
    { type: "second", volume: 90, rev: 1 },
    { type: "second", volume: 95, rev: 2 },
  ]);
  const health = h.pipeline.health().channels.find((channel) => channel.stream === "tick");
  assertEquals([health?.repeats, health?.corrections, health?.processed], [6, 2, 10]);
});

test("a new leader goes on where the lists stand and repeats nothing they hold", async () => {
  await using first = await startPipeline();
  const elements = [wireTrade(), wireBar(), wireBar({ v: 90 })];
  first.pipeline.accept(frameOf(elements));
  await first.clock.advance(100);
  await first.stop();
  await using second = await startPipeline({ store: first.store, clock: first.clock });
  second.pipeline.accept(
    frameOf([...elements, wireTrade({ i: "2" }), wireBar({ v: 95 })], { connection: "other" }),
  );
  await second.clock.advance(100);
  const tick = await second.list("tick");
  assertEquals(ids(tick), ["1", "2", "3", "4", "5"]);
  assertEquals(tick.slice(3).map(({ tid, rev }) => ({ tid, rev })), [{ tid: "2", rev: undefined }, {
    tid: undefined,
    rev: 2,
  }]);
});

test("events that come before leading wait for it", async () => {
  await using h = await startPipeline({ follow: true });
  h.pipeline.accept(frameOf([wireTrade()]));
  await h.clock.advance(1000);
  assertEquals(await h.list("tick"), []);
  const ending = new AbortController();
  const led = h.pipeline.lead(h.fence, ending.signal);
  await h.clock.advance(10);
  assertEquals((await h.list("tick")).length, 1);
  ending.abort();
  assertEquals(await led, "aborted");
});

test("leading ends when somebody else holds the lease, and what waited is dropped", async () => {
  await using h = await startPipeline();
  await h.store.takeLease("other", h.fence, 60_000);
  h.pipeline.accept(frameOf([wireTrade(), wireBar({ ev: "AM" })]));
  await h.clock.advance(1);
  assertEquals(await h.led, "fenced");
  assertEquals(await h.list("tick"), []);
  const minute = h.pipeline.health().channels.find((channel) => channel.stream === "minute");
  assertEquals([minute?.queueDepth, minute?.dropped], [0, { fenced: 1 }]);
});

test("a flush hands over what waits for a batch", async () => {
  await using h = await startPipeline();
  h.pipeline.accept(frameOf([wireTrade(), wireBar({ ev: "AM" }), wireFairValue()]));
  const flushed = h.pipeline.flush(AbortSignal.any([]));
  await h.clock.advance(10);
  await flushed;
  assertEquals((await Promise.all(["tick", "minute", "fmv"].map(h.list))).map((list) => list.length), [
    1,
    1,
    1,
  ]);
});

test("a stopped stream takes nothing and tells the time it was away", async () => {
  await using h = await startPipeline();
  h.pipeline.accept(frameOf([wireTrade()]));
  h.pipeline.stop("tick");
  h.pipeline.accept(frameOf([wireTrade({ i: "2" })]));
  await h.clock.advance(5000);
  h.pipeline.start("tick");
  h.pipeline.accept(frameOf([wireTrade({ i: "3" })]));
  await h.clock.advance(10);
  const tick = await h.list("tick");
  assertEquals(tick.map((event) => event.tid ?? event.type), ["143541", "gap", "3"]);
  assertEquals([tick[1]?.from, tick[1]?.to, tick[1]?.lost], [A_MONDAY, A_MONDAY + 5000, null]);
});

test("ticks are split over their lists by symbol, in order within each", async () => {
  await using h = await startPipeline({ settings: { tickLists: 4 } });
  const symbols = Array.from({ length: 40 }, (_, n) => `S${n % 10}`);
  h.pipeline.accept(frameOf(symbols.map((sym, n) => wireTrade({ sym, i: String(n), q: n }))));
  h.pipeline.tellGap("tick", { lost: 7, cause: "upstream", from: 1, to: 2 });
  await h.clock.advance(10);
  const lists = await Promise.all([0, 1, 2, 3].map((n) => h.list(`tick.${n}`)));
  const trades = lists.map((list) => list.filter((event) => event.type === "trade"));
  assertEquals(trades.flat().length, 40);
  for (const list of trades) {
    assertEquals(
      list.map((event) => event.q),
      list.map((e) => e.q).sort((a, b) => Number(a) - Number(b)),
    );
  }
  const homes = trades.map((list) => new Set(list.map((event) => event.sym)));
  assertEquals(homes.reduce((sum, home) => sum + home.size, 0), 10, "a symbol stays in one list");
  for (const list of lists) {
    assertEquals(list.filter((event) => event.type === "gap").map((gap) => gap.lost), [null]);
  }
});
