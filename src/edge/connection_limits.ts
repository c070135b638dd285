/**
 * How many connections one address may hold at once, whatever their transport: a counter per address, gone with its
 * last connection.
 */
import { TickcastError } from "../feed/error.ts";

/** See the file's head. */
export class ConnectionLimits {
  readonly #limit: number;
  readonly #held = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Addresses that hold connections now. */
  get size(): number {
    return this.#held.size;
  }

  /** Connections an address holds now. */
  count(address: string): number {
    return this.#held.get(address) ?? 0;
  }

  /**
   * Takes a place for an address; dispose it when the connection has ended (any number of times).
   * @param address undefined: not known, so not counted
   * @throws {TickcastError} OVERLOADED when it holds as many as it may; the address is not repeated
   */
  take(address: string | undefined): Disposable {
    if (address === undefined) return { [Symbol.dispose]: () => {} };
    const held = this.count(address);
    if (held >= this.#limit) {
      throw new TickcastError(
        "OVERLOADED",
        `Cannot take a connection as one address may hold ${this.#limit}: current number is ${held}`,
      );
    }
    this.#held.set(address, held + 1);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        const left = this.count(address) - 1;
        if (left > 0) this.#held.set(address, left);
        else this.#held.delete(address);
      },
    };
  }
}
