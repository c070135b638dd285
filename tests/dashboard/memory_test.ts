/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { MINUTES_MAX } from "../../src/dashboard/live/minute_series.ts";
import {
  aScene,
  browserTest,
  inspect,
  openLive,
  PAGE_LIMIT_MS,
  type Scene,
  untilFollowing,
} from "./live_rig.ts";
import { until } from "../support/until.ts";
import { type Held, held, say } from "./page_measures.ts";

const isLong = Deno.env.get("TICKCAST_LONG") === "1";
const MINUTE_MS = 60_000;
/** The long run: how long, how often it is looked at, and what goes by. */
const LONG_MS = 300_000;
const LOOK_EVERY_MS = 20_000;
const EVENTS_PER_S = 1000;
const SYMBOLS = 200;

const SIGNALS_MAX = 120;
const GAPS_MAX = 50;
/** Nodes that come and go with what is shown, and those not collected yet; one kept per signal would be ten times that. */
const NODES_SLACK = 2_500;
const HEAP_SLACK_MB = 4;
const COLLECTED_WITHIN_MS = 20_000;

/** A day and a half of minutes of everything the page keeps, as fast as it takes them. */
async function aLongDay(page: Page, { edge, market }: Scene, from: number): Promise<void> {
  const { stats: { events: before } } = await inspect(page, "AAPL");
  const minutes = MINUTES_MAX + 200;
  for (let n = 0; n < minutes; n++) {
    const t = from + n * MINUTE_MS;
    for (const { sym } of market.walkers) {
      const price = 100 + n % 40;
      edge.append("minute", {
        type: "minute",
        sym,
        t,
        end: t + MINUTE_MS,
        open: price,
        high: price + 1,
        low: price - 1,
        close: price,
        volume: 5,
      });
      edge.append("fmv", { type: "fmv", sym, t, fmv: price });
    }
    edge.append("signal", {
      type: "signal",
      sym: "AAPL",
      t,
      key: `k${t}`,
      kind: "session_high",
      source: "tick",
      price: n,
    });
    for (let k = 0; k < 10; k++) market.trade(t + k);
    if (n % 10 === 0) {
      for (const socket of edge.sockets) {
        socket.send({
          type: "gap",
          stream: "tick",
          after: "0-0",
          before: "0-0",
          lost: n + 1,
          cause: "overflow",
        });
      }
    }
    // So that the page takes part rather than finding everything at the end.
    if (n % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  for (const list of edge.lists.keys()) edge.trim(list, 500);
  const sent = minutes * (market.walkers.length * 2 + 11);
  await page.waitForFunction(
    (wanted) => globalThis.tickcastPage.inspect("AAPL").stats.events >= wanted,
    before + sent,
    { timeout: PAGE_LIMIT_MS * 2 },
  );
}

browserTest(
  "however much goes by, a page keeps as many bars, lines, nodes and listeners as it shows",
  async (browser) => {
    await using scene = await aScene(6);
    const { edge } = scene;
    await using opened = await openLive(browser, edge);
    const { page } = opened;
    await untilFollowing(page, edge);
    const start = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    await aLongDay(page, scene, start);
    const first = await held(page);
    await aLongDay(page, scene, start + 2000 * MINUTE_MS);
    let second = await held(page);
    const isHeld = ({ nodes, listeners, heapMb }: Held) =>
      nodes - first.nodes <= NODES_SLACK && listeners === first.listeners &&
      heapMb - first.heapMb < HEAP_SLACK_MB;
    // One collection doesn't find all on a busy machine; what is kept stays however often it is looked for.
    await until(async () => isHeld(second = await held(page)), "as much held as before", COLLECTED_WITHIN_MS)
      .catch(() => {});
    assert(isHeld(second), JSON.stringify([first, second]));
    const { bars, gaps } = await inspect(page, "AAPL");
    assertEquals([bars.length, gaps.length], [MINUTES_MAX, GAPS_MAX]);
    assertEquals(await page.locator("#signals li").count(), SIGNALS_MAX);
  },
);

async function watchLong(page: Page, { edge, market }: Scene): Promise<Held[]> {
  const looks: Held[] = [];
  let due = Date.now();
  const timer = setInterval(() => {
    for (; due <= Date.now(); due += 1000 / EVENTS_PER_S) market.trade(Math.floor(due));
    for (const list of edge.lists.keys()) edge.trim(list, 2000);
  }, 20);
  try {
    const end = performance.now() + LONG_MS;
    while (performance.now() < end) {
      await page.waitForTimeout(LOOK_EVERY_MS);
      looks.push(await held(page));
    }
  } finally {
    clearInterval(timer);
  }
  return looks;
}

if (isLong) {
  browserTest(
    `at ${EVENTS_PER_S} events a second with ${SYMBOLS} symbols for ${
      LONG_MS / 60_000
    } minutes a page's memory stays flat`,
    async (browser) => {
      await using scene = await aScene(SYMBOLS);
      await using opened = await openLive(browser, scene.edge, `?symbols=${scene.market.symbols.join(",")}`);
      const { page } = opened;
      await untilFollowing(page, scene.edge);
      const looks = await watchLong(page, scene);
      for (const [n, { heapMb, nodes, listeners }] of looks.entries()) {
        await say(
          `${((n + 1) * LOOK_EVERY_MS) / 1000} s: heap ${
            heapMb.toFixed(1)
          } MB, ${nodes} nodes, ${listeners} listeners`,
        );
      }
      const { stats } = await inspect(page, "AAPL");
      await say(`${stats.events} events`);
      assert(stats.events > EVENTS_PER_S * LONG_MS / 1000 * 0.9);
      const mean = (part: readonly Held[]) => part.reduce((sum, { heapMb }) => sum + heapMb, 0) / part.length;
      const third = Math.floor(looks.length / 3);
      const growth = mean(looks.slice(-third)) - mean(looks.slice(third, -third));
      assert(growth < 1, `the heap grew by ${growth.toFixed(2)} MB from the second third to the last`);
      const [early, late] = [looks[third], looks.at(-1)];
      assert(early && late && late.nodes - early.nodes <= NODES_SLACK && late.listeners === early.listeners);
    },
  );
}
