/** Hints: soon, asynchronous, tolerant, ended by the signal. */
import { assertEquals } from "@std/assert";
import { Writer } from "./appending.ts";
import type { ContractCase, StoreBench } from "./contract.ts";
import { listen } from "./listening.ts";

const listening = async (bench: StoreBench, signal: AbortSignal) =>
  await listen(await bench.another(), signal);

export const HINT_CASES: readonly ContractCase[] = [
  {
    name: "every append is hinted with the list and where it stands now",
    async fn(bench) {
      const stop = new AbortController();
      const { next, fence } = await listening(bench, stop.signal);
      for (const list of ["tick", "minute", "tick.3"]) {
        const writer = new Writer(bench.store, fence, list);
        await writer.write(3);
        assertEquals(await next(list, 3), { list, position: writer.position });
      }
      stop.abort();
    },
  },
  {
    name: "hints end when the signal aborts, even while waited for, and at once when it has",
    async fn(bench) {
      const stop = new AbortController();
      const { reader } = await listening(bench, stop.signal);
      const waiting = (async () => {
        while (!(await reader.next()).done);
      })();
      stop.abort();
      await waiting;
      for await (const _ of bench.store.hints(AbortSignal.abort())) throw new Error("a hint after the end");
    },
  },
  {
    name: "a reader that leaves its loop leaves nothing behind",
    async fn(bench) {
      const { reader } = await listening(bench, new AbortController().signal);
      await reader.return?.();
      assertEquals((await reader.next()).done, true);
    },
  },
  {
    name: "garbage where hints go is ignored",
    async fn(bench) {
      if (bench.publish === undefined) return;
      const stop = new AbortController();
      const { next, fence } = await listening(bench, stop.signal);
      const garbage = [
        "",
        "tick",
        "tick 0",
        "TICK k3f9a0b1-1",
        "tick k3f9a0b1-9007199254740993",
        "{}",
        "é 0-0",
      ];
      for (const text of [...garbage, "x".repeat(100_000), "tick k3f9a0b1-1 more", "tick,k3f9a0b1-1"]) {
        await bench.publish(text);
      }
      const writer = new Writer(bench.store, fence);
      await writer.write(1);
      assertEquals((await next("tick", 1)).position, writer.position);
      stop.abort();
    },
  },
];
