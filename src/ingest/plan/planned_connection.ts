/** What the plan says of one connection, and the topics that follow from it. */
import { marketOfSymbol } from "../../feed/market_calendar.ts";
import { FREQUENCIES, type Frequency } from "../../feed/stream.ts";
import type { Market } from "../../feed/wire_fields.ts";
import { ALL, type Feed, symbolsOfMarket, topicsOf } from "../wire/subscription_topics.ts";

/** An account has so many sockets at most, whatever the feeds and markets. */
export const SOCKETS_MAX = 3;

/** Tickers (or `*`) by frequency. */
export type TickersByFrequency = ReadonlyMap<Frequency, readonly string[]>;

/** One connection of a plan. One feed and one market each. */
export interface PlannedConnection {
  readonly id: string;
  readonly name: string;
  readonly feed: Feed;
  readonly market: Market;
  /** What it may carry; tickers move only between connections that carry their frequency. */
  readonly frequencies: readonly Frequency[];
  /** What has its home here. */
  readonly tickers: TickersByFrequency;
  /** Critical symbols whose home is another connection and that ride here as well. */
  readonly twins: TickersByFrequency;
  readonly topics: readonly string[];
}

/** What one way of planning gives back. */
export interface PlanDraft {
  readonly connections: readonly PlannedConnection[];
  readonly reasons: readonly string[];
  readonly problems: readonly string[];
}

/** The topics of tickers by frequency, each once. */
export function topicsOfTickers(
  market: Market,
  tickers: TickersByFrequency,
  tickEvents: readonly ("A" | "T")[],
): readonly string[] {
  const topics = new Set<string>();
  for (const frequency of FREQUENCIES) {
    for (const ticker of tickers.get(frequency) ?? []) {
      for (const topic of topicsOf(market, frequency, ticker, tickEvents)) topics.add(topic);
    }
  }
  return [...topics];
}

/** Distinct tickers of a connection. */
export const tickersOf = (
  tickers: TickersByFrequency,
): readonly string[] => [...new Set([...tickers.values()].flat())];

/** What a stream carries over all connections, as the published plan says it: `["*"]`, names, `X:*`. */
export function symbolsOfStream(
  connections: readonly Pick<PlannedConnection, "market" | "tickers">[],
  frequency: Frequency,
): readonly string[] {
  const markets = new Set(connections.map((connection) => connection.market));
  const symbols = new Set<string>();
  const wholeMarkets = new Set<Market>();
  for (const { market, tickers } of connections) {
    for (const ticker of tickers.get(frequency) ?? []) {
      if (ticker === ALL) wholeMarkets.add(market);
      else symbols.add(ticker);
    }
  }
  if (wholeMarkets.size === 0) return [...symbols].sort();
  // A stock has no prefix of its own: all stocks can only be said as all.
  if (wholeMarkets.has("stocks") || wholeMarkets.size === markets.size) return [ALL];
  return [...[...symbols].filter((symbol) => marketOfSymbol(symbol) !== "crypto").sort(), "X:*"];
}

/** The part of every frequency's list that one market takes; frequencies it takes nothing of are left out. */
export function tickersOfMarket(
  lists: ReadonlyMap<Frequency, readonly string[]>,
  market: Market,
): TickersByFrequency {
  const taken = new Map<Frequency, readonly string[]>();
  for (const [frequency, symbols] of lists) {
    const own = symbolsOfMarket(symbols, market);
    if (own.length > 0) taken.set(frequency, own);
  }
  return taken;
}
