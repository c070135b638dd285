/**
 * Which tickers should move so that connections carry alike. Pure. Hysteresis keeps it calm: nothing moves until one
 * connection carries clearly more than its share, and then only until it is about even, the fewest tickers possible.
 */

/** A connection over its share by this factor starts a rebalance. */
export const START_OVER_SHARE = 1.25;
/** … which goes on until none is over by this one. */
export const STOP_OVER_SHARE = 1.05;
/** Tickers moved in one go at most: the next check continues. */
export const MOVES_MAX = 100;
/** Differences below this (events a second, or tickers) are not worth a move. */
const WORTH_MOVING = 1;

/** One ticker to move. */
export interface Move {
  readonly ticker: string;
  readonly from: string;
  readonly to: string;
}

/** How eager to be. */
export interface RebalanceOptions {
  readonly startOverShare: number;
  readonly stopOverShare: number;
  readonly movesMax: number;
}

/** Calm: what is done without being asked for. */
export const AUTOMATIC_REBALANCE: RebalanceOptions = {
  startOverShare: START_OVER_SHARE,
  stopOverShare: STOP_OVER_SHARE,
  movesMax: MOVES_MAX,
};

/** As even as it gets: an operator's wish, or a connection that is new. */
export const ASKED_REBALANCE: RebalanceOptions = { startOverShare: 1, stopOverShare: 1, movesMax: 20_000 };

/** Weights of the movable tickers by connection: observed events a second, or 1 each to even out counts. */
export type Weights = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Moves that even the connections out; none when they are about even already. */
export function planRebalance(weights: Weights, options: RebalanceOptions): readonly Move[] {
  const left = new Map([...weights].map(([id, tickers]) => [id, new Map(tickers)]));
  const sums = new Map([...left].map(([id, tickers]) => [id, total(tickers)]));
  const share = total(sums) / Math.max(sums.size, 1);
  const moves: Move[] = [];
  let limit = share * options.startOverShare;
  while (moves.length < options.movesMax) {
    const [from, most] = extreme(sums, (a, b) => a > b);
    const [to, least] = extreme(sums, (a, b) => a < b);
    if (most <= limit || most - least <= WORTH_MOVING) break;
    limit = share * options.stopOverShare;
    const choice = fitting(left.get(from) ?? new Map(), (most - least) / 2);
    if (choice === undefined) break;
    const [ticker, weight] = choice;
    moves.push({ ticker, from, to });
    left.get(from)?.delete(ticker);
    // What was moved stays where it is: it is not put into the target's movable tickers.
    sums.set(from, most - weight);
    sums.set(to, least + weight);
  }
  return moves;
}

/** The heaviest ticker that does not turn the difference around. */
function fitting(tickers: ReadonlyMap<string, number>, most: number): readonly [string, number] | undefined {
  let best: readonly [string, number] | undefined;
  for (const [ticker, weight] of tickers) {
    if (weight <= 0 || weight > most) continue;
    if (best === undefined || weight > best[1] || (weight === best[1] && ticker < best[0])) {
      best = [ticker, weight];
    }
  }
  return best;
}

function extreme(
  sums: ReadonlyMap<string, number>,
  beats: (a: number, b: number) => boolean,
): readonly [string, number] {
  let best: readonly [string, number] = ["", Number.NaN];
  for (const [id, sum] of sums) if (Number.isNaN(best[1]) || beats(sum, best[1])) best = [id, sum];
  return best;
}

const total = (numbers: ReadonlyMap<string, number>): number =>
  [...numbers.values()].reduce((sum, one) => sum + one, 0);
