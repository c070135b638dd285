/**
 * The pacing law, as arithmetic: at most half the list's cap goes into one list in ANY span of the pull interval, counted
 * from the reply of each append, so that a reader that pulls once an interval is never overrun.
 *
 * An append lands somewhere between its start and its reply. Counting what went before from its reply and what comes
 * next from its start is the worst case of both, so the law holds wherever in between they land.
 */
import { Fifo } from "./fifo.ts";

/**
 * The longest readers stay away once the store is back: a reconnection over TCP backs off by up to 3 s, a puller by up to 2.1 s, and
 * neither waits longer than about as long as the outage was.
 */
export const READERS_RETURN_MAX_MS = 5_500;

interface Landed {
  readonly atMs: number;
  readonly events: number;
}

/** See the file's own description. Times are the clock's monotonic ms. */
export class AppendPacer {
  readonly maxEvents: number;
  /** The interval of open hours. */
  readonly usualPullMs: number;
  #pullMs: number;
  /** After a change: the interval readers may still keep, and until when (undefined: until the change is written, and then on). */
  #held: { readonly pullMs: number; readonly untilMs: number | undefined } | undefined;
  readonly #landed = new Fifo<Landed>();
  #landedEvents = 0;

  constructor(listCapEvents: number, pullMs: number) {
    this.maxEvents = Math.floor(listCapEvents / 2);
    this.usualPullMs = this.#pullMs = pullMs;
  }

  /** What the head says from the next append on. */
  get pullMs(): number {
    return this.#pullMs;
  }

  /** The interval paced by: the longer of the two until a change has been there for one long interval. */
  paceMs(nowMs: number): number {
    if (!this.#held) return this.#pullMs;
    if (this.#held.untilMs !== undefined && nowMs >= this.#held.untilMs) this.#held = undefined;
    return Math.max(this.#pullMs, this.#held?.pullMs ?? 0);
  }

  /** Whether the head says another interval, or may. */
  get isUntold(): boolean {
    return this.#held !== undefined && this.#held.untilMs === undefined;
  }

  /** Readers are asked to come every `pullMs` from when it is written, by an append or by itself. */
  setPullInterval(pullMs: number, nowMs: number): void {
    if (pullMs === this.#pullMs) return;
    this.#held = { pullMs: this.paceMs(nowMs), untilMs: undefined };
    this.#pullMs = pullMs;
  }

  /** Readers may still come at the interval another writer asked for. */
  found(pullMs: number): void {
    if (pullMs !== this.#pullMs) this.#held = { pullMs, untilMs: undefined };
  }

  /**
   * The store was out of reach for `outageMs` and answers again: readers wait out their own backoff before they come, so for that
   * long a list takes no more than what one of them reads when it does.
   */
  returned(outageMs: number, nowMs: number): void {
    const pullMs = Math.min(READERS_RETURN_MAX_MS, this.#pullMs + 2 * outageMs);
    const untilMs = nowMs + pullMs;
    // A change of the interval that is not written yet stays.
    if (this.#held && (this.#held.untilMs === undefined || this.#held.untilMs >= untilMs)) return;
    this.#held = { pullMs, untilMs };
  }

  /** How many events may go now. */
  allowance(nowMs: number): number {
    const paceMs = this.paceMs(nowMs);
    for (
      let oldest = this.#landed.peek();
      oldest && nowMs - oldest.atMs >= paceMs;
      oldest = this.#landed.peek()
    ) {
      this.#landed.shift();
      this.#landedEvents -= oldest.events;
    }
    return this.maxEvents - this.#landedEvents;
  }

  /** How long until the allowance grows, in ms; 0 when nothing holds it down. */
  waitMs(nowMs: number): number {
    const oldest = this.#landed.peek();
    return oldest ? Math.max(0, oldest.atMs + this.paceMs(nowMs) - nowMs) : 0;
  }

  /** An append of `events` was answered; the head carries the present interval now. */
  landed(events: number, nowMs: number): void {
    this.#landed.push({ atMs: nowMs, events });
    this.#landedEvents += events;
    this.told(nowMs);
  }

  /** The head carries the present interval now. */
  told(nowMs: number): void {
    if (this.#held && this.#held.untilMs === undefined) {
      this.#held = { pullMs: this.#held.pullMs, untilMs: nowMs + this.paceMs(nowMs) };
    }
  }

  /** Events a second the list can carry at this pace. */
  capacity(nowMs: number): number {
    return this.maxEvents * 1000 / Math.max(1, this.paceMs(nowMs));
  }
}
