/**
 * How many connections one address, or one token's subject, may hold at once, whatever their transport: a counter
 * per holder, gone with its last connection.
 */
import { TickcastError } from "../../feed/error.ts";

/** See the file's head. */
export class ConnectionLimits {
  readonly #limit: number;
  readonly #what: "address" | "token";
  readonly #onFull: (() => void) | undefined;
  readonly #held = new Map<string, number>();

  /** @param onFull called when a holder is refused */
  constructor(limit: number, what: "address" | "token", onFull?: () => void) {
    this.#limit = limit;
    this.#what = what;
    this.#onFull = onFull;
  }

  /** Holders of connections now. */
  get size(): number {
    return this.#held.size;
  }

  /** Connections one holds now. */
  count(holder: string): number {
    return this.#held.get(holder) ?? 0;
  }

  /**
   * Whether there is a place left.
   * @param holder undefined or empty: not known, so not counted
   * @throws {TickcastError} OVERLOADED when it holds as many as it may; the holder is not named
   */
  check(holder: string | undefined): void {
    const held = holder ? this.count(holder) : 0;
    if (held < this.#limit) return;
    this.#onFull?.();
    throw new TickcastError(
      "OVERLOADED",
      `Cannot take a connection as one ${this.#what} may hold ${this.#limit}: current number is ${held}`,
    );
  }

  /** Takes a place; dispose it when the connection has ended, any number of times. Throws as `check` does. */
  take(holder: string | undefined): Disposable {
    this.check(holder);
    return this.hold(holder);
  }

  /** Takes a place for a connection that was let in already, whatever the limit. */
  hold(holder: string | undefined): Disposable {
    if (!holder) return { [Symbol.dispose]: () => {} };
    this.#held.set(holder, this.count(holder) + 1);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        const left = this.count(holder) - 1;
        if (left > 0) this.#held.set(holder, left);
        else this.#held.delete(holder);
      },
    };
  }
}
