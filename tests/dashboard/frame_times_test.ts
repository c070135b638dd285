/// <reference lib="dom" />
import { assert } from "@std/assert";
import type { Page } from "playwright-core";
import { ownTime } from "../support/own_time.ts";
import { aScene, browserTest, openLive, served, untilBars, untilFollowing } from "./live_rig.ts";
import { held, pageCpuS, say } from "./page_measures.ts";

const WATCH_MS = 3_000;
/** What is promised: a 60 Hz frame and a little. Held on a machine with a core to itself … */
const FRAME_P95_MS = 20;
/** … which this load of the last minute tells (a run of all tests on two cores has far more), … */
const QUIET_LOAD = 1.2;
/** … and that so much of the time nothing waited for a processor: the load is late to tell of a run that only just began. */
const QUIET_SHARE = 0.5;
/** CPU of the page's processes for a frame; with others on the same caches it is half as much again. */
const FRAME_CPU_MS = 14;

interface FrameTimes {
  readonly frames: number;
  readonly p50: number;
  readonly p95: number;
}

/** Times between frames. */
const watch = (page: Page): Promise<FrameTimes> =>
  page.evaluate((watchMs) =>
    new Promise<FrameTimes>((resolve) => {
      const gaps: number[] = [];
      const start = performance.now();
      let last = start;
      const at = (share: number) => gaps.sort((a, b) => a - b)[Math.floor(gaps.length * share)] ?? 0;
      const step = (now: number) => {
        gaps.push(now - last);
        last = now;
        if (now - start < watchMs) return void requestAnimationFrame(step);
        resolve({ frames: gaps.length, p50: at(0.5), p95: at(0.95) });
      };
      requestAnimationFrame(step);
    }), WATCH_MS);

browserTest(
  "at 1 000 events a second with 200 symbols on it the page draws 60 frames a second and its memory stays flat",
  async (browser) => {
    const isLoadLow = (Deno.loadavg()[0] ?? 0) < QUIET_LOAD;
    await using scene = await aScene(200);
    const { edge, market } = scene;
    await using opened = await openLive(browser, edge, `?symbols=${market.symbols.join(",")}`);
    const { page } = opened;
    const sym = await untilFollowing(page, edge);
    await untilBars(page, sym, served(edge, sym).length);
    let due = Date.now();
    const timer = setInterval(() => {
      // As many as the time that passed asks for, however late this is called.
      for (; due <= Date.now(); due++) market.trade(due);
      edge.trim("tick", 2000);
    }, 20);
    await page.waitForTimeout(500);
    const [{ heapMb: heap }, cpu] = [await held(page), await pageCpuS(browser)];
    const [began, ownMs] = [performance.now(), ownTime()];
    const seen = await watch(page);
    const isQuiet = isLoadLow && ownMs() > (performance.now() - began) * QUIET_SHARE;
    const cpuMs = (await pageCpuS(browser) - cpu) * 1000 / seen.frames;
    const { heapMb: after } = await held(page);
    clearInterval(timer);
    const figures =
      `frames p50 ${seen.p50.toFixed(1)} ms, p95 ${seen.p95.toFixed(1)} ms, CPU a frame ${
        cpuMs.toFixed(1)
      } ms, ` +
      `heap ${heap.toFixed(1)} to ${after.toFixed(1)} MB, load ${Deno.loadavg()[0]?.toFixed(1)}`;
    await say(figures);
    await page.waitForFunction(() => globalThis.tickcastPage.inspect("AAPL").stats.events > 2000);
    assert(!isQuiet || cpuMs < FRAME_CPU_MS, figures);
    assert(!isQuiet || seen.p95 < FRAME_P95_MS, figures);
    assert(after - heap < 8, figures);
  },
);
