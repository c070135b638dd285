/** Events offered to a channel and not yet known to stand in its list. A channel keeps order, so the newest known settles those before it. */
import type { FeedEvent } from "../../feed/event.ts";

/** Remembered at most; older ones count as settled (a stopped stream drops what it is offered). */
export const OFFERED_MAX_EVENTS = 10_000;

/** See the top of the file. */
export class OfferedEvents {
  #waiting: FeedEvent[] = [];
  #made = 0;

  /** How many were ever offered. */
  get made(): number {
    return this.#made;
  }

  /** How many of them, from the first on, are done with. */
  get settled(): number {
    return this.#made - this.#waiting.length;
  }

  add(events: readonly FeedEvent[]): void {
    this.#made += events.length;
    this.#waiting.push(...events);
    if (this.#waiting.length > OFFERED_MAX_EVENTS) {
      this.#waiting = this.#waiting.slice(this.#waiting.length - OFFERED_MAX_EVENTS);
    }
  }

  /** These stand in the list now. */
  appended(events: readonly FeedEvent[]): void {
    const newest = events.findLast((event) => event.type !== "gap");
    const at = newest === undefined ? -1 : this.#waiting.indexOf(newest);
    if (at >= 0) this.#waiting.splice(0, at + 1);
  }
}
