/// <reference lib="dom" />
/** The client's sharing in real tabs: one connection for all, and it outlives the tab that had it. */
import { assert, assertEquals } from "@std/assert";
import type { BrowserContext, Page } from "playwright-core";
import { metricTotal } from "../support/exposition.ts";
import { realPart } from "../support/real_parts.ts";
import { until } from "../support/until.ts";
import { browserTest, PAGE_LIMIT_MS } from "./live_rig.ts";
import { aRealEdge, type RealEdge } from "./real_rig.ts";

declare global {
  /** What the tab's client got: prices in the order they came, and gaps. */
  var sharedSeen: { readonly prices: number[]; gaps: number; repeats: () => number };
}

const redisPart = realPart("redis-server");

/** A tab whose client shares its connection; the page around it is as good as any of the same origin. */
async function aTab(context: BrowserContext, real: RealEdge): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${real.url}/status`);
  await page.evaluate(async () => {
    const served = (name: string) => import(new URL(name, location.href).href);
    const { Tickcast } = await served("client.js");
    const { shareTabs } = await served("client_share.js");
    const client = new Tickcast(location.origin, { share: shareTabs("test"), maxAttempts: Infinity });
    globalThis.sharedSeen = { prices: [], gaps: 0, repeats: () => client.stats.repeats };
    client.subscribe({ streams: ["tick"], symbols: ["AAPL"] }, {
      onEvents: ({ events }: { events: readonly { price: number }[] }) =>
        globalThis.sharedSeen.prices.push(...events.map(({ price }) => price)),
      onGap: () => globalThis.sharedSeen.gaps++,
    });
    await client.connect();
    // Connected is not yet subscribed: what is traded before is not for this tab.
    while (client.cursor === "") await new Promise((resolve) => setTimeout(resolve, 10));
  });
  return page;
}

const untilPrices = (page: Page, count: number) =>
  page.waitForFunction((count) => globalThis.sharedSeen.prices.length >= count, count, {
    timeout: PAGE_LIMIT_MS * 2,
  });

/** As it is now: the figure of `/ws/stats` may be a second old. */
const clientsOf = (real: RealEdge): Promise<number> => metricTotal([real.url], "ws_active_connections");

browserTest(
  `tabs share one connection; when the tab that has it is closed or frozen, the others lose and double nothing${redisPart.note}`,
  async (browser) => {
    await using real = await aRealEdge();
    await using opened = await browser.open();
    const { context } = opened;
    const first = await aTab(context, real);
    const second = await aTab(context, real);
    const third = await aTab(context, real);
    const sent: number[] = [];
    const send = async (count: number) => {
      for (let n = 0; n < count; n++) {
        sent.push(sent.length + 1);
        await real.trades(sent.slice(-1));
      }
    };
    await send(20);
    for (const tab of [first, second, third]) await untilPrices(tab, 20);
    await until(async () => await clientsOf(real) === 1, "one connection of three tabs");

    const closing = send(40);
    await first.close();
    await closing;
    for (const tab of [second, third]) await untilPrices(tab, 60);
    await until(async () => await clientsOf(real) === 1, "one connection again");

    const session = await context.newCDPSession(second);
    const freezing = send(40);
    await session.send("Page.setWebLifecycleState", { state: "frozen" });
    await freezing;
    await untilPrices(third, 100);
    await session.send("Page.setWebLifecycleState", { state: "active" });
    await send(20);
    for (const tab of [second, third]) await untilPrices(tab, 120);
    for (const [name, tab] of [["thawed", second], ["other", third]] as const) {
      const { prices, gaps } = await tab.evaluate(() => globalThis.sharedSeen);
      assertEquals(prices, sent, name);
      assertEquals(gaps, 0, name);
    }
    await until(async () => await clientsOf(real) === 1, "one connection in the end");
    assert(sent.length === 120);
  },
  redisPart.ignore,
);
