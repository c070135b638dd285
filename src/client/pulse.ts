/**
 * Whether a connection that looks open is: pings, silence past the heartbeat, and sleeps that only the wall clock shows.
 */
import { Alarms } from "./alarms.ts";
import type { Platform } from "./platform.ts";
import { HEARTBEAT_MAX_MS, NUDGE_TIMEOUT_MS } from "./timing.ts";

/** What it asks and tells. */
export interface PulseEvents {
  ping(): void;
  /** Nothing is expected to be said now. */
  isIdle(): boolean;
  onStalled(): void;
  onRoundTrip(ms: number): void;
}

/** See the file's own words. */
export class Pulse {
  #heartbeatMs = 0;
  #heardAt = 0;
  #lookedAt = 0;
  #pingedAt = 0;
  readonly #alarms: Alarms<"look" | "ping" | "nudge">;

  constructor(readonly platform: Platform, readonly pingIntervalMs: number, readonly watcher: PulseEvents) {
    this.#alarms = new Alarms(platform);
  }

  /** The connection is open; the first ping, at once, measures the round trip. */
  begin(heartbeatMs: number): void {
    this.#heartbeatMs = Math.min(heartbeatMs, HEARTBEAT_MAX_MS);
    this.#lookedAt = this.platform.now();
    this.#look();
    this.#ping();
  }

  /** Something came. */
  heard(isPong: boolean): void {
    this.#heardAt = this.platform.now();
    this.#alarms.clear("nudge");
    if (isPong) this.watcher.onRoundTrip(Math.max(0, this.#heardAt - this.#pingedAt));
  }

  /** It has to show that it lives; `answers` says whether it can be asked. */
  nudge(answers: boolean): void {
    this.#ask();
    if (this.#isSilent()) this.watcher.onStalled();
    else if (answers) this.#alarms.set("nudge", NUDGE_TIMEOUT_MS, () => this.watcher.onStalled());
  }

  end(): void {
    this.#alarms.clearAll();
  }

  #ask(): void {
    this.#pingedAt = this.platform.now();
    this.watcher.ping();
  }

  #ping(): void {
    this.#ask();
    this.#alarms.set("ping", this.pingIntervalMs, () => this.#ping());
  }

  #look(): void {
    this.#alarms.set("look", this.#heartbeatMs / 3, () => {
      const now = this.platform.now();
      // A clock set back would hide a silence for as long.
      if (now < this.#lookedAt) this.#heardAt = now;
      const slept = now - this.#lookedAt > this.#heartbeatMs;
      this.#lookedAt = now;
      const isIdle = this.watcher.isIdle();
      if (!isIdle && this.#isSilent()) return this.watcher.onStalled();
      this.#look();
      if (slept && !isIdle) this.nudge(true);
    });
  }

  #isSilent(): boolean {
    return this.platform.now() - this.#heardAt > this.#heartbeatMs * 1.5;
  }
}
