/** The plan without several connections: one per feed and market in use. With nothing configured, one socket of second bars. */
import type { IngestSettings } from "../../feed/settings/settings.ts";
import type { Frequency } from "../../feed/stream.ts";
import type { Market } from "../../feed/wire_fields.ts";
import {
  type PlanDraft,
  type PlannedConnection,
  SOCKETS_MAX,
  tickersOf,
  tickersOfMarket,
  topicsOfTickers,
} from "./planned_connection.ts";
import { type Feed, feedOfFrequency } from "../wire/subscription_topics.ts";
import { canonicalSymbols, chooseSymbols, symbolProblems, type Universes } from "./symbol_choice.ts";

/** See the file's head. */
export function planSingle(settings: IngestSettings, universes: Universes): PlanDraft {
  const problems: string[] = [];
  const reasons: string[] = [];
  const lists = wantedSymbols(settings, universes, problems);
  const connections: PlannedConnection[] = [];
  for (const market of settings.markets) {
    for (const feed of ["realtime", "business"] as const) {
      const tickers = new Map(
        [...tickersOfMarket(lists, market)].filter(([frequency]) => feedOfFrequency(frequency) === feed),
      );
      if (tickers.size === 0) continue;
      const id = `connection_${connections.length + 1}`;
      connections.push({
        id,
        name: connections.length === 0 ? "primary" : nameOf(market, feed),
        feed,
        market,
        frequencies: [...tickers.keys()],
        tickers,
        twins: new Map(),
        topics: topicsOfTickers(market, tickers, settings.tickEvents),
      });
      reasons.push(
        `${id} carries ${[...tickers.keys()].join(" and ")} of ${market}: ${
          tickersOf(tickers).length
        } tickers`,
      );
    }
  }
  // Where symbols are wrong, that none are left is no news.
  if (problems.length === 0) problems.push(...unservedProblems(settings.frequencies, connections));
  if (connections.length > SOCKETS_MAX) {
    problems.push(
      `MASSIVE_MARKETS=${settings.markets.join(",")} must be fewer with DATA_FREQUENCIES=${
        settings.frequencies.join(",")
      }: they need ${connections.length} sockets (fmv needs one of its own in each market), and ${SOCKETS_MAX} is the most`,
    );
  }
  if (settings.criticalSymbols.length > 0) {
    reasons.push("CRITICAL_SYMBOLS has no effect: there is no second connection to carry them");
  }
  return { connections, reasons, problems };
}

const nameOf = (market: Market, feed: Feed): string => feed === "business" ? `${market}_fmv` : market;

/**
 * Symbols by frequency. Where nobody named any for all, but connections were given some (a plan for several that fell back),
 * those are wanted rather than the whole market.
 */
function wantedSymbols(
  settings: IngestSettings,
  universes: Universes,
  problems: string[],
): ReadonlyMap<Frequency, readonly string[]> {
  const own = settings.multiConnection ? connectionSymbols(settings, universes) : [];
  const found: string[] = [];
  const choices = chooseSymbols(settings, universes, found);
  problems.push(...found.filter((one) => own.length === 0 || !one.startsWith("SYMBOL_UNIVERSE_KEY=")));
  return new Map(
    [...choices].map(([frequency, choice]) => [
      frequency,
      !choice.isNamed && own.length > 0 ? own : choice.symbols,
    ]),
  );
}

function connectionSymbols(settings: IngestSettings, universes: Universes): readonly string[] {
  const enabled = settings.connections.filter((connection) => connection.enabled);
  const symbols = enabled.flatMap((connection) => {
    const universe = connection.universeKey === undefined ? [] : universes.get(connection.universeKey) ?? [];
    return universe.length > 0 ? universe : connection.symbols;
  });
  // What made the plan for several wrong must not make this one wrong too.
  const usable = canonicalSymbols(symbols).filter((symbol) =>
    symbolProblems([symbol], settings.markets, "").length === 0
  );
  return usable.includes("*") ? ["*"] : usable;
}

/** Frequencies that no connection carries anything of. */
export const unservedProblems = (
  frequencies: readonly Frequency[],
  connections: readonly Pick<PlannedConnection, "tickers">[],
): readonly string[] =>
  frequencies
    .filter((frequency) => !connections.some((one) => (one.tickers.get(frequency) ?? []).length > 0))
    .map((frequency) =>
      `DATA_FREQUENCIES=${frequency} must have symbols on some connection: none of the markets in use has any`
    );
