/**
 * What a subscription is called upstream: `A.AAPL`, `XAS.BTC-USD`, `FMV.*`. Prefixes are the `ev` names of
 * `feed/wire_fields.ts`; crypto is subscribed without our `X:` (Massive's WebSocket documentation, crypto channels).
 */
import { marketOfSymbol } from "../../feed/market_calendar.ts";
import type { Frequency } from "../../feed/stream.ts";
import { type Market, WIRE_SHAPES } from "../../feed/wire_fields.ts";
import type { UpstreamFeed } from "./frame.ts";

/** Which of Massive's hosts a connection is on: FMV is only on the business one. */
export type Feed = UpstreamFeed;

/** Everything of a market. */
export const ALL = "*";
/** Everything of the crypto market, in a list that may name both markets. */
const ALL_CRYPTO = "X:*";

const TYPES: Readonly<Record<"A" | "T" | "minute" | "fmv", string>> = {
  A: "second",
  T: "trade",
  minute: "minute",
  fmv: "fmv",
};

/** The host a frequency comes from. */
export const feedOfFrequency = (frequency: Frequency): Feed => frequency === "fmv" ? "business" : "realtime";

/** The part of a mixed list one market takes: its own symbols, `*` when everything of it is wanted; each once. */
export function symbolsOfMarket(symbols: readonly string[], market: Market): readonly string[] {
  if (symbols.includes(ALL) || (market === "crypto" && symbols.includes(ALL_CRYPTO))) return [ALL];
  return [...new Set(symbols.filter((symbol) => symbol !== ALL_CRYPTO && marketOfSymbol(symbol) === market))];
}

/** Prefixes of one frequency in one market: two for ticks when both trades and second bars are wanted. */
export function prefixesOf(
  market: Market,
  frequency: Frequency,
  tickEvents: readonly ("A" | "T")[],
): readonly string[] {
  const types = frequency === "tick" ? tickEvents.map((event) => TYPES[event]) : [TYPES[frequency]];
  return WIRE_SHAPES[market].filter((shape) => types.includes(shape.type)).map((shape) => shape.ev);
}

/** The topics of one symbol (or `*`) at one frequency. */
export function topicsOf(
  market: Market,
  frequency: Frequency,
  symbol: string,
  tickEvents: readonly ("A" | "T")[],
): readonly string[] {
  const wire = symbol.startsWith("X:") ? symbol.slice(2) : symbol;
  return prefixesOf(market, frequency, tickEvents).map((prefix) => `${prefix}.${wire}`);
}

/** A topic taken apart. The separator is the first dot: symbols may have dots themselves (`T.BRK.B`). */
export function splitTopic(topic: string): { readonly prefix: string; readonly symbol: string } {
  const dot = topic.indexOf(".");
  return { prefix: topic.slice(0, dot), symbol: topic.slice(dot + 1) };
}

/** The frequency a topic belongs to; undefined for a prefix we never subscribe. */
export function frequencyOfTopic(topic: string): Frequency | undefined {
  switch (splitTopic(topic).prefix) {
    case "A":
    case "T":
    case "XAS":
    case "XT":
      return "tick";
    case "AM":
    case "XA":
      return "minute";
    case "FMV":
      return "fmv";
    default:
      return undefined;
  }
}

/** Drops topics that a wildcard of the same prefix covers: whether Massive sends both is not established. */
export function withoutCovered(topics: Iterable<string>): Set<string> {
  const all = new Set(topics);
  const wild = new Set([...all].filter((topic) => topic.endsWith(".*")).map((topic) => topic.slice(0, -2)));
  if (wild.size === 0) return all;
  return new Set([...all].filter((topic) => topic.endsWith(".*") || !wild.has(splitTopic(topic).prefix)));
}
