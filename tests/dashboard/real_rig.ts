/// <reference lib="dom" />
/** A real edge over a real Redis behind a wire that can break, with the hand of a writer: what pages are held against. */
import type { Page } from "playwright-core";
import { systemClock, systemRandom } from "../../src/feed/clock.ts";
import { silentLog } from "../../src/feed/log.ts";
import { openStore } from "../../src/store/open_store.ts";
import { Writer } from "../edge/edge_rig.ts";
import { aMinute, aTrade } from "../support/event_factory.ts";
import { freePort, type RedisServer, startRedis } from "../support/redis_server.ts";
import { type Running, startRunning } from "../support/running.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { inspect, PAGE_LIMIT_MS } from "./live_rig.ts";

/** The symbols written. */
export const SYMBOLS = ["AAPL", "MSFT", "NVDA"];
const MINUTE_MS = 60_000;
/** Events one append may have. */
const APPEND_EVENTS = 500;

/** A bar as page and list are compared. */
export type Bar = readonly [
  t: number,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
];

/** See the file comment. */
export interface RealEdge extends AsyncDisposable {
  readonly redis: RedisServer;
  /** Between browser and edge. */
  readonly wire: TcpProxy;
  /** Where pages are had, over the wire. */
  readonly url: string;
  /** As many minutes of every symbol as that are over, and a trade of each in the present. */
  minutes(count: number): Promise<void>;
  /** Trades of one symbol; ids in the order of their prices. */
  trades(prices: readonly number[]): Promise<void>;
  /** The edge ends and another begins at the same place. `meanwhile` runs while there is none. */
  restart(meanwhile: () => Promise<void>): Promise<void>;
}

export async function aRealEdge(environment: Record<string, string> = {}): Promise<RealEdge> {
  await using started = new AsyncDisposableStack();
  const redis = started.use(await startRedis());
  const deps = { clock: systemClock, random: systemRandom, log: silentLog, keyPrefix: "tickcast" };
  const store = started.use(await openStore({ transport: "tcp", url: redis.url }, deps));
  const writer = new Writer(store, 50);
  const port = freePort();
  const start = () =>
    startRunning({
      ROLE: "edge",
      REDIS_URL: redis.url,
      PORT: String(port),
      LOG_LEVEL: "error",
      ...environment,
    });
  let running: Running = await start();
  started.defer(() => running[Symbol.asyncDispose]());
  const wire = started.use(new TcpProxy(port));
  let t = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 10_000 * MINUTE_MS;
  const minute = (sym: string, close: number) =>
    aMinute({
      sym,
      t,
      end: t + MINUTE_MS,
      open: close - 1,
      high: close + 1,
      low: close - 2,
      close,
      volume: 10,
    });
  const owned = started.move();
  return {
    redis,
    wire,
    url: `http://127.0.0.1:${wire.port}`,
    async minutes(count) {
      for (let left = count; left > 0;) {
        const bars = [];
        for (; left > 0 && bars.length + SYMBOLS.length <= APPEND_EVENTS; left--, t += MINUTE_MS) {
          bars.push(...SYMBOLS.map((sym, n) => minute(sym, 100 + n * 50 + (t / MINUTE_MS) % 17)));
        }
        await writer.append("minute", bars);
      }
      await writer.append("tick", SYMBOLS.map((sym) => aTrade({ sym, t, price: 100, size: 1 })));
    },
    async trades(prices) {
      await writer.append(
        "tick",
        prices.map((price) => aTrade({ sym: "AAPL", t: Date.now(), price, size: 1 })),
      );
    },
    async restart(meanwhile) {
      await running[Symbol.asyncDispose]();
      wire.cut();
      await meanwhile();
      running = await start();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A symbol's bars as Redis has them, read past everything of ours. */
export async function barsInRedis(redis: RedisServer, sym: string): Promise<Bar[]> {
  const elements = await redis.send("LRANGE", "tickcast:minute", "0", "-1");
  if (!Array.isArray(elements)) throw new Error("Cannot read the list as it is none");
  const bars = new Map<number, Bar>();
  for (const element of elements) {
    const event = JSON.parse(String(element));
    if (event.type !== "minute" || event.sym !== sym) continue;
    bars.set(event.t, [event.t, event.open, event.high, event.low, event.close, event.volume]);
  }
  return [...bars.values()].sort(([a], [b]) => a - b);
}

/** A symbol's bars as the page draws them. */
export async function barsOnPage(page: Page, sym: string): Promise<Bar[]> {
  const { bars } = await inspect(page, sym);
  return bars.filter(({ kind }) => kind === "true")
    .map(({ t, open, high, low, close, volume }) => [t, open, high, low, close, volume] as const);
}

/**
 * Resolves when the page has every bar of the list. The newest alone says nothing: it comes by the snapshot, and
 * those before it by a reading of their own, which may be later.
 */
export async function untilCaughtUp(page: Page, redis: RedisServer, sym: string): Promise<void> {
  const times = (await barsInRedis(redis, sym)).map(([t]) => t);
  await page.waitForFunction(
    ({ sym, times }) => {
      const { bars } = globalThis.tickcastPage.inspect(sym);
      const shown = new Set(bars.filter(({ kind }) => kind === "true").map(({ t }) => t));
      return times.every((t) => shown.has(t));
    },
    { sym, times },
    { timeout: PAGE_LIMIT_MS * 2 },
  );
}
