/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import { setHealth } from "../health_scene.ts";
import { aScene, browserTest, textOf, untilText } from "../live_rig.ts";

browserTest(
  "the health page says what is wrong, shows every stream and connection, and rebalances with the token",
  async (browser) => {
    await using scene = await aScene(2);
    const { edge } = scene;
    setHealth(edge);
    await using opened = await browser.open();
    const { page, complaints } = opened;
    await page.goto(`${edge.url}/status`);
    await untilText(page, "verdict-text", "fmv is not flowing");
    assertEquals(await textOf(page, "verdict-detail"), "fmv: no event for 31 s though the session is open");
    assertEquals(await page.locator("#streams tbody th").allTextContents(), [
      "signal",
      "tick",
      "minute",
      "fmv",
      "heatmap",
    ]);
    assertEquals(await page.locator("#streams tbody .state-word").allTextContents(), [
      "quiet",
      "live",
      "live",
      "stale",
      "off",
    ]);
    assertEquals(await page.locator("#connections tbody tr").count(), 2);
    assertEquals(await page.locator("#edges tbody tr").count(), 2);
    assertEquals(await textOf(page, "edges-note"), "2 instances");
    assertEquals(await textOf(page, "tile-upstream"), "1/2");
    await untilText(page, "cost-note", "prices of 2026-08");
    const asked = page.waitForRequest((request) => request.method() === "POST");
    await page.locator("#admin-token").fill("secret-token");
    await page.locator("#rebalance").click();
    const request = await asked;
    assertEquals(request.headers().authorization, "Bearer secret-token");
    await untilText(page, "rebalance-result", "Moved 1 symbol");
    assertEquals(edge.requests.filter((line) => line.includes("secret-token")), []);
    assertEquals(complaints, []);
    await edge.stop();
    await untilText(page, "verdict-text", "The server does not answer");
    assertEquals(await page.locator("#report").getAttribute("data-age"), "past");
    assertEquals(await page.locator("#connections tbody tr").count(), 2, "what was told last stays");
    edge.restart();
    await untilText(page, "verdict-text", "fmv is not flowing");
  },
);
