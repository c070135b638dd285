/** What a program may subscribe through the Massive-compatible door, and what one connection holds. */
import { isSymbol, type SymbolPatterns, symbolPatterns } from "../../feed/symbol.ts";
import type { Market } from "../../feed/wire_fields.ts";

/** Where a channel's events are found here. */
export interface Channel {
  readonly stream: string;
  readonly type: "trade" | "second" | "minute" | "fmv";
}

/**
 * Channels by market and prefix. Note Massive's asymmetry: `A`/`AM` are second/minute for stocks, `XAS`/`XA` for
 * crypto.
 */
const CHANNELS: Readonly<Record<Market, ReadonlyMap<string, Channel>>> = {
  stocks: new Map<string, Channel>([
    ["T", { stream: "tick", type: "trade" }],
    ["A", { stream: "tick", type: "second" }],
    ["AM", { stream: "minute", type: "minute" }],
    ["FMV", { stream: "fmv", type: "fmv" }],
  ]),
  crypto: new Map<string, Channel>([
    ["XT", { stream: "tick", type: "trade" }],
    ["XAS", { stream: "tick", type: "second" }],
    ["XA", { stream: "minute", type: "minute" }],
    ["FMV", { stream: "fmv", type: "fmv" }],
  ]),
};

/**
 * Channels Massive has and we don't carry: `not authorized`, as for a plan without them. Others are met with silence.
 */
const NOT_CARRIED: Readonly<Record<Market, ReadonlySet<string>>> = {
  stocks: new Set(["Q", "LULD", "NOI"]),
  crypto: new Set(["XQ"]),
};

/** A pair as the client wrote it, and what it means here. */
export interface Topic {
  readonly text: string;
  readonly prefix: string;
  /** Undefined: Massive has the channel, we don't. */
  readonly channel: Channel | undefined;
  /** `*`, or a symbol in our spelling (`X:BTC-USD`). */
  readonly symbol: string;
}

/** Crypto comes as `BTC-USD` or, as events have it, `X:BTC-USD`. */
const ourSymbol = (market: Market, symbol: string): string =>
  symbol === "*" || market === "stocks" || symbol.startsWith("X:") ? symbol : `X:${symbol}`;

/**
 * Reads `T.AAPL, AM.*`: split at commas, each part at its first dot (`BRK.B` has one of its own), spaces forgiven as
 * old documentation shows them, and each pair once. Unknown prefixes and what can't be a symbol are left out: Massive answers
 * those with silence.
 */
export function parseTopics(market: Market, params: string): readonly Topic[] {
  const topics = new Map<string, Topic>();
  for (const part of params.split(",")) {
    const text = part.trim();
    const dot = text.indexOf(".");
    const prefix = text.slice(0, Math.max(dot, 0));
    const written = text.slice(dot + 1);
    const channel = CHANNELS[market].get(prefix);
    if (channel === undefined && !NOT_CARRIED[market].has(prefix)) continue;
    if (written !== "*" && !isSymbol(written)) continue;
    const symbol = ourSymbol(market, written);
    const key = `${prefix}.${symbol}`;
    if (!topics.has(key)) topics.set(key, { text, prefix, channel, symbol });
  }
  return [...topics.values()];
}

/** Most pairs one connection may hold, where nothing else is said. */
export const TOPICS_MAX = 2000;

/** The pairs of one connection, `T.*` and `T.AAPL` apart. Nothing outlives the connection. */
export class HeldTopics {
  readonly #market: Market;
  /** Event type → symbol → the pair that asked for it. */
  readonly #topics = new Map<string, Map<string, Topic>>();
  /** By stream, until the pairs change: asked of every frame. */
  readonly #shareKeys = new Map<string, string | undefined>();
  #size = 0;

  constructor(market: Market) {
    this.#market = market;
  }

  get size(): number {
    return this.#size;
  }

  has({ channel, symbol }: Topic): boolean {
    return channel !== undefined && (this.#topics.get(channel.type)?.has(symbol) ?? false);
  }

  /** False when it was already held. */
  add(topic: Topic): boolean {
    const { channel, symbol } = topic;
    if (channel === undefined || this.has(topic)) return false;
    const held = this.#topics.get(channel.type) ?? new Map<string, Topic>();
    this.#topics.set(channel.type, held.set(symbol, topic));
    this.#shareKeys.clear();
    this.#size++;
    return true;
  }

  /** False when it was not held. */
  remove({ channel, symbol }: Topic): boolean {
    if (channel === undefined || !this.#topics.get(channel.type)?.delete(symbol)) return false;
    this.#shareKeys.clear();
    this.#size--;
    return true;
  }

  *topics(): Iterable<Topic> {
    for (const held of this.#topics.values()) yield* held.values();
  }

  /** Whether an event goes to this connection; overlapping pairs deliver once. */
  wants(type: string, symbol: string): boolean {
    const held = this.#topics.get(type);
    return held !== undefined && (held.has("*") || held.has(symbol));
  }

  /** What is wanted of one stream, over its channels; undefined: nothing. A star stays within the market. */
  patternsOf(stream: string): SymbolPatterns | undefined {
    const symbols = [...this.#symbolsOf(stream)];
    if (symbols.length === 0) return undefined;
    return symbolPatterns(symbols.map((one) => one === "*" && this.#market === "crypto" ? "X:*" : one));
  }

  /** What connections that want the same of a stream have in common; undefined when this one names symbols. */
  shareKey(stream: string): string | undefined {
    if (!this.#shareKeys.has(stream)) this.#shareKeys.set(stream, this.#makeShareKey(stream));
    return this.#shareKeys.get(stream);
  }

  #makeShareKey(stream: string): string | undefined {
    const types: string[] = [];
    for (const [type, held] of this.#topics) {
      const isOfStream = [...held.values()].some(({ channel }) => channel?.stream === stream);
      if (!isOfStream) continue;
      if (!held.has("*")) return undefined;
      types.push(type);
    }
    return types.sort().join(",");
  }

  *#symbolsOf(stream: string): Iterable<string> {
    for (const { channel, symbol } of this.topics()) if (channel?.stream === stream) yield symbol;
  }
}
