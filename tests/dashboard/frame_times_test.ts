/// <reference lib="dom" />
import { assert } from "@std/assert";
import type { Page } from "playwright-core";
import { aScene, browserTest, inspect, openLive, untilText } from "./live_rig.ts";

/** How long frames are watched at a time. */
const WATCH_MS = 2_000;
/** Other work on the machine can spoil a watch: one of so many must be good. */
const WATCHES_MAX = 3;
/** What is promised, on a machine quiet enough that the idle page keeps it: a 60 Hz frame and a little. */
const FRAME_P95_MS = 20;
/** What of a frame the page's own script may take, in the middle. */
const SCRIPT_P50_MS = 8;

interface FrameTimes {
  readonly p50: number;
  readonly p95: number;
  readonly script50: number;
}

/** Times between frames, and what the page's own script took of them. */
const watch = (page: Page): Promise<FrameTimes> =>
  page.evaluate(
    (watchMs) =>
      new Promise<FrameTimes>((resolve) => {
        const gaps: number[] = [];
        const start = performance.now();
        let last = start;
        const at = (list: number[], share: number) =>
          list.sort((a, b) => a - b)[Math.floor(list.length * share)] ?? 0;
        const step = (now: number) => {
          gaps.push(now - last);
          last = now;
          if (now - start < watchMs) return void requestAnimationFrame(step);
          const costs = globalThis.tickcastPage.inspect("").frameCostsMs.slice(-200);
          resolve({ p50: at(gaps, 0.5), p95: at(gaps, 0.95), script50: at(costs, 0.5) });
        };
        requestAnimationFrame(step);
      }),
    WATCH_MS,
  );

browserTest(
  "at 1 000 events a second with 200 symbols on it the page's frames stay short and its memory flat",
  async (browser) => {
    await using scene = await aScene(200);
    const { edge, market } = scene;
    await using opened = await openLive(browser, edge, `?symbols=${market.symbols.join(",")}`);
    const { page } = opened;
    await untilText(page, "link-text", "Live");
    const idleBefore = await watch(page);
    const timer = setInterval(() => {
      for (let n = 0; n < 20; n++) market.trade(Date.now());
      edge.trim("tick", 2000);
    }, 20);
    await page.waitForTimeout(500);
    const session = await page.context().newCDPSession(page);
    const heapMb = async () => {
      await session.send("HeapProfiler.collectGarbage");
      return (await session.send("Runtime.getHeapUsage")).usedSize / 1e6;
    };
    const before = await heapMb();
    let seen = await watch(page);
    for (let n = 1; n < WATCHES_MAX && seen.p95 >= FRAME_P95_MS; n++) seen = await watch(page);
    const after = await heapMb();
    clearInterval(timer);
    const figures = `frames p50 ${seen.p50.toFixed(1)} ms, p95 ${seen.p95.toFixed(1)} ms, script p50 ${
      seen.script50.toFixed(1)
    } ms, heap ${before.toFixed(1)} to ${after.toFixed(1)} MB`;
    await Deno.stdout.write(new TextEncoder().encode(`${figures}\n`));
    const { stats } = await inspect(page, market.symbols[0] ?? "");
    assert(stats.events > 2000, `only ${stats.events} events`);
    const isQuiet = Math.max(idleBefore.p95, (await watch(page)).p95) < FRAME_P95_MS;
    assert(!isQuiet || seen.p95 < FRAME_P95_MS, figures);
    assert(seen.script50 < SCRIPT_P50_MS, figures);
    assert(after - before < 8, figures);
  },
);
