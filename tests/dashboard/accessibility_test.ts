/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { setHealth } from "./health_scene.ts";
import { aScene, browserTest, untilText } from "./live_rig.ts";

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

browserTest(
  "both pages, light and dark, on desktop and phone, break no rule of axe and never scroll sideways",
  async (browser) => {
    await using scene = await aScene(8);
    const { edge, market } = scene;
    setHealth(edge);
    for (let n = 0; n < 200; n++) market.trade(Date.now());
    const found: string[] = [];
    for (const look of LOOKS) {
      await using opened = await browser.open(look);
      const { page } = opened;
      const check = async (path: string, id: string, ready: string) => {
        await page.goto(edge.url + path);
        await untilText(page, id, ready);
        // Prices that flash must be readable too.
        for (let n = 0; n < 16; n++) market.trade(Date.now());
        const where = `${path} ${JSON.stringify(look)}`;
        found.push(...(await broken(page)).map((rule) => `${where}: ${rule}`));
        if (await hasSidewaysScroll(page)) found.push(`${where}: scrolls sideways`);
      };
      await check("/?symbols=AAPL,MSFT", "quote-symbol", "AAPL");
      await check("/status", "verdict-text", "fmv is not flowing");
    }
    assertEquals(found, []);
  },
);
