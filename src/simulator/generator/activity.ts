/**
 * Who trades next and how busy it is: activity falls steeply from name to name, is high after the start and decays, and
 * news makes one name busy and moves it.
 */
import type { Chance } from "../seeded_random.ts";
import { INDEX_SECTOR, type Instrument } from "./universe.ts";

/** The open is this much busier than a calm market, and decays with this time constant. */
const OPEN_BURST = { times: 4, decaySeconds: 20 };
/** Mean time between two pieces of news, and what news does. */
const NEWS = { everySeconds: 30, strength: 0.25, decaySeconds: 25, atMost: 5 };

/** How much busier than calm a market is so many seconds after its open. */
export const openBurst = (seconds: number): number =>
  seconds < 0 ? 1 : 1 + OPEN_BURST.times * Math.exp(-seconds / OPEN_BURST.decaySeconds);

/** A name in the news. */
interface Hot {
  readonly instrument: Instrument;
  strength: number;
}

/** What news does to a price: a jump in logs. */
export interface News {
  readonly instrument: Instrument;
  readonly jump: number;
}

/** Picks instruments of one market by activity. */
export class Activity {
  readonly #cumulative: number[] = [];
  readonly #total: number;
  #hot: Hot[] = [];

  /** Who can be in the news: an index moves with its members, never by itself. */
  readonly #newsworthy: readonly Instrument[];

  constructor(private readonly instruments: readonly Instrument[], private readonly luck: Chance) {
    this.#newsworthy = instruments.filter(({ sector }) => sector !== INDEX_SECTOR);
    let sum = 0;
    for (const { weight } of instruments) this.#cumulative.push(sum += weight);
    this.#total = sum;
  }

  /** Who trades next; undefined in a market without names. */
  pick(): Instrument | undefined {
    for (const hot of this.#hot) if (this.luck.flip(hot.strength)) return hot.instrument;
    return this.#byWeight();
  }

  /** Lets time pass; answers the news of this step. */
  advance(seconds: number): News | undefined {
    for (const hot of this.#hot) hot.strength *= Math.exp(-seconds / NEWS.decaySeconds);
    this.#hot = this.#hot.filter((hot) => hot.strength > 0.01);
    if (!this.luck.flip(seconds / NEWS.everySeconds) || this.#hot.length >= NEWS.atMost) return undefined;
    const instrument = this.#newsworthy[this.luck.between(0, this.#newsworthy.length - 1)];
    if (!instrument) return undefined;
    this.#hot.push({ instrument, strength: NEWS.strength });
    const size = 0.004 + 0.01 * Math.abs(this.luck.normal());
    return { instrument, jump: this.luck.flip(0.5) ? size : -size };
  }

  #byWeight(): Instrument | undefined {
    const target = this.luck.uniform() * this.#total;
    let low = 0;
    let high = this.#cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#cumulative[middle] ?? 0) > target) high = middle;
      else low = middle + 1;
    }
    return this.instruments[low];
  }
}
