import { assert, assertEquals } from "@std/assert";
import { fastClock } from "./fast_clock.ts";
import { ManualClock } from "./manual_clock.ts";

Deno.test(
  "a faster clock's minute is over in two seconds at thirty times the speed",
  { permissions: "none" },
  async () => {
    const manual = new ManualClock();
    const clock = fastClock(30, manual);
    let hasRung = false;
    using _alarm = clock.timer(60_000, () => hasRung = true);
    await manual.advance(1_950);
    assertEquals(hasRung, false);
    await manual.advance(100);
    assert(hasRung);
    assert(clock.monotonic() >= 60_000 && clock.monotonic() < 62_000, `${clock.monotonic()} ms`);
  },
);

Deno.test(
  "while the machine keeps the process waiting a faster clock stands still",
  { permissions: "none" },
  async () => {
    const manual = new ManualClock();
    const clock = fastClock(30, manual);
    let hasRung = false;
    using _alarm = clock.timer(10_000, () => hasRung = true);
    manual.leap(500);
    await manual.advance(10);
    assertEquals(hasRung, false);
    assert(clock.monotonic() < 1_500, `${clock.monotonic()} ms went by`);
    await manual.advance(400);
    assert(hasRung);
  },
);

Deno.test("time in which nobody waits goes by as well", { permissions: "none" }, async () => {
  const manual = new ManualClock();
  const clock = fastClock(10, manual);
  const began = clock.monotonic();
  await manual.advance(1_000);
  using _alarm = clock.timer(1, () => {});
  assert(clock.monotonic() - began >= 10_000);
});

Deno.test(
  "a wait that is over, broken off or disposed leaves nothing behind",
  { permissions: "none" },
  async () => {
    const manual = new ManualClock();
    const clock = fastClock(10, manual);
    const stop = new AbortController();
    const broken = clock.sleep(1_000, stop.signal).catch((error) => error);
    const done = clock.sleep(100);
    clock.timer(1_000, () => {})[Symbol.dispose]();
    clock.interval(1_000, () => {})[Symbol.dispose]();
    await manual.advance(20);
    await done;
    stop.abort("enough");
    assertEquals(await broken, "enough");
    assertEquals(manual.pending, 0);
  },
);
