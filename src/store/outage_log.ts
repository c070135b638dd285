/** Tells the log when calls begin to fail and when they work again: once, and again now and then while it lasts. */
import type { Clock } from "../feed/clock.ts";
import type { TickcastError } from "../feed/error.ts";
import type { Log } from "../feed/log.ts";

/** Between two lines about one outage that goes on, in ms. */
const REMINDER_INTERVAL_MS = 60_000;

type State =
  | { readonly kind: "well" }
  | { readonly kind: "out"; readonly sinceMs: number; toldMs: number; told: string; failures: number };

/** See the file comment. Times are monotonic. */
export class OutageLog {
  #state: State = { kind: "well" };

  constructor(readonly log: Log, readonly clock: Clock, readonly transport: string) {}

  /** A call failed: `store_unavailable`, or `store_refused` when an operator must act. */
  failed(error: TickcastError): void {
    const now = this.clock.monotonic();
    if (this.#state.kind === "well") {
      this.#state = { kind: "out", sinceMs: now, toldMs: -Infinity, told: "", failures: 0 };
    }
    const out = this.#state;
    out.failures++;
    if (out.told === error.message && now - out.toldMs < REMINDER_INTERVAL_MS) return;
    out.toldMs = now;
    out.told = error.message;
    const fields = { transport: this.transport, reason: error.message, failures: out.failures };
    if (error.shouldRetry) this.log.warning("store_unavailable", fields);
    else this.log.error("store_refused", fields);
  }

  /** A call worked: `store_available` after an outage. */
  worked(): void {
    if (this.#state.kind === "well") return;
    const { sinceMs, failures } = this.#state;
    this.#state = { kind: "well" };
    const outageMs = Math.round(this.clock.monotonic() - sinceMs);
    this.log.info("store_available", { transport: this.transport, outage_ms: outageMs, failures });
  }
}
