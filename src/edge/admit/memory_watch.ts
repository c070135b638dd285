/**
 * Takes no new clients while the process is short of memory, so that those it has go on being served. With
 * hysteresis, and looked at no more than once a second: it is asked at every admission.
 */
import type { Clock } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";

/** Least time between two looks. */
export const LOOK_INTERVAL_MS = 1_000;
/** Shedding ends below this part of the limit. */
export const RELIEVED_PART = 0.9;

/** How a watch is made. */
export interface MemoryWatchOptions {
  /** `MEMORY_SHED_MB` in bytes; 0: never. */
  readonly limitBytes: number;
  /** Resident memory of the process, bytes. */
  readonly memoryBytes: () => number;
  readonly clock: Clock;
}

/** See the file's head. */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  #isShedding = false;
  #lookedMs = -Infinity;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  /** Whether new clients are turned away now. */
  get isShedding(): boolean {
    const { limitBytes, memoryBytes, clock } = this.#options;
    const nowMs = clock.monotonic();
    if (limitBytes > 0 && nowMs - this.#lookedMs >= LOOK_INTERVAL_MS) {
      this.#lookedMs = nowMs;
      this.#isShedding = memoryBytes() > limitBytes * (this.#isShedding ? RELIEVED_PART : 1);
    }
    return this.#isShedding;
  }

  /** @throws {TickcastError} OVERLOADED while shedding */
  check(): void {
    if (!this.isShedding) return;
    throw new TickcastError("OVERLOADED", "Cannot take a client as this instance is short of memory");
  }
}
