/**
 * How one connection keeps to its tier's pace while what it follows changes: a group made anew flushes at once, so that whoever
 * changed its mind ten times a second was served ten times as often. What counts is when it was served, not when it changed:
 * otherwise one that changes just before each turn would never have one.
 */
import type { Tier } from "../../feed/settings/settings.ts";
import { tierPaceMs } from "./flush_interval.ts";
import type { Follower } from "./follower.ts";

/** See the file comment. */
export class PaceRest {
  /** Monotonic ms. */
  #untilMs = 0;

  /** A follower is changed, or leaves, having been served: it and those after it rest as long as the tier says. */
  changed(follower: Follower, tier: Tier | undefined): void {
    if (tier !== undefined) this.#untilMs = Math.max(this.#untilMs, follower.servedMs + tierPaceMs(tier));
    this.begins(follower);
  }

  /** A follower comes: it rests as long as the connection does. */
  begins(follower: Follower): void {
    follower.restsUntilMs = this.#untilMs;
  }
}
