/**
 * Prices that move together: a market factor and sector factors whose volatility clusters, and each name's own walk on
 * top. Factors advance with every step; a name's own part only when it trades, so quiet names cost nothing.
 */
import type { Chance } from "../seeded_random.ts";
import { type Instrument, SECTORS } from "./universe.ts";

/** Volatility of the market factor, per square root of a second (about 1 % a day). */
const MARKET_VOLATILITY = 0.00007;
const SECTOR_VOLATILITY = 0.00005;
/** How much of a step's volatility is remembered (GARCH-like), and how much of its surprise is added. */
const CLUSTERING = { memoryPerSecond: 0.97, surprise: 0.12, floor: 0.5, ceiling: 5 };
/** A jump decays into the walk: nothing pulls a price back but this, per second. */
const FAIR_GAP_DECAY_PER_SECOND = 0.985;

/** A path whose volatility clusters. */
class Factor {
  /** Log level. */
  level = 0;
  #heat = 1;

  constructor(private readonly volatility: number) {}

  advance(seconds: number, luck: Chance): void {
    const draw = luck.normal();
    this.level += this.volatility * this.#heat * Math.sqrt(seconds) * draw;
    const kept = CLUSTERING.memoryPerSecond ** seconds;
    const target = 1 - CLUSTERING.surprise + CLUSTERING.surprise * draw * draw;
    const heat = kept * this.#heat + (1 - kept) * target +
      CLUSTERING.surprise * (Math.abs(draw) - 0.8) * Math.sqrt(seconds);
    this.#heat = Math.min(CLUSTERING.ceiling, Math.max(CLUSTERING.floor, heat));
  }
}

/** One name's own state. */
export interface PriceState {
  /** Log of own walk, factors aside. */
  own: number;
  /** Log distance of fair value from the traded price: now and then far, then closing. */
  fairGap: number;
  /** Seconds of simulated time it was last advanced to. */
  at: number;
}

/** All factors. Times are simulated seconds since the start. */
export class PriceModel {
  readonly #market = new Factor(MARKET_VOLATILITY);
  readonly #sectors = SECTORS.map((_, n) =>
    new Factor(SECTOR_VOLATILITY * (n === SECTORS.length - 1 ? 4 : 1))
  );

  constructor(private readonly luck: Chance) {}

  /** Moves the factors on. */
  advance(seconds: number): void {
    this.#market.advance(seconds, this.luck);
    for (const sector of this.#sectors) sector.advance(seconds, this.luck);
  }

  /** Moves one name on to now and answers its true price, before tick size and spread. */
  price(instrument: Instrument, state: PriceState, now: number): number {
    const seconds = Math.max(0, now - state.at);
    if (seconds > 0) {
      state.own += instrument.volatility * Math.sqrt(seconds) * this.luck.normal();
      state.fairGap = state.fairGap * FAIR_GAP_DECAY_PER_SECOND ** seconds +
        0.0002 * Math.sqrt(Math.min(seconds, 60)) * this.luck.normal();
      state.at = now;
    }
    const factors = instrument.beta * this.#market.level + (this.#sectors[instrument.sector]?.level ?? 0);
    return instrument.price * Math.exp(factors + state.own);
  }
}
