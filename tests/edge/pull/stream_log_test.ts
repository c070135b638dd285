/** The ring: bounded in bytes over all streams, never below a list. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { assert, assertEquals } from "@std/assert";
import { RingBudget } from "../../../src/edge/pull/ring_budget.ts";
import { aTrade } from "../../support/event_factory.ts";
import { EPOCH, eventRecord, hole, tradeLog } from "../log_factory.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

pure("a log holds its floor whatever the budget says, and no more than the budget above it", () => {
  const budget = new RingBudget(100_000);
  const log = tradeLog(1, 5000, 100, budget);
  assertEquals(log.end, 5000);
  assert(budget.usedBytes <= 100_000, `${budget.usedBytes} bytes`);
  assert(log.end - log.base >= 100, `${log.end - log.base} held`);
  assertEquals(log.at(log.base - 1), undefined);
  assertEquals(log.at(log.base)?.seq, log.base + 1);
  assertEquals(log.basePosition(0), { epoch: EPOCH, seq: log.base });
  const tight = tradeLog(1, 5000, 1000, new RingBudget(10));
  assertEquals(tight.end - tight.base, 1000);
});

pure("the largest log above its floor gives first", () => {
  const budget = new RingBudget(1_000_000);
  const large = tradeLog(1, 3000, 10, budget);
  const small = tradeLog(1, 100, 10, budget);
  for (let seq = 101; seq <= 600; seq++) small.append(eventRecord(aTrade(), seq));
  assertEquals(small.base, 0);
  assert(large.base > 0, `${large.base}`);
});

pure("cursorAt() says where a reader stands at every offset", () => {
  const log = tradeLog(5, 9);
  assertEquals(log.cursorAt(0), `tick:${EPOCH}-4`);
  assertEquals(log.cursorAt(3), `tick:${EPOCH}-7`);
  assertEquals(log.cursorAt(5), `tick:${EPOCH}-9`);
});

pure("nextGap() finds the first of several, and none outside the range", () => {
  const log = tradeLog(1, 5);
  log.append(hole({ epoch: EPOCH, seq: 5 }, { epoch: EPOCH, seq: 8 }, 2));
  log.append(eventRecord(aTrade(), 8));
  log.append(hole({ epoch: EPOCH, seq: 8 }, { epoch: EPOCH, seq: 10 }, 1));
  assertEquals(log.nextGap(0, log.end), 5);
  assertEquals(log.nextGap(6, log.end), 7);
  assertEquals(log.nextGap(0, 5), 5);
  assertEquals(log.nextGap(0, 3), 3);
  assertEquals(log.nextGap(8, log.end), log.end);
});

pure("what a log has dropped is out of memory too, and not only out of the budget", () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const heapBytes = () => {
    collect();
    return Deno.memoryUsage().heapUsed;
  };
  const [COUNT, TEXT_BYTES] = [4000, 10_000];
  const budget = new RingBudget(1_000_000);
  const log = tradeLog(1, 1, 10, budget);
  const before = heapBytes();
  for (let seq = 2; seq <= COUNT; seq++) {
    const text = JSON.stringify({ seq, padding: "x".repeat(TEXT_BYTES) });
    log.append({ ...eventRecord(aTrade(), seq), text });
  }
  const grown = heapBytes() - before;
  assert(log.end - log.base <= 100, `${log.end - log.base} held`);
  assert(grown < COUNT * TEXT_BYTES / 4, `${grown} bytes more in memory, ${budget.usedBytes} charged`);
});
