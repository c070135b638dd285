/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { setHealth } from "./health_scene.ts";
import { aScene, browserTest, untilFollowing, untilText, watchShifts } from "./live_rig.ts";

declare global {
  /** axe-core, once its script is in the page. */
  var axe: {
    run(): Promise<
      { violations: readonly { id: string; nodes: readonly { html: string; failureSummary?: string }[] }[] }
    >;
  };
}

/** Rules broken, with the first place each is broken at. */
async function broken(page: Page): Promise<string[]> {
  // Through the debugger's door: the pages' own policy lets no foreign script in.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axe.source });
  return await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run();
    return violations.map(({ id, nodes }) =>
      `${id}: ${nodes[0]?.html.slice(0, 160)} ${nodes[0]?.failureSummary}`
    );
  });
}

const hasSidewaysScroll = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

/** Contrast differs by theme and order by width: these three show everything there is to break. */
const LOOKS = [{ theme: "dark" }, { theme: "light" }, {
  theme: "light",
  isPhone: true,
  width: 360,
  height: 780,
}] as const;

/** The best share of the window may move so much before a reader notices. */
const SHIFT_MAX = 0.02;

browserTest(
  "both pages, light and dark, on desktop and phone, break no rule of axe, never scroll sideways and never jump",
  async (browser) => {
    await using scene = await aScene(8);
    const { edge, market } = scene;
    setHealth(edge);
    edge.states = { signal: "quiet", fmv: "stale", heatmap: "off" };
    for (let n = 0; n < 200; n++) market.trade(Date.now());
    const found: string[] = [];
    for (const look of LOOKS) {
      await using opened = await browser.open(look);
      const { page } = opened;
      await watchShifts(page);
      const check = async (path: string, id: string, ready: string) => {
        await page.goto(edge.url + path);
        await untilText(page, id, ready);
        // Prices that flash must be readable too.
        for (let n = 0; n < 16; n++) market.trade(Date.now());
        const where = `${path} ${JSON.stringify(look)}`;
        found.push(...(await broken(page)).map((rule) => `${where}: ${rule}`));
        if (await hasSidewaysScroll(page)) found.push(`${where}: scrolls sideways`);
        const { shift } = await page.evaluate(() => globalThis.seenByTest);
        if (shift > SHIFT_MAX) found.push(`${where}: jumps by ${shift}`);
      };
      await check("/?symbols=AAPL,MSFT", "quote-symbol", "AAPL");
      await check("/status", "verdict-text", "fmv is not flowing");
    }
    assertEquals(found, []);
  },
);

browserTest(
  "asking for a token, with nothing found and without the server both pages break no rule of axe either",
  async (browser) => {
    await using scene = await aScene(4);
    const { edge, market } = scene;
    setHealth(edge);
    const found: string[] = [];
    for (const theme of ["dark", "light"] as const) {
      await using opened = await browser.open({ theme });
      const { page } = opened;
      const check = async (state: string) =>
        void found.push(...(await broken(page)).map((rule) => `${theme}, ${state}: ${rule}`));
      edge.tokens = new Set(["a-token"]);
      await page.goto(edge.url);
      await untilText(page, "link-text", "Disconnected");
      await check("token");
      edge.tokens = undefined;
      await page.reload();
      await untilText(page, "link-text", "Live");
      await untilFollowing(page, edge);
      market.trade(Date.now());
      await page.locator("#search").fill("a b");
      await check("nothing found");
      const status = await opened.context.newPage();
      await status.goto(`${edge.url}/status`);
      await untilText(status, "verdict-text", "fmv is not flowing");
      await edge.stop();
      await page.bringToFront();
      await page.waitForFunction(() => document.body.dataset.link === "away");
      await check("away");
      await status.bringToFront();
      await untilText(status, "verdict-text", "The server does not answer");
      found.push(...(await broken(status)).map((rule) => `${theme}, no answer: ${rule}`));
      edge.restart();
    }
    assertEquals(found, []);
  },
);

browserTest("who wants no motion sees prices change without flashes", async (browser) => {
  await using scene = await aScene(2);
  await using opened = await browser.open();
  const { page } = opened;
  const flashes = async (reducedMotion: "reduce" | "no-preference") => {
    await page.emulateMedia({ reducedMotion });
    await page.goto(scene.edge.url);
    await untilText(page, "link-text", "Live");
    return await page.locator(".row .last").first().evaluate((price: HTMLElement) => {
      price.dataset.flash = "up";
      return getComputedStyle(price).backgroundColor !== "rgba(0, 0, 0, 0)";
    });
  };
  assertEquals([await flashes("no-preference"), await flashes("reduce")], [true, false]);
});
