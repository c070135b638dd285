import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { HintQueue } from "../../src/store/memory/hint_queue.ts";
import { formatHint, parseHint } from "../../src/store/redis/hint_text.ts";
import type { Hint } from "../../src/feed/store.ts";

const pure = (name: string, fn: () => void | Promise<void>) =>
  Deno.test({ name: `hints: ${name}`, permissions: "none", fn });
const hint = (list: string, seq: number): Hint => ({ list, position: { epoch: "k3f9a0b1", seq } });

pure("a hint reads back as it was written", () => {
  for (const list of ["tick", "tick.0", "tick.31", "heatmap"]) {
    assertEquals(formatHint(hint(list, 42)), `${list} k3f9a0b1-42`);
    assertEquals(parseHint(formatHint(hint(list, 42))), hint(list, 42));
  }
});

pure("anything else is nothing, and never throws", () => {
  const near = fc.stringMatching(/^[a-zA-Z.0-9]{0,8} ?[0-9a-z]{0,9}-?[0-9.e]{0,18}$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" }), near), (text) => {
      const read = parseHint(text);
      if (read !== undefined) assertEquals(formatHint(read), text);
    }),
    { seed: 11, numRuns: 500 },
  );
});

pure("what waits is the latest of each list, however many came", async () => {
  const queue = new HintQueue();
  for (let n = 1; n <= 10_000; n++) queue.push(hint(n % 2 ? "tick" : "minute", n));
  const reader = queue[Symbol.asyncIterator]();
  assertEquals([(await reader.next()).value, (await reader.next()).value], [
    hint("tick", 9999),
    hint("minute", 10_000),
  ]);
  const next = reader.next();
  queue.end();
  assertEquals((await next).done, true);
});

pure("forged list names don't grow the queue without bound", async () => {
  const queue = new HintQueue();
  for (let n = 0; n < 5000; n++) queue.push(hint(`l${n}`, 1));
  const reader = queue[Symbol.asyncIterator]();
  let count = 0;
  const all = (async () => {
    while (!(await reader.next()).done) count++;
  })();
  for (let n = 0; n < 5000; n++) await Promise.resolve();
  queue.end();
  await all;
  assertEquals(count, 1024);
});

pure(
  "a failure is thrown to who waits and to who comes later, and nothing is taken in any more",
  async () => {
    const queue = new HintQueue();
    const reader = queue[Symbol.asyncIterator]();
    const next = reader.next();
    queue.fail(new Error("broken"));
    queue.push(hint("tick", 1));
    queue.end();
    await assertRejects(() => next, Error, "broken");
    assertEquals((await reader.next()).done, true);
  },
);

pure("leaving the loop tells the owner once", async () => {
  let left = 0;
  const queue = new HintQueue(() => left++);
  queue.push(hint("tick", 1));
  for await (const _ of queue) break;
  assertEquals(left, 1);
});
