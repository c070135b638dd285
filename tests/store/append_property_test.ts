/**
 * The laws of the append, over random lives of several writers: leases taken from each other, requests and replies lost,
 * late copies of requests, lists lost, failovers to old copies. At every moment ids rise without a hole, an id means one
 * event, an event has one place in an epoch, the cap holds; and memory and Redis do the very same.
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { realPart } from "../support/real_parts.ts";
import { startRedis } from "../support/redis_server.ts";
import { startRestFront } from "../support/rest_front.ts";
import type { StoreBench } from "./contract.ts";
import { memoryBench } from "./memory_bench.ts";
import { redisBench } from "./redis_bench.ts";
import { type Step, WriterModel } from "./writer_model.ts";

const writer = fc.constantFrom(0, 0, 0, 1, 2);
const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      writer,
      count: fc.integer({ min: 1, max: 10 }),
      lost: fc.constantFrom(
        "no" as const,
        "no" as const,
        "no" as const,
        "request" as const,
        "reply" as const,
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("take" as const), writer }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("late" as const), back: fc.integer({ min: 0, max: 5 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step>({ kind: "lose_list" }, { kind: "copy" }, { kind: "fail_over" }),
  },
);
/** A life begins with a leader: without one every append is fenced. */
const LIFE = fc.array(STEP, { minLength: 5, maxLength: 40 }).map((
  steps,
): Step[] => [{ kind: "take", writer: 0 }, ...steps]);
const SEED = 20260302;

async function live(bench: StoreBench, steps: readonly Step[], list: string): Promise<readonly unknown[]> {
  await using _ = bench;
  const model = new WriterModel(bench, list);
  const trace: unknown[] = [];
  for (const step of steps) trace.push(await model.step(step));
  return trace;
}

Deno.test({
  name: "append property: the laws hold in memory over random lives of writers",
  permissions: "none",
  async fn() {
    const holds = fc.asyncProperty(LIFE, async (steps) => void await live(memoryBench(), steps, "tick"));
    await fc.assert(holds, { seed: SEED, numRuns: 2000 });
  },
});

const redis = realPart("redis-server");

for (const [transport, numRuns] of [["tcp", 60], ["rest", 20]] as const) {
  Deno.test({
    name: `append property: ${transport} does what memory does, over random lives of writers${redis.note}`,
    ignore: redis.ignore,
    async fn() {
      await using server = await startRedis();
      await using front = await startRestFront(server);
      const settings = transport === "tcp"
        ? { transport, url: server.url }
        : { transport, url: front.url, token: front.token };
      const same = fc.asyncProperty(LIFE, fc.constantFrom("tick", "tick.3"), async (steps, list) => {
        const expected = await live(memoryBench(), steps, list);
        assertEquals(await live(await redisBench(server, settings), steps, list), expected);
      });
      await fc.assert(same, { seed: SEED, numRuns });
    },
  });
}
