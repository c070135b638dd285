/// <reference lib="dom" />
/** Whatever happens to page, wire and server: what the page draws is what the list holds, and what is gone is marked. */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { TestBrowser } from "../../support/browser.ts";
import { realPart } from "../../support/real_parts.ts";
import { browserTest, inspect, PAGE_LIMIT_MS, textOf, untilText } from "../live_rig.ts";
import { aRealEdge, barsInRedis, barsOnPage, type RealEdge, SYMBOLS, untilCaughtUp } from "../real_rig.ts";

declare global {
  /** Whether each showing of the page was out of the back/forward cache. */
  var showings: boolean[];
}

const redisPart = realPart("redis-server");
const isLong = Deno.env.get("TICKCAST_LONG") === "1";
/** How long a page sleeps: as long as the promise says, or long enough for every timer to have missed its time. */
const SLEEP_MS = isLong ? 60_000 : 4_000;
const CHOSEN = "AAPL";

async function openPage(browser: TestBrowser, real: RealEdge) {
  await real.minutes(60);
  const opened = await browser.open();
  await opened.page.goto(`${real.url}/?symbols=${SYMBOLS.join(",")}&upgrade=500`);
  await untilText(opened.page, "link-text", "Live");
  await untilCaughtUp(opened.page, real.redis, CHOSEN);
  // The bars may be read back before anything is subscribed: a page without a place in the list can't tell what it missed.
  await opened.page.waitForFunction(() => globalThis.tickcastPage.inspect("").cursor.includes("minute:"));
  return opened;
}

async function assertSameSeries(page: Page, real: RealEdge): Promise<void> {
  await untilCaughtUp(page, real.redis, CHOSEN);
  assertEquals(await barsOnPage(page, CHOSEN), await barsInRedis(real.redis, CHOSEN));
  const { stats, gaps } = await inspect(page, CHOSEN);
  assertEquals([stats.repeats, stats.garbage, gaps.length], [0, 0, 0]);
  assertEquals(await textOf(page, "foot-gaps"), "No gaps");
}

/** The pages' processes stand still, as those of a machine that sleeps, at least until the world has gone on. */
async function sleep(browser: TestBrowser, meanwhile: () => Promise<void>): Promise<void> {
  const pids = await browser.pageProcesses();
  assert(pids.length > 0);
  for (const pid of pids) Deno.kill(pid, "SIGSTOP");
  try {
    await Promise.all([new Promise((resolve) => setTimeout(resolve, SLEEP_MS)), meanwhile()]);
  } finally {
    for (const pid of pids) Deno.kill(pid, "SIGCONT");
  }
}

browserTest(
  `over a cut wire, a restarted edge and a sleep the page's series stay equal to the list in Redis${redisPart.note}`,
  async (browser) => {
    await using real = await aRealEdge();
    await using opened = await openPage(browser, real);
    const { page } = opened;
    await assertSameSeries(page, real);
    real.wire.refuses = true;
    real.wire.cut();
    await page.waitForFunction(() => document.getElementById("link")?.dataset.light === "yellow");
    await real.minutes(5);
    real.wire.refuses = false;
    await untilText(page, "link-text", "Live");
    await assertSameSeries(page, real);
    await real.restart(() => real.minutes(5));
    await assertSameSeries(page, real);
    await sleep(browser, () => real.minutes(5));
    await real.minutes(5);
    await assertSameSeries(page, real);
  },
  redisPart.ignore,
);

browserTest(
  `a page that slept longer than the list holds says what is gone, draws it as gone, and has all the rest${redisPart.note}`,
  async (browser) => {
    await using real = await aRealEdge();
    await using opened = await openPage(browser, real);
    const { page } = opened;
    const before = await barsOnPage(page, CHOSEN);
    // Nobody who could keep it is there: the page sleeps, and the edge that held more than the list ends.
    await sleep(browser, () => real.restart(() => real.minutes(800)));
    await untilText(page, "link-text", "Live");
    await untilCaughtUp(page, real.redis, CHOSEN);
    const held = await barsInRedis(real.redis, CHOSEN);
    assert(held.length < 400);
    assertEquals(await barsOnPage(page, CHOSEN), [...before, ...held]);
    // The bars may have been read back; what is gone is told by the connection alone.
    await page.waitForFunction(() => globalThis.tickcastPage.inspect("").gaps.length > 0);
    const { gaps, stats } = await inspect(page, CHOSEN);
    assertEquals(stats.repeats, 0);
    assertEquals(new Set(gaps.map(({ stream }) => stream)), new Set(["minute"]));
    assert(await page.locator("#key-gap").isVisible());
    assert(/^\d+ gaps?$/.test(await textOf(page, "foot-gaps")));
  },
  redisPart.ignore,
);

Deno.test({
  name:
    `a page taken out of the back/forward cache goes on where it stood, its series equal to the list's${redisPart.note}`,
  ignore: redisPart.ignore || realPart("chromium").ignore,
  async fn() {
    await using browser = await TestBrowser.launch(true);
    await using real = await aRealEdge();
    await using opened = await openPage(browser, real);
    const { page, complaints } = opened;
    await page.evaluate(() => {
      globalThis.showings = [];
      addEventListener(
        "pageshow",
        (event) => globalThis.showings.push("persisted" in event && event.persisted === true),
      );
    });
    for (let round = 1; round <= 3; round++) {
      // Left while a socket is still being opened, the browser complains of it.
      await untilText(page, "link-transport", "WebSocket");
      await page.locator("nav a", { hasText: "Health" }).click();
      await page.waitForURL("**/status");
      await real.minutes(5);
      await page.goBack({ waitUntil: "commit" });
      await page.waitForFunction((round) => globalThis.showings?.length === round, round, {
        timeout: PAGE_LIMIT_MS,
      });
      await untilText(page, "link-text", "Live");
      await assertSameSeries(page, real);
    }
    assertEquals(await page.evaluate(() => globalThis.showings), [true, true, true]);
    assertEquals(complaints.filter((line) => !line.includes("503")), []);
  },
});
