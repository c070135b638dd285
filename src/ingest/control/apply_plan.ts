/**
 * Brings a manager to a plan: at the start everything is new; at a reload only the difference is applied, no socket that
 * stays is touched, and what operators changed at run time is kept.
 */
import { marketOfSymbol } from "../../feed/market_calendar.ts";
import { FREQUENCIES } from "../../feed/stream.ts";
import type { ConnectionManager } from "../manage/connection_manager.ts";
import type { PlannedConnection } from "../plan/planned_connection.ts";
import type { Lane } from "../manage/placement.ts";
import { leastLoaded } from "../plan/routing.ts";
import type { RuntimeChanges } from "./runtime_changes.ts";
import { ALL } from "../wire/subscription_topics.ts";

/** What applying a plan changed. */
export interface AppliedPlan {
  /** (frequency, ticker) pairs that were subscribed. */
  readonly added: number;
  /** … that were unsubscribed. */
  readonly removed: number;
  readonly connectionsAdded: readonly string[];
  readonly connectionsRemoved: readonly string[];
}

/** See the file's head. `keepHomes`: a ticker that has a home stays there, wherever the plan would put it (routing is ours). */
export async function applyPlan(
  manager: ConnectionManager,
  planned: readonly PlannedConnection[],
  changes: RuntimeChanges,
  keepHomes: boolean,
): Promise<AppliedPlan> {
  const wanted = planned.filter((one) => !changes.isLaneRemoved(one.id) && !changes.lanesAdded.has(one.id));
  const before = pairsOf(manager);
  const connectionsAdded = addLanes(manager, [...wanted, ...changes.lanesAdded.values()]);
  const gone = manager.placement.lanes.filter((lane) =>
    !changes.lanesAdded.has(lane.id) && !wanted.some((one) => one.id === lane.id)
  );
  for (const one of planned) {
    if (wanted.includes(one)) place(manager, one, changes, keepHomes);
    else placeElsewhere(manager, one, changes, new Set(gone.map((lane) => lane.id)));
  }
  placeAdded(manager, changes);
  takeOff(manager, planned, changes);
  manager.placement.setTwins(new Map(wanted.map((one) => [one.id, one.twins])));
  for (const lane of gone) await manager.remove(lane.id);
  manager.watch();
  const after = pairsOf(manager);
  return {
    added: [...after].filter((pair) => !before.has(pair)).length,
    removed: [...before].filter((pair) => !after.has(pair)).length,
    connectionsAdded,
    connectionsRemoved: gone.map((lane) => lane.id),
  };
}

function addLanes(manager: ConnectionManager, wanted: readonly Lane[]): readonly string[] {
  const fresh = wanted.filter((one) => manager.placement.lane(one.id) === undefined);
  for (const { id, name, feed, market, frequencies } of fresh) {
    manager.add({ id, name, feed, market, frequencies });
  }
  return fresh.map((one) => one.id);
}

function place(
  manager: ConnectionManager,
  one: PlannedConnection,
  changes: RuntimeChanges,
  keepHomes: boolean,
): void {
  const { placement } = manager;
  for (const [frequency, tickers] of one.tickers) {
    for (const ticker of tickers) {
      if (changes.isRemoved(frequency, ticker) || changes.addedAt(frequency).has(ticker)) continue;
      const isAtHome = placement.isPlaced(frequency, ticker, one.market);
      if (!isAtHome) placement.place(frequency, ticker, one.id);
      else if (!keepHomes && ticker !== ALL) manager.rehome(frequency, ticker, one.id);
    }
  }
}

/** Tickers planned for a connection that operators removed ride where they were moved to, or with the fewest. */
function placeElsewhere(
  manager: ConnectionManager,
  one: PlannedConnection,
  changes: RuntimeChanges,
  gone: ReadonlySet<string>,
): void {
  const { placement } = manager;
  for (const [frequency, tickers] of one.tickers) {
    const carriers = placement.carriers(one.market, frequency).filter((lane) => !gone.has(lane.id));
    for (const ticker of tickers) {
      const home = placement.home(frequency, ticker);
      if (changes.isRemoved(frequency, ticker) || (home !== undefined && !gone.has(home))) continue;
      const loads = new Map(
        carriers.map((lane) => [lane.id, { tickers: placement.count(lane.id), rate: 0 }]),
      );
      if (loads.size > 0) manager.rehome(frequency, ticker, leastLoaded(loads, false));
    }
  }
}

/** Gives tickers added by hand their place again; where their connection is gone, one that carries their frequency. */
function placeAdded(manager: ConnectionManager, changes: RuntimeChanges): void {
  const { placement } = manager;
  for (const frequency of FREQUENCIES) {
    for (const [ticker, id] of changes.addedAt(frequency)) {
      if (placement.home(frequency, ticker) !== undefined) continue;
      const carriers = placement.carriers(marketOfSymbol(ticker), frequency);
      const lane = carriers.find((one) => one.id === id) ?? carriers[0];
      if (lane !== undefined) placement.place(frequency, ticker, lane.id);
    }
  }
}

/** Takes off what the plan no longer has and nobody added by hand. */
function takeOff(
  manager: ConnectionManager,
  planned: readonly PlannedConnection[],
  changes: RuntimeChanges,
): void {
  for (const frequency of FREQUENCIES) {
    for (const lane of manager.placement.lanes) {
      const market = planned.filter((one) => one.market === lane.market);
      const keep = new Set(market.flatMap((one) => one.tickers.get(frequency) ?? []));
      for (const ticker of manager.placement.tickers(lane.id).get(frequency) ?? []) {
        const isPlanned = keep.has(ticker) && !changes.isRemoved(frequency, ticker);
        if (isPlanned || changes.addedAt(frequency).has(ticker)) continue;
        manager.placement.remove(frequency, ticker, lane.id);
      }
    }
  }
}

const pairsOf = (manager: ConnectionManager): ReadonlySet<string> =>
  new Set(
    manager.placement.lanes.flatMap((lane) =>
      [...manager.placement.tickers(lane.id)].flatMap(([frequency, tickers]) =>
        tickers.map((ticker) => `${lane.market} ${frequency} ${ticker}`)
      )
    ),
  );
