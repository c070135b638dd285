import { assertEquals, assertThrows } from "@std/assert";
import { ConnectionLimits } from "../../../src/edge/admit/connection_limits.ts";
import { LOOK_INTERVAL_MS, MemoryWatch } from "../../../src/edge/admit/memory_watch.ts";
import { TickcastError } from "../../../src/feed/error.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

pure("an address holds so many connections and no more, and another address as many", () => {
  const limits = new ConnectionLimits(2, "address");
  const first = limits.take("1.1.1.1");
  limits.take("1.1.1.1");
  const error = assertThrows(() => limits.take("1.1.1.1"), TickcastError);
  assertEquals([error.code, error.message.includes("1.1.1.1")], ["OVERLOADED", false]);
  limits.take("2.2.2.2");
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assertEquals(limits.count("1.1.1.1"), 1);
  limits.take("1.1.1.1");
});

pure("addresses are forgotten with their last connection, so the table can't grow", () => {
  const limits = new ConnectionLimits(10, "token");
  for (let n = 0; n < 10_000; n++) limits.take(`a${n}`)[Symbol.dispose]();
  assertEquals(limits.size, 0);
});

pure("an address that is not known is not counted", () => {
  const limits = new ConnectionLimits(1, "token");
  limits.take(undefined);
  limits.take(undefined);
  assertEquals(limits.size, 0);
});

pure("new clients are turned away above the limit and welcome again well below it", async () => {
  const clock = new ManualClock();
  let bytes = 50;
  let looks = 0;
  const memoryBytes = () => {
    looks++;
    return bytes;
  };
  const watch = new MemoryWatch({ limitBytes: 100, memoryBytes, clock });
  const shedAt = async (now: number) => {
    bytes = now;
    await clock.advance(LOOK_INTERVAL_MS);
    return watch.isShedding;
  };
  assertEquals([await shedAt(100), await shedAt(101), await shedAt(95), await shedAt(90)], [
    false,
    true,
    true,
    false,
  ]);
  looks = 0;
  for (let n = 0; n < 1000; n++) watch.check();
  assertEquals(looks, 0);
  await shedAt(200);
  assertEquals(assertThrows(() => watch.check(), TickcastError).code, "OVERLOADED");
});

pure("without a limit nobody is turned away", () => {
  const watch = new MemoryWatch({ limitBytes: 0, memoryBytes: () => Infinity, clock: new ManualClock() });
  assertEquals(watch.isShedding, false);
});
