/// <reference lib="dom" />
/** Every word that a server, a feed or an operator's file can put on a page, looking like markup: it stays text. */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { setHealth } from "./health_scene.ts";
import { aScene, browserTest, openLive, textOf, untilText } from "./live_rig.ts";

const EVIL = `<img src=x onerror="document.title='pwned'"><b>`;

/** The same value with every text in it, and every name of an entry, made evil. */
function evil(value: unknown): unknown {
  if (typeof value === "string") return EVIL;
  if (Array.isArray(value)) return value.map(evil);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, evil(one)]));
}

/** With the names of streams and connections evil too. */
function evilEntries(value: unknown): unknown {
  return Object.fromEntries(Object.values(value as object).map((one, n) => [`${n}${EVIL}`, evil(one)]));
}

async function assertOnlyText(page: Page): Promise<void> {
  assertEquals(await page.locator("img, b, script:not([src])").count(), 0);
  assert(!(await page.title()).includes("pwned"));
}

browserTest("on the health page every text of every answer stays text", async (browser) => {
  await using scene = await aScene(2);
  const { edge } = scene;
  setHealth(edge);
  for (const [path, answer] of edge.answers) edge.answers.set(path, evil(answer));
  for (
    const [path, name] of [["/health/streams", "streams"], [
      "/api/websocket/connections",
      "connections",
    ]] as const
  ) {
    const answer = edge.answers.get(path) as Record<string, unknown>;
    edge.answers.set(path, { ...answer, [name]: evilEntries(answer[name]) });
  }
  await using opened = await browser.open();
  const { page, complaints } = opened;
  await page.goto(`${edge.url}/status`);
  await untilText(page, "cost-note", `prices of ${EVIL}`);
  for (const table of ["streams", "connections", "edges"]) {
    assert(await page.locator(`#${table} tbody tr`).count() > 0, table);
    assert((await textOf(page, table)).includes(EVIL), table);
  }
  edge.answers.set("/api/websocket/rebalance", { error: { code: EVIL, message: EVIL } });
  await page.locator("#rebalance").click();
  await page.waitForFunction(() =>
    (document.getElementById("rebalance-result")?.textContent ?? "").length > 12
  );
  await assertOnlyText(page);
  assertEquals(complaints, []);
});

browserTest("on the live page symbols, signals, states, gaps and errors stay text", async (browser) => {
  await using scene = await aScene(2);
  const { edge } = scene;
  const bar = { end: 1, open: 1, high: 1, low: 1, close: 1e9, volume: 1, dayVolume: 1e9 };
  edge.append("tick", { type: "second", sym: EVIL, ...bar });
  edge.states = Object.fromEntries([...edge.lists.keys()].map((stream) => [stream, EVIL]));
  await using opened = await openLive(browser, edge);
  const { page, complaints } = opened;
  await untilText(page, "link-text", "Live");
  await page.waitForFunction(() => document.querySelectorAll("#watchlist [role=option]").length === 2);
  const words = { kind: EVIL, source: EVIL, direction: EVIL, measure: EVIL };
  edge.append("signal", { type: "signal", sym: "AAPL", key: "k", ...words });
  await page.waitForFunction(() => document.querySelectorAll("#signals .signal").length > 0);
  for (const socket of edge.sockets) {
    for (const stream of [EVIL, "tick", "signal"]) {
      socket.send({ type: "gap", stream, after: "0-0", before: "0-0", lost: 1, cause: EVIL });
    }
    socket.send({ type: "error", code: "UNKNOWN_SYMBOL", message: EVIL });
  }
  await untilText(page, "notice", EVIL);
  await page.locator("#search").fill(EVIL);
  assertEquals(await page.locator("#matches").textContent(), "No symbol has such characters");
  await assertOnlyText(page);
  assert((await page.locator(".signal-title").first().textContent())?.includes("<img"));
  assert((await page.locator(".gap-line").first().textContent())?.includes("<img"));
  assertEquals(complaints, []);
});
