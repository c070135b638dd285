/** Everything a memory store holds. Apart from the store, so that a test can lose or exchange parts of it as a Redis would. */
import type { Clock } from "../../feed/clock.ts";
import { ExpiringMap } from "./expiring_map.ts";
import type { HintQueue } from "./hint_queue.ts";
import { MemoryList } from "./memory_list.ts";
import { closedFailure } from "../store_failure.ts";
import { UsageMeter } from "../usage_meter.ts";

/** The lease as stored. */
export interface StoredLease {
  readonly owner: string;
  readonly fence: number;
  readonly untilMs: number;
}

/** A fold as stored. */
export interface StoredFold {
  cursor: string | undefined;
  readonly states: Map<string, string>;
}

/** See the file comment. */
export class MemoryState {
  readonly lists = new Map<string, MemoryList>();
  lease: StoredLease | undefined;
  readonly notes: ExpiringMap;
  readonly answers: ExpiringMap;
  readonly tickets: ExpiringMap;
  /** Oldest first. */
  readonly commands: string[] = [];
  readonly folds = new Map<string, StoredFold>();
  readonly universes = new Map<string, ReadonlySet<string>>();
  /** Who waits for hints. */
  readonly listeners = new Set<HintQueue>();
  readonly usage = new UsageMeter();
  closed = false;

  constructor(readonly clock: Clock) {
    this.notes = new ExpiringMap(clock);
    this.answers = new ExpiringMap(clock);
    this.tickets = new ExpiringMap(clock);
  }

  /** The fence that may write; 0 when nobody ever held the lease. */
  get fence(): number {
    return this.lease?.fence ?? 0;
  }

  /** The list of that name, made when it isn't there. */
  list(name: string): MemoryList {
    const known = this.lists.get(name);
    if (known !== undefined) return known;
    const made = new MemoryList();
    this.lists.set(name, made);
    return made;
  }

  /**
   * Runs one operation of the port: aborted or closed ones reject, everything is counted.
   * @throws STORE_UNAVAILABLE after closing
   */
  run<T>(signal: AbortSignal | undefined, operation: () => T): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.usage.add({ commands: 1, requests: 1 });
    try {
      if (this.closed) {
        throw closedFailure();
      }
      return Promise.resolve(operation());
    } catch (error) {
      this.usage.add({ failures: 1 });
      return Promise.reject(error);
    }
  }
}
