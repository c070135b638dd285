/** Which symbols each frequency asks for where no connection has its own: explicit, else as ticks, else the universe, else all. */
import { marketOfSymbol } from "../../feed/market_calendar.ts";
import type { IngestSettings } from "../../feed/settings/settings.ts";
import { FREQUENCIES, type Frequency } from "../../feed/stream.ts";
import { canonicalSymbol, isSymbol } from "../../feed/symbol.ts";
import type { Market } from "../../feed/wire_fields.ts";
import { ALL } from "../wire/subscription_topics.ts";

/** Universes that were found, by key. A key that is not in it, or empty, was not. */
export type Universes = ReadonlyMap<string, readonly string[]>;

/** The symbols of one frequency. */
export interface SymbolChoice {
  readonly symbols: readonly string[];
  /** False when nobody named any: `*` by default. */
  readonly isNamed: boolean;
}

/** Choices by frequency; only those configured are in it. */
export type SymbolChoices = ReadonlyMap<Frequency, SymbolChoice>;

const SETTING_OF: Readonly<Record<Frequency, string>> = {
  tick: "TICK_SYMBOLS",
  minute: "MINUTE_SYMBOLS",
  fmv: "FMV_SYMBOLS",
};

/** Symbols in our spelling, each once, in their order. */
export const canonicalSymbols = (symbols: readonly string[]): readonly string[] => [
  ...new Set(symbols.map(canonicalSymbol)),
];

/** Chooses, and adds what is wrong to `problems`. */
export function chooseSymbols(
  settings: IngestSettings,
  universes: Universes,
  problems: string[],
): SymbolChoices {
  const byDefault = defaultChoice(settings, universes);
  const choices = new Map<Frequency, SymbolChoice>();
  for (const frequency of FREQUENCIES) {
    if (!settings.frequencies.includes(frequency)) continue;
    const named = settings.symbols[frequency] ?? settings.symbols.tick;
    if (named === undefined && byDefault === undefined) {
      const problem = emptyUniverse("SYMBOL_UNIVERSE_KEY", settings.universeKey ?? "", "TICK_SYMBOLS");
      if (!problems.includes(problem)) problems.push(problem);
    }
    const choice = named === undefined
      ? byDefault ?? { symbols: [], isNamed: false }
      : { symbols: canonicalSymbols(named), isNamed: true };
    problems.push(...symbolProblems(choice.symbols, settings.markets, SETTING_OF[frequency]));
    choices.set(frequency, choice);
  }
  return choices;
}

function defaultChoice(settings: IngestSettings, universes: Universes): SymbolChoice | undefined {
  if (settings.universeKey === undefined) return { symbols: [ALL], isNamed: false };
  const tickers = universes.get(settings.universeKey) ?? [];
  return tickers.length === 0 ? undefined : { symbols: canonicalSymbols(tickers), isNamed: true };
}

/** What is said of a universe that gives nothing and has nothing to fall back on. */
export const emptyUniverse = (setting: string, key: string, fallback: string): string =>
  `${setting}=${key} must be a universe with tickers (in UNIVERSES_FILE or Redis) where ${fallback} names none`;

/** What is wrong with a list of symbols for these markets. */
export function symbolProblems(
  symbols: readonly string[],
  markets: readonly Market[],
  setting: string,
): readonly string[] {
  const problems: string[] = [];
  const malformed = symbols.filter((symbol) => symbol !== ALL && symbol !== "X:*" && !isSymbol(symbol));
  if (malformed.length > 0) {
    problems.push(
      `${setting}=${
        sample(malformed)
      } must be symbols or *: the upstream knows no other patterns (X:* is all of crypto)`,
    );
  }
  const foreign = symbols.filter((symbol) =>
    symbol !== ALL && isSymbol(symbol.replace(/\*$/, "")) && !markets.includes(marketOfSymbol(symbol))
  );
  if (foreign.length > 0) {
    problems.push(`${setting}=${sample(foreign)} must be of the market used (${markets.join(", ")})`);
  }
  return problems;
}

const SAMPLE = 5;

/** The first few, for a message. */
export const sample = (names: readonly string[]): string =>
  `${names.slice(0, SAMPLE).join(",")}${names.length > SAMPLE ? `,… (${names.length} in all)` : ""}`;
