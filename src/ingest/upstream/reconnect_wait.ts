/**
 * How long one connection waits after each of its losses: what it was turned away for decides, and the n-th of its kind in a
 * row waits longer. The lengths are in `backoff.ts`.
 */
import type { Random } from "../../feed/clock.ts";
import {
  backoffMs,
  DISPLACED_WAIT_MS,
  HEALTHY_AFTER_MS,
  refusedMs,
  restMs,
  SLOT_SETTLED_MS,
  surplusMs,
} from "./backoff.ts";
import { type Refusal, refusalOf } from "./refusal.ts";

/** Rest, give way to others of ours, or come back soon as one of them left its slot. */
export type TurnedAwayAnswer = "rest" | "give_way" | "soon";

/** The wait, with the refusal to show for it. */
export interface Wait {
  readonly refusal: Refusal;
  readonly waitMs: number;
}

/** See the file's head. */
export class ReconnectWait {
  readonly #random: Random;
  readonly #onTurnedAway: (ageMs: number, evictions: number) => TurnedAwayAnswer;
  #attempts = 0;
  #evictions = 0;
  #refusals = 0;
  #surplus = 0;
  #ageMs = 0;

  /**
   * @param onTurnedAway The account's quota turned it away, for the n-th time in a row (from 0), so long after its key was
   * accepted: what to do.
   */
  constructor(random: Random, onTurnedAway: (ageMs: number, evictions: number) => TurnedAwayAnswer) {
    this.#random = random;
    this.#onTurnedAway = onTurnedAway;
  }

  /** A session ended, so long after its key was accepted (0: it never was). */
  lasted(ageMs: number): void {
    if (ageMs >= HEALTHY_AFTER_MS) this.#attempts = this.#refusals = 0;
    if (ageMs >= SLOT_SETTLED_MS) this.#evictions = 0;
    this.#ageMs = ageMs;
  }

  /** The wait a refusal calls for. */
  after(refusal: Refusal): Wait {
    switch (refusal.retry) {
      case "rest":
        return this.#turnedAway(refusal);
      case "surplus":
        return { refusal, waitMs: surplusMs(this.#surplus++, this.#random) };
      case "seldom":
        return { refusal, waitMs: refusedMs(this.#refusals++, this.#random) };
      case "backoff":
        return { refusal, waitMs: backoffMs(this.#attempts++, this.#random) };
    }
  }

  #turnedAway(refusal: Refusal): Wait {
    const evictions = this.#evictions++;
    switch (this.#onTurnedAway(this.#ageMs, evictions)) {
      case "soon":
        return { refusal, waitMs: DISPLACED_WAIT_MS };
      case "give_way":
        return this.after(refusalOf("surplus_connection"));
      case "rest":
        return { refusal, waitMs: restMs(evictions, this.#random) };
    }
  }
}
