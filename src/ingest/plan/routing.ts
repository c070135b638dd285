/**
 * Which connection a ticker rides on. Pure: the same tickers, connections and load give the same homes in every process.
 *
 * - `manual`: as written; what is not written anywhere goes where the fewest are.
 * - `round_robin`: in turn, so that counts never differ by more than one.
 * - `priority`: a ticker of priority n rides on the n-th connection (the last, when there are fewer); those without a
 *   priority go where the fewest are.
 * - `load_balanced`: the busiest tickers first, each to the connection with the least traffic so far.
 */
import type { RoutingStrategy } from "../../feed/settings/settings.ts";

/** What routing goes by beside the tickers. */
export interface RoutingBasis {
  readonly strategy: RoutingStrategy;
  /** Symbol or `*` → priority, 1 first. */
  readonly priorities: ReadonlyMap<string, number>;
  /** Events a second by symbol, as far as observed. */
  readonly rates: ReadonlyMap<string, number>;
}

/** What one connection carries already. */
export interface Load {
  tickers: number;
  /** Events a second. */
  rate: number;
}

/** Loads by connection id, in the order of the connections. */
export type Loads = ReadonlyMap<string, Load>;

/** Rate assumed of a ticker nobody has observed: the mean of those observed, or 1. */
export function expectedRate(rates: ReadonlyMap<string, number>): number {
  if (rates.size === 0) return 1;
  let sum = 0;
  for (const rate of rates.values()) sum += rate;
  return Math.max(sum / rates.size, 1e-3);
}

/**
 * Homes for `tickers` on the connections of `loads`, beside what these carry. Every ticker gets exactly one.
 * @throws {RangeError} when there is no connection.
 */
export function assignTickers(
  tickers: readonly string[],
  loads: Loads,
  basis: RoutingBasis,
): ReadonlyMap<string, string> {
  const ids = [...loads.keys()];
  if (ids.length === 0) throw new RangeError("Cannot assign tickers as there is no connection to carry them");
  const unknown = expectedRate(basis.rates);
  const rateOf = (ticker: string) => basis.rates.get(ticker) ?? unknown;
  const filled = new Map([...loads].map(([id, load]) => [id, { ...load }]));
  const byLoad = basis.strategy === "load_balanced";
  const order = byLoad ? tickers.toSorted((a, b) => rateOf(b) - rateOf(a) || (a < b ? -1 : 1)) : tickers;
  const homes = new Map<string, string>();
  for (const ticker of order) {
    const id = homeByPriority(ticker, ids, basis) ?? leastLoaded(filled, byLoad);
    homes.set(ticker, id);
    const load = filled.get(id);
    if (load === undefined) continue;
    load.tickers++;
    load.rate += rateOf(ticker);
  }
  return homes;
}

function homeByPriority(ticker: string, ids: readonly string[], basis: RoutingBasis): string | undefined {
  if (basis.strategy !== "priority") return undefined;
  const priority = basis.priorities.get(ticker) ?? basis.priorities.get("*");
  return priority === undefined ? undefined : ids[Math.min(Math.max(priority, 1), ids.length) - 1];
}

/** The first connection that carries the least. */
export function leastLoaded(loads: Loads, byRate: boolean): string {
  let best = "";
  let least = Number.POSITIVE_INFINITY;
  let fewest = Number.POSITIVE_INFINITY;
  for (const [id, load] of loads) {
    const measure = byRate ? load.rate : load.tickers;
    if (measure < least || (measure === least && load.tickers < fewest)) {
      best = id;
      least = measure;
      fewest = load.tickers;
    }
  }
  return best;
}
