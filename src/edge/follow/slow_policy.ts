/**
 * When a client counts as slow and when it is given up: a small object with no clock of its own. While anything handed over
 * earlier still waits nothing more is handed over: what would have been is counted as waiting, and goes into the next frame.
 * Over the soft bound a client is told and conflated; over it for too long, or over the hard bound at once, it is closed with
 * a cursor to come back with.
 */

/** The bounds, the same for all clients. */
export interface SlowLimits {
  /** Half of `CLIENT_MAX_BUFFERED_BYTES`. */
  readonly softBytes: number;
  /** `CLIENT_MAX_BUFFERED_BYTES`. */
  readonly hardBytes: number;
  /** `WS_MAX_QUEUE_SIZE`: flushes of one stream that had to wait for an earlier frame. */
  readonly maxFrames: number;
  /** `WS_SLOW_CONSUMER_TIMEOUT`. */
  readonly timeoutMs: number;
}

/** What is counted per stream of a client. */
export interface HeldTicks {
  /** Flushes in a row that found an earlier frame still waiting. */
  heldTicks: number;
}

/** What to do with a client now. */
export type SlowVerdict = "send" | "hold" | "close";

/** A client that was over the soft bound gets conflated frames until it has kept up for so long. */
export const RECOVERED_AFTER_MS = 2000;

type SlowState =
  | { readonly kind: "keeping_up" }
  | { readonly kind: "over"; readonly sinceMs: number }
  | { readonly kind: "recovering"; readonly sinceMs: number };

/** One client's record. */
export class SlowPolicy {
  #state: SlowState = { kind: "keeping_up" };

  constructor(readonly limits: SlowLimits) {}

  /** Over the bound, or was until lately: conflate what can be conflated. */
  get isDegraded(): boolean {
    return this.#state.kind !== "keeping_up";
  }

  get isOver(): boolean {
    return this.#state.kind === "over";
  }

  /** It has been over the bound for as long as is borne. */
  isOverdue(nowMs: number): boolean {
    return this.#state.kind === "over" && nowMs - this.#state.sinceMs >= this.limits.timeoutMs;
  }

  /**
   * Judges one flush of one follower.
   * @param drainedMs when a flush last found nothing waiting: what waits of this very run was only just handed over
   * @param isLate this process flushes late: whatever waits, it is not the client's doing
   */
  judge(
    held: HeldTicks,
    drainedMs: number,
    bufferedBytes: number,
    nowMs: number,
    isLate: boolean,
  ): SlowVerdict {
    if (bufferedBytes > 0) {
      if (drainedMs === nowMs && bufferedBytes <= this.limits.softBytes) return "send";
      if (isLate) return "hold";
    }
    held.heldTicks = bufferedBytes > 0 ? held.heldTicks + 1 : 0;
    return this.observe(nowMs, bufferedBytes, held.heldTicks);
  }

  /**
   * @param nowMs a clock that never goes back
   * @param bufferedBytes handed over and not yet taken by the peer's side
   * @param waitingFrames frames of one stream that wait: the one in the buffer and those that would have followed it
   */
  observe(nowMs: number, bufferedBytes: number, waitingFrames: number): SlowVerdict {
    const { softBytes, hardBytes, maxFrames } = this.limits;
    if (bufferedBytes > softBytes || waitingFrames >= maxFrames) {
      if (this.#state.kind !== "over") this.#state = { kind: "over", sinceMs: nowMs };
      return bufferedBytes > hardBytes || this.isOverdue(nowMs) ? "close" : "hold";
    }
    if (bufferedBytes > 0) return "hold";
    if (this.#state.kind === "over") this.#state = { kind: "recovering", sinceMs: nowMs };
    else if (this.#state.kind === "recovering" && nowMs - this.#state.sinceMs >= RECOVERED_AFTER_MS) {
      this.#state = { kind: "keeping_up" };
    }
    return "send";
  }
}
