/** Says so when the rate of a list nears what it can carry: the cure is more lists or a shorter pull interval. */
import type { Clock } from "../../feed/clock.ts";
import type { Log } from "../../feed/log.ts";
import { RecentRate } from "./recent_rate.ts";

/** Said from this share of the capacity on … */
export const NEAR_CAPACITY_SHARE = 0.8;
/** … once in so long. */
const SAID_INTERVAL_MS = 60_000;
/** Not judged before a rate means anything. */
const WARM_UP_MS = 5_000;

/** See the file's own description. */
export class CapacityWatch {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #list: string;
  readonly #rate: RecentRate;
  #sayAtMs: number;

  constructor(clock: Clock, log: Log, list: string) {
    this.#clock = clock;
    this.#log = log;
    this.#list = list;
    this.#rate = new RecentRate(clock);
    this.#sayAtMs = clock.monotonic() + WARM_UP_MS;
  }

  /** `capacity` is in events a second. */
  appended(events: number, capacity: number): void {
    this.#rate.count(events);
    const now = this.#clock.monotonic();
    if (now < this.#sayAtMs) return;
    const rate = this.#rate.perSecond();
    if (rate < capacity * NEAR_CAPACITY_SHARE) return;
    this.#sayAtMs = now + SAID_INTERVAL_MS;
    this.#log.warning("list_near_capacity", {
      list: this.#list,
      events_per_second: Math.round(rate),
      capacity: Math.round(capacity),
      advice: "raise TICK_LISTS, or lower PULL_INTERVAL_MS where every edge keeps up",
    });
  }
}
