/**
 * Texts that may expire, in memory. What expired is swept as the map grows, so that names nobody reads again (tickets,
 * health of edges that are gone) cost no more than those alive.
 */
import type { Clock } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";

/** Texts one map holds at most; Redis would say OOM. */
const ENTRIES_MAX = 100_000;
/** The first sweep comes at so many entries, each later one at twice what the last left. */
const SWEEP_FROM_ENTRIES = 64;

interface Entry {
  readonly text: string;
  /** By the monotonic clock; Infinity: never. */
  readonly until: number;
}

/** See the file comment. */
export class ExpiringMap {
  readonly #entries = new Map<string, Entry>();
  #sweepAt = SWEEP_FROM_ENTRIES;

  constructor(readonly clock: Clock) {}

  /** @throws {TickcastError} STORE_REFUSED when it is full. */
  set(name: string, text: string, ttlMs: number | undefined): void {
    if (this.#entries.size >= this.#sweepAt) this.#sweep();
    if (this.#entries.size >= ENTRIES_MAX && !this.#entries.has(name)) {
      throw new TickcastError(
        "STORE_REFUSED",
        `Cannot keep another text in memory as there may be ${ENTRIES_MAX}: current value is ${this.#entries.size}`,
      );
    }
    this.#entries.set(name, {
      text,
      until: ttlMs === undefined ? Infinity : this.clock.monotonic() + ttlMs,
    });
  }

  get(name: string): string | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.until > this.clock.monotonic()) return entry?.text;
    this.#entries.delete(name);
    return undefined;
  }

  delete(name: string): void {
    this.#entries.delete(name);
  }

  /** What is alive and starts with `prefix`, by name, at most `limit`. */
  withPrefix(prefix: string, limit: number): ReadonlyMap<string, string> {
    const names = [...this.#entries.keys()].filter((name) => name.startsWith(prefix)).sort();
    const found = new Map<string, string>();
    for (const name of names) {
      if (found.size >= limit) break;
      const text = this.get(name);
      if (text !== undefined) found.set(name, text);
    }
    return found;
  }

  clear(): void {
    this.#entries.clear();
  }

  #sweep(): void {
    const now = this.clock.monotonic();
    for (const [name, entry] of this.#entries) if (entry.until <= now) this.#entries.delete(name);
    this.#sweepAt = Math.max(SWEEP_FROM_ENTRIES, this.#entries.size * 2);
  }
}
