/** Adding and removing connections, and evening them out, at run time. What is refused changes nothing. */
import type { Clock } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";
import type { ControlCommand } from "../../feed/control.ts";
import type { Frequency } from "../../feed/stream.ts";
import { MARKETS } from "../../feed/wire_fields.ts";
import { freeId } from "../plan/connection_slots.ts";
import type { Lane } from "../manage/placement.ts";
import { SOCKETS_MAX, tickersOf } from "../plan/planned_connection.ts";
import {
  ASKED_REBALANCE,
  AUTOMATIC_REBALANCE,
  type Move,
  planRebalance,
  type Weights,
} from "../plan/rebalance.ts";
import { assignTickers } from "../plan/routing.ts";
import { ALL, feedOfFrequency } from "../wire/subscription_topics.ts";
import { canonicalSymbols, sample, symbolProblems } from "../plan/symbol_choice.ts";
import { type CommandScope, findLane, loadsOf } from "./ticker_commands.ts";
import { planTwins } from "../plan/twins.ts";

/** Waiting for a removed connection's tickers to flow on the others, at most. */
export const DRAIN_LIMIT_MS = 7_000;
const DRAIN_LOOK_MS = 100;

type AddConnection = Extract<ControlCommand, { do: "add_connection" }>;

/**
 * Adds a connection, with the tickers given (`universe`, resolved by the caller, wins), or with its share of the others'
 * where the strategy shares.
 * @throws {TickcastError} CONFLICT, BAD_REQUEST or BAD_SYMBOL.
 */
export function addConnection(
  scope: CommandScope,
  command: AddConnection,
  universe: readonly string[] | undefined,
): { connection: string; name: string; tickers: number } {
  const { manager, settings, changes } = scope;
  const lane = newLane(scope, command);
  const given = universe !== undefined && universe.length > 0 ? universe : command.tickers ?? [];
  if (universe?.length === 0 && given.length === 0) {
    throw new TickcastError(
      "BAD_REQUEST",
      "Cannot add a connection as its universe has no tickers and none are named",
    );
  }
  const tickers = canonicalSymbols(given);
  checkNewTickers(scope, lane, tickers);
  manager.add(lane);
  changes.laneAdded(lane);
  for (const frequency of lane.frequencies) {
    for (const ticker of tickers) {
      manager.placement.place(frequency, ticker, lane.id);
      changes.added(frequency, ticker, lane.id);
    }
  }
  if (tickers.length === 0 && settings.strategy !== "manual") rebalance(scope, "asked");
  replanTwins(scope);
  manager.watch();
  return { connection: lane.id, name: lane.name, tickers: manager.placement.count(lane.id) };
}

function newLane(scope: CommandScope, command: AddConnection): Lane {
  const { manager, settings } = scope;
  const lanes = manager.placement.lanes;
  const most = Math.min(settings.connectionsMax, SOCKETS_MAX);
  if (lanes.length >= most) {
    throw new TickcastError(
      "CONFLICT",
      `Cannot add a connection as ${most} is the most: current value is ${lanes.length}`,
    );
  }
  if (lanes.some((lane) => lane.name === command.name || lane.id === command.name)) {
    throw new TickcastError(
      "CONFLICT",
      `Cannot add a connection as names must differ: current value is ${JSON.stringify(command.name)}`,
    );
  }
  const market = MARKETS.find((one) => one === (command.market ?? settings.markets[0]));
  if (market === undefined || !settings.markets.includes(market)) {
    throw new TickcastError(
      "BAD_REQUEST",
      `Cannot add a connection as its market must be among MASSIVE_MARKETS (${settings.markets.join(", ")})`,
    );
  }
  const frequencies = command.frequencies ?? defaultFrequencies(settings.frequencies);
  const feeds = new Set(frequencies.map(feedOfFrequency));
  const feed = [...feeds][0];
  if (
    feed === undefined || feeds.size > 1 || frequencies.some((one) => !settings.frequencies.includes(one))
  ) {
    throw new TickcastError(
      "BAD_REQUEST",
      `Cannot add a connection as its frequencies must be among ${
        settings.frequencies.join(", ")
      }, fmv alone or without it: current value is ${frequencies.join(",")}`,
    );
  }
  return { id: freeId(new Set(lanes.map((lane) => lane.id))), name: command.name, feed, market, frequencies };
}

const defaultFrequencies = (frequencies: readonly Frequency[]): readonly Frequency[] => {
  const realtime = frequencies.filter((frequency) => frequency !== "fmv");
  return realtime.length > 0 ? realtime : frequencies;
};

function checkNewTickers(scope: CommandScope, lane: Lane, tickers: readonly string[]): void {
  const problems = symbolProblems(tickers, [lane.market], "tickers");
  if (problems.length > 0) {
    throw new TickcastError("BAD_SYMBOL", `Cannot add a connection as ${problems.join("; ")}`);
  }
  const { placement } = scope.manager;
  const critical = new Set(canonicalSymbols(scope.settings.criticalSymbols));
  for (const frequency of lane.frequencies) {
    const held = tickers.filter((ticker) =>
      ticker === ALL
        ? placement.carriers(lane.market, frequency).some((one) => placement.tickers(one.id).has(frequency))
        : !critical.has(ticker) && placement.home(frequency, ticker) !== undefined
    );
    if (held.length === 0) continue;
    throw new TickcastError(
      "CONFLICT",
      `Cannot add a connection as its tickers are on others at ${frequency} already: current value is ${
        sample(held)
      }`,
    );
  }
}

