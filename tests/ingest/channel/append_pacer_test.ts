import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { AppendPacer } from "../../../src/ingest/channel/append_pacer.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

test("half the list's cap goes at once, the next half one interval after the reply", () => {
  const pacer = new AppendPacer(1000, 250);
  assertEquals(pacer.allowance(0), 500);
  pacer.landed(500, 40);
  assertEquals([pacer.allowance(289), pacer.waitMs(289)], [0, 1]);
  assertEquals(pacer.allowance(290), 500);
});

test("no span of the interval ever holds more than half the cap, wherever an append lands before its reply", () => {
  const step = fc.record({
    wanted: fc.integer({ min: 1, max: 900 }),
    idleMs: fc.double({ min: 0, max: 300, noNaN: true }),
    takesMs: fc.double({ min: 0, max: 400, noNaN: true }),
    landsAt: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(10, 250), (steps, pullMs) => {
      const pacer = new AppendPacer(1000, pullMs);
      const landings: { at: number; events: number }[] = [];
      let now = 0;
      for (const { wanted, idleMs, takesMs, landsAt } of steps) {
        now += idleMs;
        const allowance = pacer.allowance(now);
        if (allowance <= 0) {
          assert(pacer.waitMs(now) > 0);
          now += pacer.waitMs(now) + 1e-6;
          assert(pacer.allowance(now) > 0, "the wait is enough");
          continue;
        }
        const events = Math.min(wanted, allowance);
        landings.push({ at: now + takesMs * landsAt, events });
        now += takesMs;
        pacer.landed(events, now);
      }
      for (const { at } of landings) {
        const span = landings.filter((other) => other.at >= at && other.at < at + pullMs);
        assert(span.reduce((sum, { events }) => sum + events, 0) <= 500);
      }
    }),
    { numRuns: 500 },
  );
});

test("after a change the longer of the two intervals paces for one long interval from when it was written", () => {
  for (const [before, after] of [[250, 1000], [1000, 250]] as const) {
    const pacer = new AppendPacer(1000, before);
    pacer.landed(1, 0);
    pacer.setPullInterval(after, 100);
    assertEquals([pacer.pullMs, pacer.paceMs(50_000)], [after, 1000], "not written yet");
    pacer.landed(1, 60_000);
    assertEquals(pacer.paceMs(60_999), 1000);
    assertEquals(pacer.paceMs(61_000), after);
  }
});

test("an interval another writer left in the head is respected until ours is known", () => {
  const pacer = new AppendPacer(200, 10);
  pacer.found(2000);
  assertEquals([pacer.maxEvents, pacer.paceMs(0)], [100, 2000]);
  pacer.landed(1, 5);
  assertEquals([pacer.paceMs(2004), pacer.paceMs(2005)], [2000, 10]);
});

test("after an outage half the cap goes, then no more until readers are back from their own backoff", () => {
  for (const [outageMs, spanMs] of [[100, 450], [60_000, 5_500]] as const) {
    const pacer = new AppendPacer(1000, 250);
    const backMs = 1 + outageMs;
    pacer.returned(outageMs, backMs);
    pacer.landed(pacer.allowance(backMs), backMs);
    assertEquals(pacer.allowance(backMs + spanMs - 1), 0);
    assertEquals([pacer.paceMs(backMs + spanMs), pacer.allowance(backMs + spanMs)], [250, 500]);
  }
});
