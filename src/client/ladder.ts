/** Which transport to try next: down the ladder when one keeps failing, round again from the bottom. Pure. */
import type { Transport } from "./link.ts";

/** Failures in a row after which the next transport is tried. With the 5 tries of the default every transport gets one. */
export const TRIES: Readonly<Record<Transport, number>> = { websocket: 3, sse: 1, poll: 1 };

/** The transports a client may use, best first, and where it stands among them. */
export class Ladder {
  #rung = 0;
  #failures = 0;

  constructor(readonly transports: readonly Transport[]) {}

  get rung(): number {
    return this.#rung;
  }

  get current(): Transport {
    return this.transports[this.#rung] ?? "poll";
  }

  /** A try failed before it was good. */
  fail(): void {
    this.#failures++;
    if (this.#failures >= TRIES[this.current]) this.#moveTo((this.#rung + 1) % this.transports.length);
  }

  /** The server says this transport is not to be had now. False when there is no lower one. */
  stepDown(): boolean {
    if (this.#rung + 1 >= this.transports.length) return false;
    this.#moveTo(this.#rung + 1);
    return true;
  }

  /** The present transport works. */
  settle(rung: number = this.#rung): void {
    this.#moveTo(rung);
  }

  #moveTo(rung: number): void {
    this.#rung = rung;
    this.#failures = 0;
  }
}
