/** Subscribing and unsubscribing tickers at run time. All or nothing: what is refused changes nothing. */
import { marketOfSymbol } from "../../feed/market_calendar.ts";
import { TickcastError } from "../../feed/error.ts";
import type { Log } from "../../feed/log.ts";
import type { IngestSettings } from "../../feed/settings/settings.ts";
import type { Frequency } from "../../feed/stream.ts";
import { MARKETS } from "../../feed/wire_fields.ts";
import type { ConnectionManager } from "../manage/connection_manager.ts";
import type { Lane } from "../manage/placement.ts";
import { tickersOf } from "../plan/planned_connection.ts";
import { assignTickers, type Load } from "../plan/routing.ts";
import type { RuntimeChanges } from "./runtime_changes.ts";
import { ALL } from "../wire/subscription_topics.ts";
import { canonicalSymbols, sample, symbolProblems } from "../plan/symbol_choice.ts";

/** What commands work on. */
export interface CommandScope {
  readonly manager: ConnectionManager;
  readonly settings: IngestSettings;
  readonly changes: RuntimeChanges;
  readonly log: Log;
  /** Events a second by symbol. */
  readonly symbolRates: () => ReadonlyMap<string, number>;
}

/** A ticker and the connection it is on. */
export interface TickerPlace {
  readonly ticker: string;
  readonly connection: string;
}

/**
 * A connection by id or name.
 * @throws {TickcastError} NOT_FOUND
 */
export function findLane(manager: ConnectionManager, reference: string): Lane {
  const lane = manager.placement.lanes.find((one) => one.id === reference || one.name === reference);
  if (lane !== undefined) return lane;
  const known = manager.placement.lanes.map((one) => one.id).join(", ");
  throw new TickcastError(
    "NOT_FOUND",
    `Cannot find the connection ${
      JSON.stringify(reference.slice(0, 64))
    } as there is none of this id or name: there are ${known || "none"}`,
  );
}

/** Loads of connections, for routing. */
export function loadsOf(scope: CommandScope, lanes: readonly Lane[]): ReadonlyMap<string, Load> {
  const rates = scope.symbolRates();
  return new Map(lanes.map((lane) => {
    const tickers = tickersOf(scope.manager.placement.tickers(lane.id));
    const rate = tickers.reduce((sum, ticker) => sum + (rates.get(ticker) ?? 0), 0);
    return [lane.id, { tickers: tickers.length, rate }];
  }));
}

/**
 * Subscribes tickers at a frequency, on the named connection or where routing puts them.
 * @throws {TickcastError} BAD_SYMBOL, NOT_FOUND, CONFLICT (frequency not configured, wrong connection, held elsewhere).
 */
export function subscribeTickers(
  scope: CommandScope,
  given: readonly string[],
  frequency: Frequency,
  reference: string | undefined,
): { subscribed: readonly TickerPlace[]; already: readonly TickerPlace[] } {
  const { manager, changes } = scope;
  const tickers = canonicalSymbols(given);
  checkTickers(scope, tickers, frequency);
  const lane = reference === undefined ? undefined : findLane(manager, reference);
  if (lane !== undefined) checkLane(lane, tickers, frequency);
  const already: TickerPlace[] = [];
  const fresh: string[] = [];
  for (const ticker of tickers) {
    const home = manager.placement.home(frequency, ticker);
    if (home === undefined) fresh.push(ticker);
    else if (lane !== undefined && home !== lane.id) {
      throw new TickcastError(
        "CONFLICT",
        `Cannot subscribe ${ticker} on ${lane.id} as it is at home on another connection: current value is ${home}`,
      );
    } else already.push({ ticker, connection: home });
  }
  const subscribed = lane === undefined
    ? autoAssign(scope, fresh, frequency)
    : fresh.map((ticker) => ({ ticker, connection: lane.id }));
  for (const { ticker, connection } of subscribed) {
    manager.placement.place(frequency, ticker, connection);
    changes.added(frequency, ticker, connection);
  }
  manager.watch();
  return { subscribed, already };
}

/**
 * Unsubscribes tickers at a frequency.
 * @throws {TickcastError} NOT_FOUND when one is not subscribed (there), CONFLICT when it is under a wildcard.
 */
