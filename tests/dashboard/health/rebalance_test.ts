/// <reference lib="dom" />
/** The widget of upstream connections over the real program: every figure per connection, live, and the operator's button. */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { startRunning } from "../../support/running.ts";
import { browserTest, PAGE_LIMIT_MS, textOf } from "../live_rig.ts";

const TOKEN = "operator-token-of-a-test";
const FIRST = "AAPL MSFT NVDA AMZN GOOGL META TSLA AVGO".split(" ");
const CROWD = Array.from({ length: 12 }, (_, n) => `S${n}`);

/** The widget's cells by column, a row a connection. */
const cells = (page: Page): Promise<Record<string, string>[]> =>
  page.locator("#connections").evaluate((table) => {
    const texts = (row: Element) => [...row.children].map((cell) => cell.textContent?.trim() ?? "");
    const heads = [...table.querySelectorAll("thead tr")].flatMap(texts);
    return [...table.querySelectorAll("tbody tr")].map((row) =>
      Object.fromEntries(texts(row).map((text, at) => [heads[at] ?? "", text]))
    );
  });

const untilSymbols = (page: Page, wanted: readonly string[]) =>
  page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll("#connections tbody tr")].map((row) => row.children[2]?.textContent)
        .join() === wanted,
    wanted.join(),
    { timeout: PAGE_LIMIT_MS * 2 },
  );

browserTest(
  "each connection shows status, symbols, messages, events, errors and latency, and the admin token alone rebalances",
  async (browser) => {
    await using running = await startRunning({
      ADMIN_TOKEN: TOKEN,
      LOG_LEVEL: "error",
      USE_MULTI_CONNECTION: "true",
      WEBSOCKET_ROUTING_STRATEGY: "round_robin",
      WEBSOCKET_CONNECTION_2_ENABLED: "true",
      DATA_FREQUENCIES: "tick",
      TICK_SYMBOLS: FIRST.join(","),
      SIMULATOR_RATE: "200",
      WEBSOCKET_HEALTH_CHECK_INTERVAL: "1",
      WEBSOCKET_AUTO_REBALANCE: "false",
    });
    await using opened = await browser.open();
    const { page } = opened;
    await page.goto(`${running.base}/status`);
    await untilSymbols(page, ["4", "4"]);
    const authorization = `Bearer ${TOKEN}`;
    const added = await fetch(`${running.base}/api/websocket/tickers`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({
        action: "subscribe",
        tickers: CROWD,
        frequency: "tick",
        connection: "connection_1",
      }),
    });
    assertEquals(added.status, 200);
    await added.body?.cancel();
    await untilSymbols(page, ["16", "4"]);
    await page.waitForFunction(
      () =>
        [...document.querySelectorAll("#connections tbody tr")].every((row) =>
          [3, 4, 7].every((at) => /\d/.test(row.children[at]?.textContent ?? ""))
        ),
      undefined,
      { timeout: PAGE_LIMIT_MS * 2 },
    );
    const [primary, secondary] = await cells(page);
    assert(primary && secondary);
    assertEquals([primary.Connection, secondary.Connection], ["primary", "secondary"]);
    assertEquals([primary.Status, primary.Errors], ["connected", "0"]);
    for (const column of ["Messages/s", "Events/s", "Latency"]) {
      assert(/\d/.test(primary[column] ?? ""), column);
    }

    await page.locator("#admin-token").fill("not-the-token-of-an-operator");
    await page.locator("#rebalance").click();
    await page.waitForFunction(() =>
      /token/i.test(document.getElementById("rebalance-result")?.textContent ?? "")
    );
    await untilSymbols(page, ["16", "4"]);
    await page.locator("#admin-token").fill(TOKEN);
    await page.keyboard.press("Enter");
    await page.waitForFunction(() =>
      /^Moved \d+ symbols/.test(document.getElementById("rebalance-result")?.textContent ?? "")
    );
    await untilSymbols(page, ["10", "10"]);
    assertEquals(await textOf(page, "tile-upstream"), "2/2");
    await page.waitForFunction(() =>
      document.getElementById("cost-facts")?.textContent?.includes("memory: no store to pay for")
    );
  },
);

browserTest("without an admin token on the server the button says what to set", async (browser) => {
  await using running = await startRunning({ SIMULATOR_SYMBOLS: "2", LOG_LEVEL: "error" });
  await using opened = await browser.open();
  const { page } = opened;
  await page.goto(`${running.base}/status`);
  await page.locator("#rebalance").click();
  await page.waitForFunction(() =>
    (document.getElementById("rebalance-result")?.textContent ?? "").includes("ADMIN_TOKEN")
  );
});
