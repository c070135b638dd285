/// <reference lib="dom" />
/** The live page in real Chromium, over the fake edge and its market. */
import type { Page } from "playwright-core";
import { loadPages } from "../../src/dashboard/pages.ts";
import { FakeEdge } from "../client/fake_edge.ts";
import { BROWSER_LIMIT_MS, chromiumPart, type OpenPage, TestBrowser } from "../support/browser.ts";
import { until } from "../support/until.ts";
import { FakeMarket } from "./fake_market.ts";

/** What the page tells of itself, as far as the tests look. */
export interface Inspection {
  readonly status: { readonly state: string; readonly transport?: string };
  readonly stats: { readonly events: number; readonly repeats: number; readonly garbage: number };
  readonly bars: readonly ShownBar[];
  readonly gaps: readonly { readonly stream: string }[];
  /** Where it stands in every list it follows. */
  readonly cursor: string;
  /** Script time of the last frames, ms. */
  readonly frameCostsMs: number[];
}

/** A bar as the page has it. */
export interface ShownBar {
  readonly t: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly kind: string;
}

declare global {
  /** The page's own word on itself (`src/dashboard/live/live_page.ts`). */
  var tickcastPage: { inspect(symbol: string): Inspection };
  /** What a test's own script in the page has seen. */
  var seenByTest: { shift: number; firstAt: number | undefined };
}

/** How long a page may take for anything. */
export const PAGE_LIMIT_MS = BROWSER_LIMIT_MS;

/** A running fake edge that serves the pages, with a market and an hour of bars behind it. */
export interface Scene extends AsyncDisposable {
  readonly edge: FakeEdge;
  readonly market: FakeMarket;
}

export async function aScene(symbols = 12): Promise<Scene> {
  const edge = new FakeEdge();
  edge.pages = await loadPages();
  const streams = Object.fromEntries(
    [...edge.lists.keys()].map((stream) => [stream, { stream, state: "live" }]),
  );
  edge.answers.set("/health/streams", { simulated: true, streams });
  const market = new FakeMarket(edge, symbols);
  market.past(60, Date.now());
  return { edge, market, [Symbol.asyncDispose]: () => edge.stop() };
}

/** The live page, loaded. */
export async function openLive(browser: TestBrowser, edge: FakeEdge, query = ""): Promise<OpenPage> {
  const opened = await browser.open();
  await opened.page.goto(`${edge.url}/${query}`);
  return opened;
}

export const inspect = (page: Page, symbol: string): Promise<Inspection> =>
  page.evaluate((sym) => globalThis.tickcastPage.inspect(sym), symbol);

/** Has every later load of the page tell how far its layout shifted, and when the first price was there. */
export async function watchShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen: typeof globalThis.seenByTest = globalThis.seenByTest = { shift: 0, firstAt: undefined };
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.shift += "value" in entry ? Number(entry.value) : 0;
    }).observe({ type: "layout-shift", buffered: true });
    new MutationObserver(() => {
      const price = document.querySelector("#quote-price")?.textContent;
      if (price && price !== "–") seen.firstAt ??= performance.now();
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
}

/** Text of an element. */
export const textOf = async (page: Page, id: string): Promise<string> =>
  await page.locator(`#${id}`).textContent() ?? "";

/** Resolves when an element has that text. */
export async function untilText(page: Page, id: string, wanted: string): Promise<void> {
  await page.waitForFunction(
    ({ id, wanted }) => document.getElementById(id)?.textContent === wanted,
    { id, wanted },
  );
}

/** Resolves when an element is there to be seen. */
export const untilSeen = (page: Page, id: string): Promise<void> =>
  page.locator(`#${id}`).waitFor({ state: "visible" });

/**
 * Resolves when the page has chosen a symbol, which it gives, and has asked for every stream over its socket. `Live` alone
 * says neither: the symbols are known by a request of their own, and nothing is asked for before.
 */
export async function untilFollowing(page: Page, edge: FakeEdge): Promise<string> {
  const streams = [...edge.lists.keys()];
  await until(
    () => [...edge.sockets].some(({ held }) => streams.every((stream) => held.has(stream))),
    "a page that follows every stream",
  );
  await page.waitForFunction(() => /^[A-Z]/.test(document.getElementById("quote-symbol")?.textContent ?? ""));
  return await textOf(page, "quote-symbol");
}

/** Resolves when the page has as many of the server's bars as that. */
export async function untilBars(page: Page, sym: string, count: number): Promise<void> {
  await page.waitForFunction(
    ({ sym, count }) =>
      globalThis.tickcastPage.inspect(sym).bars.filter(({ kind }) => kind === "true").length >= count,
    { sym, count },
  );
}

type Bar = Pick<ShownBar, "t" | "close" | "volume">;

/** The server's bars of a symbol, corrections in the place of what they correct. */
export function served(edge: FakeEdge, sym: string): Bar[] {
  const bars = new Map<number, Bar>();
  for (const event of edge.list("minute").events) {
    if (event.sym === sym) {
      bars.set(event.t, { t: event.t, close: Number(event.close), volume: Number(event.volume) });
    }
  }
  return [...bars.values()].sort((a, b) => a.t - b.t);
}

/** The page's bars of a symbol, but for the one still going on. */
export async function shown(page: Page, sym: string): Promise<Bar[]> {
  const { bars } = await inspect(page, sym);
  return bars.filter(({ kind }) => kind === "true").map(({ t, close, volume }) => ({ t, close, volume }));
}

/** A new minute bar of every symbol, and a trade. */
export function minutePasses({ market, edge }: Scene, t: number): void {
  for (const { sym, price } of market.walkers) {
    const bar = { open: price, high: price + 1, low: price - 1, close: price, volume: 5 };
    edge.append("minute", { type: "minute", sym, t, end: t + 60_000, ...bar });
  }
  market.trade(Date.now());
}

/** A test with a browser of its own; ignored, with the reason in its name, where there is none. */
export function browserTest(
  name: string,
  fn: (browser: TestBrowser) => Promise<void>,
  ignore = false,
): void {
  Deno.test({
    name: `${name}${chromiumPart.note}`,
    ignore: chromiumPart.ignore || ignore,
    async fn() {
      await using browser = await TestBrowser.launch();
      await fn(browser);
    },
  });
}
