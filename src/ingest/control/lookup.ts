/** Where one ticker rides, per frequency: a few map look-ups, whatever the number of tickers (B2: under 1 ms). */
import { marketOfSymbol } from "../../feed/market_calendar.ts";
import { TickcastError } from "../../feed/error.ts";
import { FREQUENCIES } from "../../feed/stream.ts";
import type { ConnectionManager } from "../manage/connection_manager.ts";
import { ALL, splitTopic, topicsOf } from "../wire/subscription_topics.ts";

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
  /** Connections that carry it now: its home, those that carry it as well, or the one that does meanwhile. */
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
    const { placement } = manager;
    const lent = manager.loans.get(home);
    const [topic = ""] = topicsOf(marketOfSymbol(ticker), frequency, ticker, placement.tickEvents);
    const meanwhile = lent?.get(topic) ?? lent?.get(`${splitTopic(topic).prefix}.${ALL}`) ?? null;
    return [{ frequency, connection: home, also: placement.twinsOf(frequency, ticker), meanwhile }];
  });
  if (rides.length > 0) {
    const carriers = rides.flatMap((ride) => [ride.meanwhile ?? ride.connection, ...ride.also]);
    return { ticker, connections: [...new Set(carriers)], rides };
  }
  throw new TickcastError(
    "NOT_FOUND",
    `Cannot find ${JSON.stringify(ticker.slice(0, 32))} as no connection carries it`,
  );
}
