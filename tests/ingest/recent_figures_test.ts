import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { silentLog } from "../../src/feed/log.ts";
import { CapacityWatch } from "../../src/ingest/channel/capacity_watch.ts";
import { createDropCounter, DROP_REASONS_MAX } from "../../src/ingest/wire/drop_counter.ts";
import { Fifo } from "../../src/ingest/channel/fifo.ts";
import { LAG_BOUNDS_MS } from "../../src/feed/health.ts";
import { LagHistogram } from "../../src/ingest/channel/lag_histogram.ts";
import { GENERATION_MS, RecentHistogram } from "../../src/ingest/channel/recent_histogram.ts";
import { RecentRate } from "../../src/ingest/channel/recent_rate.ts";
import { SymbolRates } from "../../src/ingest/channel/symbol_rates.ts";
import { ManualClock } from "../support/manual_clock.ts";

const test = (name: string, fn: () => void | Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** Notes the names of what is logged. */
function notingLog() {
  const said: string[] = [];
  return { said, log: { ...silentLog, warning: (event: string) => void said.push(event) } };
}

test("quantiles are right to a tenth, means exactly", () => {
  const values = fc.array(fc.double({ min: 0.01, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, share) => {
    const histogram = new RecentHistogram(new ManualClock());
    for (const value of values) histogram.record(value);
    const exact = values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0;
    const told = histogram.quantile(share) ?? 0;
    assert(told >= exact * 0.999 && told <= exact * 1.1, `${told} for ${exact}`);
    assertAlmostEquals(histogram.mean() ?? 0, values.reduce((a, b) => a + b, 0) / values.length, 1e-6 * 1e5);
  }));
});

test("every lag since the start is in the bucket whose edge it does not pass, and in the sum", () => {
  const lags = fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 300 });
  fc.assert(fc.property(lags, (lags) => {
    const histogram = new LagHistogram();
    for (const ms of lags) histogram.record(ms);
    const { counts, sumMs } = histogram.read();
    for (const [at, bound] of [...LAG_BOUNDS_MS, Infinity].entries()) {
      const upTo = counts.slice(0, at + 1).reduce((sum, count) => sum + count, 0);
      assertEquals(upTo, lags.filter((ms) => ms <= bound).length);
    }
    assertEquals(sumMs, lags.reduce((sum, ms) => sum + ms, 0));
  }));
});

test("what is older than two generations is forgotten", async () => {
  const clock = new ManualClock();
  const histogram = new RecentHistogram(clock);
  assertEquals(histogram.quantile(0.5), null);
  histogram.record(5);
  await clock.advance(GENERATION_MS);
  assert(histogram.quantile(0.5) !== null);
  await clock.advance(GENERATION_MS);
  assertEquals([histogram.quantile(0.5), histogram.mean()], [null, null]);
});

test("a rate covers the last ten seconds", async () => {
  const clock = new ManualClock();
  const rate = new RecentRate(clock);
  for (let second = 0; second < 30; second++) {
    rate.count(100);
    await clock.advance(1000);
  }
  assertAlmostEquals(rate.perSecond(), 100, 10);
  await clock.advance(20_000);
  assertEquals(rate.perSecond(), 0);
});

test("rates by symbol cover one to two spans", async () => {
  const clock = new ManualClock();
  const rates = new SymbolRates(clock);
  for (let second = 0; second < 25; second++) {
    for (let n = 0; n < 10; n++) rates.count("A");
    if (second < 2) rates.count("B");
    rates.turn();
    await clock.advance(1000);
  }
  assertAlmostEquals(rates.rates().get("A") ?? 0, 10, 1);
  assertEquals(rates.rates().has("B"), false);
});

test("reasons are counted apart up to a bound, and said once a minute each", async () => {
  const clock = new ManualClock();
  const { said, log } = notingLog();
  const drops = createDropCounter(clock, log);
  for (let n = 0; n < 1000; n++) drops.count("bad T.p", "c1");
  assertEquals([drops.byReason(), said.length], [{ "bad T.p": 1000 }, 1]);
  await clock.advance(60_000);
  drops.count("bad T.p", "c1", 5);
  assertEquals([drops.byReason(), said.length], [{ "bad T.p": 1005 }, 2]);
  for (let n = 0; n < 1000; n++) drops.count(`unknown ev E${n}`, "c1");
  assert(Object.keys(drops.byReason()).length <= DROP_REASONS_MAX + 1);
  assertEquals(Object.values(drops.byReason()).reduce((a, b) => a + b, 0), 2005);
});

test("a list that nears what it can carry is said once a minute", async () => {
  const clock = new ManualClock();
  const { said, log } = notingLog();
  const watch = new CapacityWatch(clock, log, "tick");
  for (let second = 0; second < 30; second++) {
    watch.appended(1000, 2000);
    await clock.advance(1000);
  }
  assertEquals(said, []);
  for (let second = 0; second < 100; second++) {
    watch.appended(1900, 2000);
    await clock.advance(1000);
  }
  assertEquals(said, ["list_near_capacity", "list_near_capacity"]);
});

test("a queue gives back what it was given, in order, however it is used", () => {
  const step = fc.oneof(fc.constant("shift"), fc.nat(3000));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const queue = new Fifo<number>();
      const model: number[] = [];
      let next = 0;
      for (const step of steps) {
        if (step === "shift") { for (let n = 0; n < 900; n++) assertEquals(queue.shift(), model.shift()); }
        else for (let n = 0; n < Number(step); n++) queue.push(next), model.push(next++);
        assertEquals([queue.size, queue.peek()], [model.length, model[0]]);
      }
      assertEquals([...queue], model);
    }),
    { numRuns: 30 },
  );
});
