import { assert, assertEquals } from "@std/assert";
import type { FeedStore } from "../../src/feed/store.ts";
import { A_MONDAY, aTrade } from "../support/event_factory.ts";
import { frameOf, wireBar } from "../support/wire_factory.ts";
import { startPipeline } from "./pipeline_harness.ts";

/** Pulls once per interval, as an edge does, and complains when it was overrun. */
async function pull(store: FeedStore, list: string, seen: string[], at: { seq: number }): Promise<void> {
  const { head, elements } = await store.readTail(list, 1000);
  if (!head) return;
  const fresh = head.seq - at.seq;
  assert(fresh <= elements.length, `overrun: ${fresh} new, ${elements.length} held`);
  if (fresh > 0) seen.push(...elements.slice(-fresh));
  at.seq = head.seq;
}

for (const [pullIntervalMs, appendIntervalMs] of [[10, 0], [250, 100], [250, 10]] as const) {
  Deno.test({
    name:
      `8 000 minute bars in one second lose nothing for a reader that pulls every ${pullIntervalMs} ms, appending every ${appendIntervalMs}`,
    permissions: "none",
    fn: async () => {
      await using h = await startPipeline({ settings: { pullIntervalMs, appendIntervalMs } });
      const seen: string[] = [];
      const at = { seq: 0 };
      let sinceMs = 0;
      for (let ms = 0; ms < 8000 && seen.length < 8000; ms += 10) {
        if (ms < 1000) {
          const bars = Array.from({ length: 80 }, (_, n) => wireBar({ ev: "AM", sym: `S${ms * 8 + n}` }));
          h.pipeline.accept(frameOf(bars));
        }
        await h.clock.advance(10);
        sinceMs += 10;
        if (sinceMs < pullIntervalMs) continue;
        sinceMs = 0;
        await pull(h.store, "minute", seen, at);
      }
      const symbols = seen.map((element) => JSON.parse(element).sym);
      assertEquals(symbols, Array.from({ length: 8000 }, (_, n) => `S${n}`));
    },
  });
}

Deno.test({
  name: "while bars burst, ticks wait for nothing",
  permissions: "none",
  fn: async () => {
    await using h = await startPipeline({ settings: { pullIntervalMs: 250, appendIntervalMs: 0 } });
    h.pipeline.accept(frameOf(Array.from({ length: 8000 }, (_, n) => wireBar({ ev: "AM", sym: `S${n}` }))));
    h.pipeline.offer("tick", [aTrade({ rx: A_MONDAY })]);
    await h.clock.advance(0);
    assertEquals((await h.list("tick")).length, 1);
  },
});

Deno.test({
  name: "second bars of 8 000 symbols, all at once every second, lose nothing over eight lists of 250 ms",
  permissions: "none",
  fn: async () => {
    await using h = await startPipeline({
      settings: { pullIntervalMs: 250, appendIntervalMs: 100, tickLists: 8 },
    });
    const seen: string[][] = Array.from({ length: 8 }, () => []);
    const places = seen.map(() => ({ seq: 0 }));
    for (let ms = 0; ms < 6000; ms += 50) {
      if (ms % 1000 === 0 && ms < 5000) {
        const bars = Array.from({ length: 8000 }, (_, n) => wireBar({ sym: `S${n}`, s: A_MONDAY + ms }));
        h.pipeline.accept(frameOf(bars));
      }
      await h.clock.advance(50);
      if (ms % 250 !== 0) continue;
      for (const [n, at] of places.entries()) await pull(h.store, `tick.${n}`, seen[n] ?? [], at);
    }
    assertEquals(seen.flat().length, 40_000);
    assertEquals(
      new Set(seen.flat().map((element) => element.slice(element.indexOf('"sym"'), element.indexOf(',"rx"'))))
        .size,
      40_000,
    );
  },
});
