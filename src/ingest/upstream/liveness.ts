/**
 * Is the socket still alive? Any inbound byte says yes, a pong not needed: Massive's pongs queue behind data in busy
 * hours (massive-websocket notes §5.3), and nights are silent for hours, legally. So: after a while of quiet a ping,
 * and dead when nothing at all answered. Pure; the caller asks at every tick.
 */

/** Quiet for so long: ping, and again each time as long. */
export const QUIET_BEFORE_PING_MS = 3_000;
/** Nothing for so long: dead. With a tick's delay still within the promised 10 s. */
export const DEAD_AFTER_MS = 9_000;
/** A tick later than this means that we stood still (paused, swapped out), not the peer. */
export const OWN_STALL_MS = 2_000;

/** What to do now. */
export type LivenessAdvice = "alive" | "ping" | "dead";

/** Liveness of one socket. Times are monotonic ms. */
export class Liveness {
  #lastInbound: number;
  #lastPing: number;
  #lastCheck: number;

  constructor(now: number) {
    this.#lastInbound = this.#lastPing = this.#lastCheck = now;
  }

  /** When something last came in. */
  get lastInbound(): number {
    return this.#lastInbound;
  }

  /** Something came in. */
  inbound(now: number): void {
    this.#lastInbound = now;
  }

  /** To be asked a few times a second. After a stall of our own the peer gets a fresh chance: its frames may wait unread. */
  check(now: number): LivenessAdvice {
    if (now - this.#lastCheck > OWN_STALL_MS) {
      this.#lastInbound = Math.max(this.#lastInbound, now - QUIET_BEFORE_PING_MS);
    }
    this.#lastCheck = now;
    const quietMs = now - this.#lastInbound;
    if (quietMs >= DEAD_AFTER_MS) return "dead";
    if (quietMs >= QUIET_BEFORE_PING_MS && now - this.#lastPing >= QUIET_BEFORE_PING_MS) {
      this.#lastPing = now;
      return "ping";
    }
    return "alive";
  }
}