/**
 * Removes a connection once its tickers flow on the others of its market and feed.
 * @throws {TickcastError} NOT_FOUND; CONFLICT when its tickers have nowhere to go.
 */
export async function removeConnection(
  scope: CommandScope,
  reference: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ removed: string; moved: readonly Move[] }> {
  const { manager, changes, settings } = scope;
  const lane = findLane(manager, reference);
  const moved: Move[] = [];
  const homes = new Map<Frequency, ReadonlyMap<string, string>>();
  for (const [frequency, tickers] of manager.placement.tickers(lane.id)) {
    const others = manager.placement.carriers(lane.market, frequency).filter((one) => one.id !== lane.id);
    if (others.length === 0) {
      throw new TickcastError(
        "CONFLICT",
        `Cannot remove ${lane.id} as no other connection carries ${frequency} of ${lane.market}: current value is ${tickers.length} tickers`,
      );
    }
    const basis = {
      strategy: settings.strategy,
      priorities: settings.symbolPriorities,
      rates: scope.symbolRates(),
    };
    homes.set(frequency, assignTickers(tickers, loadsOf(scope, manager.preferred(others)), basis));
  }
  for (const [frequency, tickers] of homes) {
    for (const [ticker, to] of tickers) {
      manager.rehome(frequency, ticker, to);
      if (changes.addedAt(frequency).has(ticker)) changes.added(frequency, ticker, to);
      moved.push({ ticker, from: lane.id, to });
    }
  }
  manager.watch();
  const deadline = clock.monotonic() + DRAIN_LIMIT_MS;
  while (manager.lingers(lane.id) && clock.monotonic() < deadline) await clock.sleep(DRAIN_LOOK_MS, signal);
  changes.laneRemoved(lane.id);
  await manager.remove(lane.id);
  replanTwins(scope);
  manager.watch();
  return { removed: lane.id, moved };
}

/**
 * Evens connections out: by observed rates where the strategy is `load_balanced`, by counts for `round_robin` and for
 * tickers without a priority; `manual` stays as written.
 */
export function rebalance(
  scope: CommandScope,
  why: "asked" | "automatic",
): { moved: readonly Move[]; connections: Readonly<Record<string, number>> } {
  const { manager } = scope;
  const moved: Move[] = [];
  for (const weights of movable(scope)) {
    const options = why === "asked" ? ASKED_REBALANCE : AUTOMATIC_REBALANCE;
    for (const move of planRebalance(weights, options)) {
      for (const [frequency, tickers] of manager.placement.tickers(move.from)) {
        if (tickers.includes(move.ticker)) manager.rehome(frequency, move.ticker, move.to);
      }
      moved.push(move);
    }
  }
  if (moved.length > 0) {
    replanTwins(scope);
    scope.log.info("upstream_rebalance", {
      why,
      moved: moved.length,
      tickers: moved.slice(0, 20).map((one) => one.ticker),
    });
  }
  manager.watch();
  const counts = manager.placement.lanes.map((lane) => [lane.id, manager.placement.count(lane.id)] as const);
  return { moved, connections: Object.fromEntries(counts) };
}

/** Weights of the tickers that may move, per group of connections that carry the same things; one that is out takes no part. */
function movable(scope: CommandScope): readonly Weights[] {
  const { manager, settings } = scope;
  if (settings.strategy === "manual") return [];
  const rates = scope.symbolRates();
  const weigh = (ticker: string) => settings.strategy === "load_balanced" ? rates.get(ticker) ?? 0 : 1;
  const isFree = (ticker: string) =>
    ticker !== ALL &&
    (settings.strategy !== "priority" ||
      (!settings.symbolPriorities.has(ticker) && !settings.symbolPriorities.has("*")));
  const groups = Map.groupBy(
    manager.preferred(manager.placement.lanes),
    (lane) => `${lane.market} ${lane.frequencies.toSorted().join()}`,
  );
  return [...groups.values()].filter((lanes) => lanes.length > 1).map((lanes) =>
    new Map(lanes.map((lane) => {
      const tickers = tickersOf(manager.placement.tickers(lane.id)).filter(isFree);
      return [lane.id, new Map(tickers.map((ticker) => [ticker, weigh(ticker)]))];
    }))
  );
}

/** Chooses second connections of critical symbols anew. */
export function replanTwins(scope: CommandScope): void {
  const { placement } = scope.manager;
  const homes = new Map(placement.lanes.map((lane) => [lane.id, placement.tickers(lane.id)]));
  placement.setTwins(planTwins(scope.settings.criticalSymbols, placement.lanes, homes).homes);
}
