/**
 * Subscription prefixes by cluster, and one connection's held pairs. An unknown prefix is met with silence, an unknown
 * symbol is acknowledged like any other: both as the real service does.
 */
import type { Cluster } from "../feed_path.ts";

/** Prefixes each cluster knows; `FMV` belongs to the business host, and elsewhere is `not authorized`. */
export const CHANNELS: Readonly<Record<Cluster, readonly string[]>> = {
  stocks: ["T", "Q", "A", "AM", "LULD", "NOI", "FMV"],
  options: ["T", "Q", "A", "AM", "FMV"],
  crypto: ["XT", "XQ", "XAS", "XA", "FMV"],
  forex: ["C", "CAS", "CA", "FMV"],
  indices: ["V", "A", "AM"],
  futures: ["T", "Q", "A", "AM"],
};

/** A subscription as the client wrote it. */
export interface Pair {
  readonly prefix: string;
  readonly symbol: string;
}

/**
 * Splits `T.AAPL, AM.*` at commas, each part at its first dot (symbols may hold dots: `BRK.B`). Parts without both
 * sides are left out; spaces around a part are forgiven, as old documentation showed them.
 */
export function parsePairs(params: string): readonly Pair[] {
  const pairs: Pair[] = [];
  for (const part of params.split(",")) {
    const text = part.trim();
    const dot = text.indexOf(".");
    if (dot > 0 && dot < text.length - 1) {
      pairs.push({ prefix: text.slice(0, dot), symbol: text.slice(dot + 1) });
    }
  }
  return pairs;
}

/** What one connection has subscribed. Nothing outlives the connection. */
export class HeldPairs {
  readonly #symbols = new Map<string, Set<string>>();
  #size = 0;

  /** Pairs held, `*` counted as one. */
  get size(): number {
    return this.#size;
  }

  /** Pairs held under one prefix. */
  count(prefix: string): number {
    return this.#symbols.get(prefix)?.size ?? 0;
  }

  has(pair: Pair): boolean {
    return this.#symbols.get(pair.prefix)?.has(pair.symbol) ?? false;
  }

  /** False when it was already held. */
  add(pair: Pair): boolean {
    const held = this.#symbols.get(pair.prefix) ?? new Set();
    if (held.has(pair.symbol)) return false;
    this.#symbols.set(pair.prefix, held.add(pair.symbol));
    this.#size++;
    return true;
  }

  /** False when it was not held. */
  remove(pair: Pair): boolean {
    if (!this.#symbols.get(pair.prefix)?.delete(pair.symbol)) return false;
    this.#size--;
    return true;
  }

  /**
   * Whether an event goes to this connection. Overlapping pairs (`T.*` and `T.AAPL`) deliver once; what the real
   * service does there is not established.
   */
  wants(prefix: string, symbol: string): boolean {
    const held = this.#symbols.get(prefix);
    return held !== undefined && (held.has("*") || held.has(symbol));
  }

  /** As written: `T.AAPL`. */
  list(): string[] {
    return [...this.#symbols].flatMap(([prefix, symbols]) =>
      [...symbols].map((symbol) => `${prefix}.${symbol}`)
    );
  }
}
