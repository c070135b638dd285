/**
 * Symbols and the patterns clients and settings write for them. A symbol is what Massive calls a ticker (`AAPL`,
 * `BRK.B`); crypto is always `X:BASE-QUOTE` here, whatever spelling came in.
 */
import { TickcastError } from "./error.ts";

/** Longest symbol accepted from anybody, in characters. */
export const SYMBOL_MAX_CHARS = 32;

const SYMBOL = /^[A-Za-z0-9][A-Za-z0-9.:/_-]*$/;

/** Whether `text` has the form of a symbol. Case matters: Massive has lower-case letters in preferred shares (`BACpL`). */
export const isSymbol = (text: string): boolean => text.length <= SYMBOL_MAX_CHARS && SYMBOL.test(text);

/** A subscription's symbols: everything, named ones, prefixes (`X:*`). */
export interface SymbolPatterns {
  readonly all: boolean;
  readonly names: ReadonlySet<string>;
  /** Without the star. */
  readonly prefixes: readonly string[];
}

/**
 * Reads one client-written pattern: `*`, `AAPL`, `X:*`, or crypto in Massive's `BTC-USD` spelling, which becomes
 * `X:BTC-USD`.
 * @throws {TickcastError} BAD_SYMBOL when it has no such form; the text is not echoed beyond {@link SYMBOL_MAX_CHARS}.
 */
export function parsePattern(text: string): string {
  if (text === "*") return text;
  const stem = text.endsWith("*") ? text.slice(0, -1) : text;
  if (!isSymbol(stem)) {
    throw new TickcastError(
      "BAD_SYMBOL",
      `Cannot take a symbol as it must be letters, digits and . : / _ - (${SYMBOL_MAX_CHARS} at most, a star at the end): current value is ${
        JSON.stringify(text.slice(0, SYMBOL_MAX_CHARS))
      }`,
    );
  }
  return stem === text ? canonicalSymbol(stem) : text;
}

/** Crypto pairs in Massive's subscription spelling (`BTC-USD`) become `X:BTC-USD`; everything else stays. */
export const canonicalSymbol = (symbol: string): string =>
  /^[A-Z0-9]{2,12}-[A-Z]{3,5}$/.test(symbol) ? `X:${symbol}` : symbol;

/** Sorts parsed patterns; `*` swallows the rest and prefixes swallow the names under them. */
export function symbolPatterns(patterns: Iterable<string>): SymbolPatterns {
  const names = new Set<string>();
  const prefixes = new Set<string>();
  for (const pattern of patterns) {
    if (pattern === "*") return { all: true, names: new Set(), prefixes: [] };
    if (pattern.endsWith("*")) prefixes.add(pattern.slice(0, -1));
    else names.add(pattern);
  }
  // In order a prefix stands right behind the one that covers it, so that looking at the last kept is enough.
  const shortest: string[] = [];
  for (const prefix of [...prefixes].sort()) {
    const last = shortest.at(-1);
    if (last === undefined || !prefix.startsWith(last)) shortest.push(prefix);
  }
  for (const name of names) if (coveredBy(shortest, name)) names.delete(name);
  return { all: false, names, prefixes: shortest };
}

/** Whether one of several prefixes, in order and none within another, begins `text`: only the last that is not after it can. */
export function coveredBy(prefixes: readonly string[], text: string): boolean {
  let low = 0;
  let high = prefixes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((prefixes[middle] ?? "") <= text) low = middle + 1;
    else high = middle;
  }
  const last = prefixes[low - 1];
  return last !== undefined && text.startsWith(last);
}

/** Whether a symbol is wanted. */
export const matchesPatterns = (patterns: SymbolPatterns, symbol: string): boolean =>
  patterns.all || patterns.names.has(symbol) || coveredBy(patterns.prefixes, symbol);

/** Back to the written form, sorted: what `subscribed` says and what makes two subscriptions the same. */
export const patternList = (patterns: SymbolPatterns): readonly string[] =>
  patterns.all ? ["*"] : [...patterns.names, ...patterns.prefixes.map((prefix) => `${prefix}*`)].sort();
