/// <reference lib="dom" />
/** What the live page shows when all is not well: each state says what it is, and nothing looks alive that is not. */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { offers } from "../../../src/dashboard/live/symbol_search.ts";
import { aScene, browserTest, openLive, PAGE_LIMIT_MS, textOf, untilSeen, untilText } from "../live_rig.ts";

const isShown = (page: Page, selector: string) => page.locator(selector).isVisible();

const untilBody = (page: Page, name: string, wanted: string) =>
  page.waitForFunction(({ name, wanted }) => document.body.dataset[name] === wanted, { name, wanted }, {
    timeout: PAGE_LIMIT_MS,
  });

browserTest(
  "a server of ticks alone has no empty rooms for fair value, heatmap and signals, and a closed market is told",
  async (browser) => {
    await using scene = await aScene(4);
    const { edge } = scene;
    const states = { tick: "closed", minute: "closed", fmv: "off", signal: "off", heatmap: "off" };
    edge.states = states;
    edge.answers.set("/health/streams", {
      streams: Object.fromEntries(
        Object.entries(states).map(([stream, state]) => [stream, { stream, state }]),
      ),
    });
    edge.reset("signal", "k0000009");
    await using opened = await openLive(browser, edge);
    const { page } = opened;
    await untilText(page, "link-text", "Live");
    await untilBody(page, "fmv", "off");
    assertEquals(await isShown(page, ".heat"), false);
    assertEquals(await isShown(page, ".key-fair"), false);
    assertEquals(await isShown(page, ".facts .fair"), false);
    assert(await isShown(page, "#market-closed"));
    assertEquals(await isShown(page, "#simulated"), false);
    assertEquals(await page.locator("#signals .empty").textContent(), "This server has no signals");
    // Remembered: the next load is laid out so before anything was said.
    await page.goto("about:blank");
    edge.states = {};
    edge.answers.delete("/health/streams");
    edge.faults.mute = true;
    await page.goto(edge.url);
    await page.waitForFunction(() => document.body.dataset.heatmap !== undefined);
    assertEquals(await isShown(page, ".heat"), false);
  },
);

browserTest(
  "away for more than a moment, the page greys its prices and says of when they are; back, it is alive again",
  async (browser) => {
    await using scene = await aScene(4);
    const { edge, market } = scene;
    await using opened = await openLive(browser, edge, "?upgrade=500");
    const { page } = opened;
    await untilText(page, "link-text", "Live");
    // More than one: the page may not have subscribed yet when the first comes.
    const trading = setInterval(() => market.trade(Date.now()), 50);
    await page.waitForFunction(() => globalThis.tickcastPage.inspect("AAPL").stats.events > 0)
      .finally(() => clearInterval(trading));
    await edge.stop();
    await untilBody(page, "link", "away");
    await page.waitForFunction(() =>
      /^prices of \d\d:\d\d:\d\d$/.test(document.getElementById("link-transport")?.textContent ?? "")
    );
    const colourOf = (selector: string) =>
      page.locator(selector).first().evaluate((element) => getComputedStyle(element).color);
    assertEquals(await colourOf(".row .last"), await colourOf(".facts dt"));
    edge.restart();
    await untilText(page, "link-text", "Live");
    await untilText(page, "link-transport", "WebSocket");
    assertEquals(await page.locator("body").getAttribute("data-link"), "up");
  },
);

browserTest(
  "a WebSocket that does not get through is said to be so, beside prices that come all the same",
  async (browser) => {
    await using scene = await aScene(4);
    const { edge, market } = scene;
    // The server offers it, and nothing opens: what a proxy does that knows no upgrade.
    edge.faults.wsStatus = 426;
    await using opened = await openLive(browser, edge);
    const { page } = opened;
    await untilText(page, "link-transport", "Event stream");
    await untilText(page, "link-text", "Live");
    market.trade(Date.now());
    await page.waitForFunction(() => (document.getElementById("quote-price")?.textContent ?? "–") !== "–");
    assert(/could not be opened/.test(await textOf(page, "foot-transport")));
  },
);

browserTest(
  "before anything traded every panel says what it waits for, and a symbol unknown so far can be added",
  async (browser) => {
    await using scene = await aScene(0);
    await using opened = await openLive(browser, scene.edge);
    const { page } = opened;
    await untilText(page, "link-text", "Live");
    // The heatmap's room is shown when it is known how much there is of it.
    for (const id of ["watch-empty", "chart-empty", "heat-empty"]) await untilSeen(page, id);
    await page.locator("#search").fill("zzz");
    assertEquals(await page.locator("#matches li").allTextContents(), ["Add ZZZ, not seen yet"]);
    await page.keyboard.press("Enter");
    await untilText(page, "quote-symbol", "ZZZ");
    assertEquals(await isShown(page, "#watch-empty"), false);
    await page.locator("#search").fill("<b>");
    await page.keyboard.press("Enter");
    assertEquals(await page.locator("#matches li").getAttribute("aria-disabled"), "true");
    assertEquals(await page.locator("#watchlist .symbol").allTextContents(), ["ZZZ"]);
  },
);

Deno.test({
  name: "search offers what is known, else the text itself, else says that it can be no symbol",
  permissions: "none",
  fn() {
    assertEquals(offers(["AAPL"], "aa"), [{ symbol: "AAPL", label: "AAPL" }]);
    assertEquals(offers(["AAPL"], " x:btc-usd "), [
      { symbol: "X:BTC-USD", label: "Add X:BTC-USD, not seen yet" },
    ]);
    assertEquals(offers([], "a b").map(({ symbol }) => symbol), [undefined]);
    assertEquals(offers(["AAPL"], "  "), []);
  },
});

browserTest(
  "a chart whose only candle is the minute going on does not say that there are none",
  async (browser) => {
    await using scene = await aScene(1);
    const { edge, market } = scene;
    edge.trim("minute", 0);
    await using opened = await openLive(browser, edge, "?symbols=AAPL");
    const { page } = opened;
    await untilText(page, "link-text", "Live");
    await page.waitForFunction(() => document.getElementById("chart-empty")?.offsetParent !== null);
    // Always of one minute: no bar of it comes.
    const now = Date.now();
    const trading = setInterval(() => market.trade(now), 50);
    await page.waitForFunction(() => document.getElementById("chart-empty")?.offsetParent === null)
      .finally(() => clearInterval(trading));
  },
);
