/**
 * What operators changed at run time, so that a reload keeps it: tickers added (with their connection), tickers taken off,
 * connections added or removed.
 */
import { FREQUENCIES, type Frequency } from "../feed/stream.ts";

/** See the file's head. */
export class RuntimeChanges {
  readonly #added = new Map<Frequency, Map<string, string>>(FREQUENCIES.map((one) => [one, new Map()]));
  readonly #removed = new Map<Frequency, Set<string>>(FREQUENCIES.map((one) => [one, new Set()]));
  /** Ids of connections added at run time. */
  readonly lanesAdded = new Set<string>();
  /** Ids of configured connections removed at run time. */
  readonly lanesRemoved = new Set<string>();

  /** A ticker was subscribed on a connection. */
  added(frequency: Frequency, ticker: string, connection: string): void {
    this.#removed.get(frequency)?.delete(ticker);
    this.#added.get(frequency)?.set(ticker, connection);
  }

  /** A ticker was unsubscribed. */
  removed(frequency: Frequency, ticker: string): void {
    if (!this.#added.get(frequency)?.delete(ticker)) this.#removed.get(frequency)?.add(ticker);
  }

  /** Tickers added at a frequency, with the connection they were put on. */
  addedAt(frequency: Frequency): ReadonlyMap<string, string> {
    return this.#added.get(frequency) ?? new Map();
  }

  /** Whether a configured ticker was taken off. */
  isRemoved(frequency: Frequency, ticker: string): boolean {
    return this.#removed.get(frequency)?.has(ticker) ?? false;
  }
}
