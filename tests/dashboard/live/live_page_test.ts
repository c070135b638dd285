/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { ownTime } from "../../support/own_time.ts";
import { until } from "../../support/until.ts";
import {
  aScene,
  browserTest,
  inspect,
  minutePasses,
  openLive,
  PAGE_LIMIT_MS,
  served,
  shown,
  textOf,
  untilBars,
  untilFollowing,
  untilSeen,
  untilText,
  watchShifts,
} from "../live_rig.ts";

/** Resolves when the search knows a symbol: the symbols come by a request of their own. */
async function untilFound(page: Page, symbol: string): Promise<void> {
  const search = page.locator("#search");
  await until(async () => {
    await search.fill("");
    await search.fill(symbol);
    return (await page.locator("#matches li").allTextContents()).includes(symbol);
  }, `${symbol} to be known`);
  await search.fill("");
  await search.blur();
}

const thisMinute = () => Math.floor(Date.now() / 60_000) * 60_000;

browserTest(
  "prices are there within a second of the load, without a complaint or a shift of the layout",
  async (browser) => {
    await using scene = await aScene();
    await using opened = await browser.open();
    const { page, complaints } = opened;
    await watchShifts(page);
    const ownMs = ownTime();
    await page.goto(scene.edge.url);
    await untilText(page, "link-text", "Live");
    const timer = setInterval(() => scene.market.trade(Date.now()), 20);
    await page.waitForFunction(() => globalThis.seenByTest.firstAt !== undefined);
    const took = ownMs();
    // What is told later than the first price must not move anything either.
    await untilSeen(page, "simulated");
    await page.waitForTimeout(1200);
    clearInterval(timer);
    const { firstAt = Infinity, shift } = await page.evaluate(() => globalThis.seenByTest);
    // What a test sees of it is a little late.
    assert(Math.min(firstAt, took) < 1000, `first price after ${firstAt} ms, seen after ${took} of our own`);
    assert(shift < 0.02, `layout shifted by ${shift}`);
    assertEquals(await textOf(page, "link-transport"), "WebSocket");
    assertEquals(await page.locator("#watchlist [role=option]").count(), 12);
    assertEquals(complaints, []);
  },
);

browserTest(
  "the page goes down every transport and up again, and its series stay equal to the server's",
  async (browser) => {
    await using scene = await aScene();
    const { edge } = scene;
    await using opened = await openLive(browser, edge, "?upgrade=500");
    const { page } = opened;
    const sym = await untilFollowing(page, edge);
    const start = thisMinute();
    let minutes = 0;
    const step = async (transport: string) => {
      await untilText(page, "link-transport", transport);
      await untilText(page, "link-text", "Live");
      minutePasses(scene, start + minutes++ * 60_000);
      await untilBars(page, sym, served(edge, sym).length);
      assertEquals(await shown(page, sym), served(edge, sym));
    };
    await step("WebSocket");
    edge.faults.wsStatus = 503;
    edge.cut();
    await step("Event stream");
    edge.faults.sseStatus = 500;
    edge.cut();
    await step("Polling");
    edge.faults.sseStatus = 0;
    await step("Event stream");
    edge.faults.wsStatus = 0;
    await step("WebSocket");
    const { stats, gaps } = await inspect(page, sym);
    assertEquals([stats.repeats, stats.garbage, gaps.length], [0, 0, 0]);
  },
);

browserTest(
  "a restart of the server and a cut of the network leave no hole; what was truly gone is marked",
  async (browser) => {
    await using scene = await aScene();
    const { edge, market } = scene;
    await using opened = await openLive(browser, edge);
    const { page, context } = opened;
    await untilText(page, "link-text", "Live");
    const sym = await untilFollowing(page, edge);
    const start = thisMinute();
    await edge.stop();
    await page.waitForFunction(() => document.getElementById("link")?.dataset.light === "yellow");
    minutePasses(scene, start);
    edge.restart();
    await untilText(page, "link-text", "Live");
    await context.setOffline(true);
    edge.cut();
    minutePasses(scene, start + 60_000);
    await context.setOffline(false);
    await untilText(page, "link-text", "Live");
    minutePasses(scene, start + 120_000);
    await untilBars(page, sym, 63);
    assertEquals(await shown(page, sym), served(edge, sym));
    assertEquals(await textOf(page, "foot-gaps"), "No gaps");
    edge.cut();
    for (let n = 0; n < 200; n++) market.trade(Date.now());
    edge.trim("tick", 10);
    await page.waitForFunction(
      () => document.getElementById("foot-gaps")?.textContent === "1 gap",
      undefined,
      { timeout: PAGE_LIMIT_MS },
    );
    assertEquals((await inspect(page, sym)).gaps.map(({ stream }) => stream), ["tick"]);
    assert(await page.locator("#key-gap").isVisible());
  },
);

