/**
 * When a client counts as slow and when it is given up: a small object with no clock of its own. Over the soft bound nothing
 * more is handed over; over it for too long, or over the hard bound at once, the client is closed with a cursor to come back.
 */

/** The bounds, the same for all clients. */
export interface SlowLimits {
  /** Half of `CLIENT_MAX_BUFFERED_BYTES`. */
  readonly softBytes: number;
  /** `CLIENT_MAX_BUFFERED_BYTES`. */
  readonly hardBytes: number;
  /** `WS_MAX_QUEUE_SIZE`: frames of one stream waiting. */
  readonly maxFrames: number;
  /** `WS_SLOW_CONSUMER_TIMEOUT`. */
  readonly timeoutMs: number;
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

  /**
   * @param nowMs a clock that never goes back
   * @param bufferedBytes handed over and not yet taken by the peer's side
   * @param waitingFrames of one stream, within those bytes
   */
  observe(nowMs: number, bufferedBytes: number, waitingFrames: number): SlowVerdict {
    const { softBytes, hardBytes, maxFrames, timeoutMs } = this.limits;
    if (bufferedBytes > softBytes || waitingFrames >= maxFrames) {
      if (this.#state.kind !== "over") this.#state = { kind: "over", sinceMs: nowMs };
      return bufferedBytes > hardBytes || nowMs - this.#state.sinceMs >= timeoutMs ? "close" : "hold";
    }
    if (this.#state.kind === "over") this.#state = { kind: "recovering", sinceMs: nowMs };
    else if (this.#state.kind === "recovering" && nowMs - this.#state.sinceMs >= RECOVERED_AFTER_MS) {
      this.#state = { kind: "keeping_up" };
    }
    return "send";
  }
}

const MARKS = 8;

/**
 * How many of the last frames of one stream still wait, told from bytes alone: each frame's end in the count of all bytes
 * ever handed over is remembered, and what is drained is that count less what is buffered.
 */
export class WaitingFrames {
  readonly #ends = new Float64Array(MARKS);
  #next = 0;

  /** A frame was handed over; `handedBytes` counts everything up to its end. */
  mark(handedBytes: number): void {
    this.#ends[this.#next] = handedBytes;
    this.#next = (this.#next + 1) % MARKS;
  }

  /** Frames not yet drained, {@link MARKS} at most. */
  waiting(handedBytes: number, bufferedBytes: number): number {
    const drained = handedBytes - bufferedBytes;
    let waiting = 0;
    for (const end of this.#ends) if (end > drained) waiting++;
    return waiting;
  }
}