export function unsubscribeTickers(
  scope: CommandScope,
  given: readonly string[],
  frequency: Frequency,
  reference: string | undefined,
): { unsubscribed: readonly TickerPlace[] } {
  const { manager, changes } = scope;
  const lane = reference === undefined ? undefined : findLane(manager, reference);
  const places = canonicalSymbols(given).map((ticker): TickerPlace => {
    const market = ticker === ALL
      ? lane?.market ?? scope.settings.markets[0] ?? "stocks"
      : marketOfSymbol(ticker);
    const home = wildHome(scope, frequency, ticker, market) ?? manager.placement.home(frequency, ticker);
    if (home === undefined || (lane !== undefined && home !== lane.id)) {
      const where = lane === undefined ? "" : ` on ${lane.id}`;
      throw new TickcastError(
        "NOT_FOUND",
        `Cannot unsubscribe ${ticker.slice(0, 32)} as it is not subscribed at ${frequency}${where}`,
      );
    }
    if (!manager.placement.isPlaced(frequency, ticker, market)) {
      throw new TickcastError(
        "CONFLICT",
        `Cannot unsubscribe ${ticker} as * covers it: current value is * on ${home}`,
      );
    }
    return { ticker, connection: home };
  });
  for (const { ticker, connection } of places) {
    manager.placement.remove(frequency, ticker, connection);
    changes.removed(frequency, ticker);
  }
  manager.watch();
  return { unsubscribed: places };
}

function wildHome(
  scope: CommandScope,
  frequency: Frequency,
  ticker: string,
  market: Lane["market"],
): string | undefined {
  if (ticker !== ALL) return undefined;
  const { placement } = scope.manager;
  return placement.carriers(market, frequency).find((lane) =>
    placement.tickers(lane.id).get(frequency)?.includes(ALL)
  )?.id;
}

function checkTickers(scope: CommandScope, tickers: readonly string[], frequency: Frequency): void {
  if (!scope.settings.frequencies.includes(frequency)) {
    throw new TickcastError(
      "CONFLICT",
      `Cannot subscribe at ${frequency} as it is not among DATA_FREQUENCIES: current value is ${
        scope.settings.frequencies.join(",")
      }`,
    );
  }
  const problems = [
    ...symbolProblems(tickers, scope.settings.markets, "tickers"),
    ...tickers.filter((ticker) => ticker.includes("*")).map((ticker) =>
      `tickers=${ticker} must be named one by one`
    ),
  ];
  if (problems.length > 0) {
    throw new TickcastError("BAD_SYMBOL", `Cannot subscribe as ${problems.join("; ")}`);
  }
}

function checkLane(lane: Lane, tickers: readonly string[], frequency: Frequency): void {
  if (!lane.frequencies.includes(frequency)) {
    throw new TickcastError(
      "CONFLICT",
      `Cannot subscribe at ${frequency} on ${lane.id} as it does not carry that: current value is ${
        lane.frequencies.join(",")
      }`,
    );
  }
  const foreign = tickers.filter((ticker) => marketOfSymbol(ticker) !== lane.market);
  if (foreign.length > 0) {
    throw new TickcastError(
      "CONFLICT",
      `Cannot subscribe ${
        sample(foreign)
      } on ${lane.id} as its market is another: current value is ${lane.market}`,
    );
  }
}

function autoAssign(
  scope: CommandScope,
  tickers: readonly string[],
  frequency: Frequency,
): readonly TickerPlace[] {
  const { manager, settings } = scope;
  const places: TickerPlace[] = [];
  for (const market of MARKETS) {
    const mine = tickers.filter((ticker) => marketOfSymbol(ticker) === market);
    if (mine.length === 0) continue;
    const carriers = manager.placement.carriers(market, frequency);
    if (carriers.length === 0) {
      throw new TickcastError(
        "CONFLICT",
        `Cannot subscribe ${sample(mine)} as no connection carries ${frequency} of ${market}: add one first`,
      );
    }
    const basis = {
      strategy: settings.strategy,
      priorities: settings.symbolPriorities,
      rates: scope.symbolRates(),
    };
    for (
      const [ticker, connection] of assignTickers(mine, loadsOf(scope, manager.preferred(carriers)), basis)
    ) {
      places.push({ ticker, connection });
    }
  }
  return places;
}
