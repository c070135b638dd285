/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { edgesNote } from "../../../src/dashboard/health/edges_table.ts";
import { MessageRates, RATE_SPAN_MS } from "../../../src/dashboard/health/message_rates.ts";
import { realPart } from "../../support/real_parts.ts";
import { startRedis } from "../../support/redis_server.ts";
import { startRestFront } from "../../support/rest_front.ts";
import { startRunning } from "../../support/running.ts";
import { browserTest, PAGE_LIMIT_MS, textOf } from "../live_rig.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** How long an edge may be shown after it stopped: the list's freshness, the page's round, and a slow machine. */
const VANISH_LIMIT_MS = PAGE_LIMIT_MS * 2;

const untilEdges = (page: Page, count: number) =>
  page.waitForFunction((count) => document.querySelectorAll("#edges tbody tr").length === count, count, {
    timeout: VANISH_LIMIT_MS,
  });

const redisPart = realPart("redis-server");

browserTest(
  `the health page shows every edge over one Redis, whatever it reaches it by, and one less when it stops${redisPart.note}`,
  async (browser) => {
    await using redis = await startRedis();
    await using rest = await startRestFront(redis);
    const common = { ROLE: "edge", LOG_LEVEL: "error" };
    const overTcp = { ...common, REDIS_URL: redis.url };
    await using first = await startRunning(overTcp);
    const second = await startRunning(overTcp);
    await using _third = await startRunning({
      ...common,
      UPSTASH_REDIS_REST_URL: rest.url,
      UPSTASH_REDIS_REST_TOKEN: rest.token,
    });
    await using opened = await browser.open();
    const { page, complaints } = opened;
    await page.goto(`${first.base}/status`);
    await untilEdges(page, 3);
    assertEquals(await textOf(page, "edges-note"), "3 instances");
    assertEquals(await page.locator("#edges .is-self .self").textContent(), "answers this page");
    assertEquals(await page.locator("#edges .state-word").allTextContents(), [
      "serving",
      "serving",
      "serving",
    ]);
    await second[Symbol.asyncDispose]();
    await untilEdges(page, 2);
    redis.pause();
    const answer = await fetch(`${first.base}/health/edges`, { signal: AbortSignal.timeout(PAGE_LIMIT_MS) });
    assertEquals((await answer.json()).edges.length, 2, "what is known is told with Redis hanging");
    redis.resume();
    assertEquals(complaints.filter((line) => !line.includes("503")), []);
  },
  redisPart.ignore,
);

pure("how many edges there are is told with how far that can be trusted", () => {
  const edge = {
    edge: "a",
    version: "1",
    phase: "serving",
    uptime_s: 1,
    active_connections: 0,
    messages_sent_1m: 0,
    slow_closed: 0,
    age_ms: 0,
  };
  const note = (count: number, read_age_ms: number | null, truncated = false) =>
    edgesNote({ edge: "a", read_age_ms, truncated, edges: Array.from({ length: count }, () => edge) });
  assertEquals(note(1, 0), "1 instance");
  assertEquals(note(3, 5_000), "3 instances");
  assertEquals(note(201, 0, true), "201 or more instances");
  assert(note(2, 60_000).includes("60 s ago"));
  assert(note(1, null).includes("store does not answer"));
});

pure("messages a second are a counter's rise over the last while, and nothing before it rose", () => {
  const rates = new MessageRates();
  assertEquals(rates.add("a", 100, 0), undefined);
  assertEquals(rates.add("a", 100, 2_000), undefined);
  assertEquals(rates.add("a", 150, 5_000), 10);
  assertEquals(rates.add("a", 150, 6_000), 10, "a report that has not come yet is no standstill");
  assertEquals(rates.add("a", 7, 8_000), undefined, "a counter that fell began anew");
  assertEquals(rates.add("b", 0, 0), undefined);
  for (let at = 0; at <= RATE_SPAN_MS * 2; at += 2_000) rates.add("b", 5, at);
  assertEquals(rates.add("b", 5, RATE_SPAN_MS * 3), 0, "standstill");
  rates.keep(["b"]);
  assertEquals(rates.add("a", 9, 9_000), undefined);
});
