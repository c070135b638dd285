/** Counts what a store costs. One per store; transports and stores add to it. */
import type { StoreUsage } from "../feed/store.ts";

/** What one request adds. */
export interface UsageStep {
  readonly commands?: number;
  readonly requests?: number;
  readonly failures?: number;
  readonly connects?: number;
  readonly bytesOut?: number;
  readonly bytesIn?: number;
}

/** See {@link StoreUsage} for what each number means. */
export class UsageMeter {
  #commands = 0;
  #requests = 0;
  #failures = 0;
  #connects = 0;
  #bytesOut = 0;
  #bytesIn = 0;

  add(step: UsageStep): void {
    this.#commands += step.commands ?? 0;
    this.#requests += step.requests ?? 0;
    this.#failures += step.failures ?? 0;
    this.#connects += step.connects ?? 0;
    this.#bytesOut += step.bytesOut ?? 0;
    this.#bytesIn += step.bytesIn ?? 0;
  }

  /** The sums so far. */
  read(): StoreUsage {
    return {
      commands: this.#commands,
      requests: this.#requests,
      failures: this.#failures,
      connects: this.#connects,
      bytesOut: this.#bytesOut,
      bytesIn: this.#bytesIn,
    };
  }
}
