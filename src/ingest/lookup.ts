/** Where one ticker rides, per frequency: a few map look-ups, whatever the number of tickers (B2: under 1 ms). */
import { marketOfSymbol } from "../feed/market_calendar.ts";
import { TickcastError } from "../feed/error.ts";
import { FREQUENCIES } from "../feed/stream.ts";
import type { ConnectionManager } from "./connection_manager.ts";
import { topicsOf } from "./subscription_topics.ts";

/** One frequency of a ticker. */
export interface TickerRide {
  readonly frequency: string;
  /** The connection it is at home on. */
  readonly connection: string;
  /** Connections that carry it as well (a critical symbol). */
  readonly also: readonly string[];
  /** The connection that carries it while its home is down. */
  readonly meanwhile: string | null;
}

/** Where a ticker rides. */
export interface TickerLookup {
  readonly ticker: string;
  /** Connections it is at home on. */
  readonly connections: readonly string[];
  readonly rides: readonly TickerRide[];
}

/**
 * Looks a ticker up.
 * @throws {TickcastError} NOT_FOUND when it is on no connection.
 */
export function lookupTicker(manager: ConnectionManager, ticker: string): TickerLookup {
  const rides = FREQUENCIES.flatMap((frequency): TickerRide[] => {
    const home = manager.placement.home(frequency, ticker);
    if (home === undefined) return [];
    const [topic] = topicsOf(marketOfSymbol(ticker), frequency, ticker, manager.placement.tickEvents);
    const meanwhile = manager.loans.get(home)?.get(topic ?? "") ?? null;
    return [{ frequency, connection: home, also: manager.placement.twinsOf(frequency, ticker), meanwhile }];
  });
  if (rides.length > 0) {
    return {
      ticker,
      connections: [...new Set(rides.map((ride) => ride.connection))],
      rides,
    };
  }
  throw new TickcastError(
    "NOT_FOUND",
    `Cannot find ${JSON.stringify(ticker.slice(0, 32))} as no connection carries it`,
  );
}
