/// <reference lib="dom" />
/** What a page costs, asked of the browser itself. */
import type { Page } from "playwright-core";
import type { TestBrowser } from "../support/browser.ts";

/** What a page holds, after everything that could be let go was. */
export interface Held {
  readonly heapMb: number;
  readonly nodes: number;
  readonly listeners: number;
}

/** Collects garbage, then counts. */
export async function held(page: Page): Promise<Held> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
  await session.detach();
  return { heapMb: usedSize / 1e6, nodes, listeners: jsEventListeners };
}

/** CPU seconds that the pages of the browser have taken so far. */
export async function pageCpuS({ browser }: TestBrowser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.filter(({ type }) => type === "renderer").reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** A line for whoever reads the test's output. */
export const say = async (line: string): Promise<void> => {
  await Deno.stdout.write(new TextEncoder().encode(`${line}\n`));
};
