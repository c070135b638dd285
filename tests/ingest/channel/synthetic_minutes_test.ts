import { assertEquals } from "@std/assert";
import type { MinuteBar } from "../../../src/feed/event.ts";
import { SyntheticMinutes } from "../../../src/ingest/channel/synthetic_minutes.ts";
import { A_MONDAY, aSecond } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { frameOf, wireBar } from "../../support/wire_factory.ts";
import { startPipeline } from "../pipeline_harness.ts";

const test = (name: string, fn: () => void | Promise<void>) => Deno.test({ name, permissions: "none", fn });

function builder(clock = new ManualClock()) {
  const made: MinuteBar[] = [];
  return { clock, made, minutes: new SyntheticMinutes(clock, (bars) => made.push(...bars)) };
}
const at = (second: number, over = {}) =>
  aSecond({ t: A_MONDAY + second * 1000, end: A_MONDAY + (second + 1) * 1000, ...over });

test("seconds make a minute: first open, highest high, lowest low, last close, volumes summed, prices weighed", () => {
  const { minutes, made } = builder();
  using _ = minutes;
  minutes.setUp(false);
  minutes.see([
    at(3, { open: 10, high: 12, low: 9, close: 11, volume: 100, vwap: 10, avgSize: 50, dayVolume: 1 }),
    at(40, { open: 11, high: 15, low: 11, close: 14, volume: 300, vwap: 14, avgSize: 100, dayVolume: 2 }),
    at(20, { open: 11, high: 13, low: 8, close: 12, volume: 0.1, vwap: 12, avgSize: 0.1, dayVolume: 1.5 }),
    at(64),
  ]);
  const [bar] = made;
  assertEquals(made.length, 1);
  assertEquals([bar?.open, bar?.high, bar?.low, bar?.close, bar?.volume], [10, 15, 8, 14, 400.1]);
  assertEquals([bar?.t, bar?.end, bar?.synthetic, bar?.dayVolume], [A_MONDAY, A_MONDAY + 60_000, true, 2]);
  assertEquals([bar?.vwap, bar?.avgSize], [12.99975006, 66.68333333]);
});

test("while the minute stream is up nothing is made; when it dies, what it may have missed is", () => {
  const { minutes, made } = builder();
  using _ = minutes;
  minutes.see([at(5), at(64)]);
  assertEquals(made, []);
  minutes.setUp(false);
  assertEquals(made.map((bar) => bar.t), [A_MONDAY]);
});

test("only the symbols that are down get bars", () => {
  const { minutes, made } = builder();
  using _ = minutes;
  minutes.setUp(false, ["B"]);
  minutes.see([at(5), at(5, { sym: "B" }), at(64)]);
  assertEquals(made.map((bar) => bar.sym), ["B"]);
  minutes.setUp(true, ["B"]);
  minutes.see([at(65, { sym: "B" }), at(125)]);
  assertEquals(made.length, 1);
});

test("a corrected second makes its minute again", () => {
  const { minutes, made } = builder();
  using _ = minutes;
  minutes.setUp(false);
  minutes.see([at(5, { volume: 1 }), at(64)]);
  minutes.see([at(5, { volume: 3, rev: 1 })]);
  assertEquals(made.map((bar) => bar.volume), [1, 3]);
});

test("when seconds stop coming, the open minute is finished by the clock", async () => {
  const { minutes, made, clock } = builder();
  minutes.setUp(false);
  minutes.see([at(5)]);
  await clock.advance(59_000);
  assertEquals(made, []);
  await clock.advance(20_000);
  assertEquals(made.length, 1);
  minutes[Symbol.dispose]();
  assertEquals(clock.pending, 0);
});

test("in the stream, true minutes replace synthetic ones as corrections, and never the other way round", async () => {
  await using h = await startPipeline({ settings: { syntheticMinutes: true } });
  const second = (n: number) => wireBar({ s: A_MONDAY + n * 1000, e: A_MONDAY + (n + 1) * 1000 });
  h.pipeline.setMinuteStreamUp(false);
  h.pipeline.accept(frameOf([second(1), second(2), second(64)]));
  await h.clock.advance(200);
  h.pipeline.setMinuteStreamUp(true);
  h.pipeline.accept(frameOf([wireBar({ ev: "AM", v: 161 })]));
  await h.clock.advance(200);
  h.pipeline.setMinuteStreamUp(false);
  h.pipeline.accept(frameOf([wireBar({ ...second(1), v: 500 })]));
  await h.clock.advance(200);
  assertEquals((await h.list("minute")).map(({ volume, synthetic, rev }) => ({ volume, synthetic, rev })), [
    { volume: 160, synthetic: true, rev: undefined },
    { volume: 161, synthetic: undefined, rev: 1 },
  ]);
});
