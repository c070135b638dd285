/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import { loadPages } from "../../src/dashboard/pages.ts";
import { startRunning } from "../support/running.ts";
import { browserTest, inspect, textOf, untilSeen, untilText } from "./live_rig.ts";

/** What is tried: nothing runs in a frozen page that could say it has had enough. */
const FROZEN_MS = 500;

browserTest(
  "on the real program both pages come alive under its own policy, and survive being frozen",
  async (browser) => {
    await using running = await startRunning({
      SIMULATOR_SYMBOLS: "30",
      SIMULATOR_SEED: "5",
      LOG_LEVEL: "error",
    });
    await using opened = await browser.open();
    const { page, context, complaints } = opened;
    await page.goto(`${running.base}/`);
    await untilText(page, "link-text", "Live");
    await page.waitForFunction(() => document.querySelectorAll("#watchlist [role=option]").length >= 20);
    await page.waitForFunction(() => (document.getElementById("quote-price")?.textContent ?? "–") !== "–");
    await untilSeen(page, "simulated");
    const sym = await textOf(page, "quote-symbol");
    const session = await context.newCDPSession(page);
    const before = (await inspect(page, sym)).stats.events;
    await session.send("Page.setWebLifecycleState", { state: "frozen" });
    await new Promise((resolve) => setTimeout(resolve, FROZEN_MS));
    await session.send("Page.setWebLifecycleState", { state: "active" });
    await untilText(page, "link-text", "Live");
    await page.waitForFunction(
      ({ sym, before }) => globalThis.tickcastPage.inspect(sym).stats.events > before + 50,
      { sym, before },
    );
    const { stats, gaps } = await inspect(page, sym);
    assertEquals([stats.repeats, stats.garbage, gaps.length], [0, 0, 0]);
    await page.locator("a", { hasText: "Health" }).click();
    await page.waitForFunction(() => document.querySelectorAll("#streams tbody tr").length >= 5);
    await page.waitForFunction(() => document.querySelectorAll("#connections tbody tr").length >= 1);
    await page.waitForFunction(() => document.querySelectorAll("#edges tbody tr").length === 1);
    assertEquals(complaints, []);
  },
);

Deno.test("the real program serves every file of the pages, as what it is", async () => {
  await using running = await startRunning({ SIMULATOR_SYMBOLS: "2", LOG_LEVEL: "error" });
  for (const [path, { body, contentType }] of await loadPages()) {
    const response = await fetch(running.base + path);
    assertEquals(response.status, 200, path);
    assertEquals(response.headers.get("content-type"), contentType, path);
    assertEquals(new Uint8Array(await response.arrayBuffer()), body, path);
  }
});