browserTest(
  "symbols that first trade after the page was opened are taken up, until the reader has chosen",
  async (browser) => {
    await using scene = await aScene(4);
    const { edge } = scene;
    await using opened = await openLive(browser, edge);
    const { page } = opened;
    const untilWatched = (count: number) =>
      page.waitForFunction(
        (count) => document.querySelectorAll("#watchlist [role=option]").length === count,
        count,
      );
    await untilWatched(4);
    const first = await page.locator("#watchlist .symbol").allTextContents();
    edge.append("tick", { type: "trade", sym: "LATE", price: 5, size: 1, dayVolume: 1e9 });
    await untilWatched(5);
    assertEquals(await page.locator("#watchlist .symbol").allTextContents(), [...first, "LATE"]);
    await page.locator("#star").click();
    await untilWatched(4);
    edge.append("tick", { type: "trade", sym: "LATER", price: 5, size: 1, dayVolume: 1e9 });
    await page.reload();
    await untilFound(page, "LATER");
    assertEquals(await page.locator("#watchlist [role=option]").count(), 4);
  },
);

browserTest(
  "a symbol is found, watched, chosen and left with the keyboard alone, and what is left is unsubscribed",
  async (browser) => {
    await using scene = await aScene();
    const { edge } = scene;
    await using opened = await openLive(browser, edge, "?symbols=AAPL,MSFT");
    const { page } = opened;
    await untilText(page, "quote-symbol", "AAPL");
    await untilFollowing(page, edge);
    await untilFound(page, "NVDA");
    await page.keyboard.press("/");
    await page.keyboard.type("nv");
    // The field was left a moment ago: what was to close its list then leaves this one open.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    assertEquals(await page.locator("#matches li").allTextContents(), ["NVDA"]);
    await page.keyboard.press("Enter");
    await untilText(page, "quote-symbol", "NVDA");
    assertEquals(await page.locator("#watchlist .symbol").allTextContents(), ["NVDA", "AAPL", "MSFT"]);
    await page.locator("#watchlist").focus();
    await page.keyboard.press("ArrowDown");
    await untilText(page, "quote-symbol", "AAPL");
    await page.keyboard.press("Delete");
    await untilText(page, "quote-symbol", "NVDA");
    const dropped = () =>
      new Set(
        edge.commands.filter(({ action, symbols }) => action === "unsubscribe" && String(symbols) === "AAPL")
          .flatMap(({ streams }) => streams),
      );
    for (const stream of ["tick", "minute", "fmv", "signal"]) {
      await until(() => dropped().has(stream), `${stream} of AAPL to be unsubscribed`);
    }
    await page.close();
  },
);

browserTest(
  "a server that asks for a token is told to the reader, who types one and sees prices",
  async (browser) => {
    await using scene = await aScene(4);
    const { edge } = scene;
    edge.tokens = new Set(["good-token"]);
    await using opened = await openLive(browser, edge);
    const { page } = opened;
    await untilText(page, "link-text", "Disconnected");
    assertEquals(await page.locator("#link").getAttribute("data-light"), "red");
    assert(await page.locator("#notice").isVisible());
    await page.locator("#token").fill("bad-token");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.getElementById("link")?.dataset.light === "red");
    await page.locator("#token").fill("good-token");
    await page.keyboard.press("Enter");
    await untilText(page, "link-text", "Live");
    await page.waitForFunction(() => document.querySelectorAll("#watchlist [role=option]").length === 4);
    assertEquals(await page.locator("#token-form").isVisible(), false);
    assertEquals(edge.requests.filter((line) => line.includes("token")), []);
  },
);
