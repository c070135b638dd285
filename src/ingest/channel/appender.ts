/**
 * Appends one lane to its list: one request in flight, paced, each batch tried with its own token until its fate is known,
 * so that a lost reply never doubles and a store that is away only delays.
 */
import { type Clock, isAbort, type Random } from "../../feed/clock.ts";
import { comparePositions, ORIGIN, type Position } from "../../feed/cursor.ts";
import { describeError, TickcastError } from "../../feed/error.ts";
import type { Log } from "../../feed/log.ts";
import type { AppendReply, FeedStore, ListTail } from "../../feed/store.ts";
import type { AppendPacer } from "./append_pacer.ts";
import { CapacityWatch } from "./capacity_watch.ts";
import type { Lane, LaneItem } from "./lane.ts";

/** Bodies in one append, in bytes with room for ids: the store takes 1 MiB. */
export const APPEND_MAX_BYTES = 1_000_000;
/** Ceiling of the first wait after a failed append; doubles. */
export const APPEND_RETRY_BASE_MS = 20;
/** Ceiling of every later one. */
export const APPEND_RETRY_CAP_MS = 2_000;
/** Between tries when an operator must act. */
export const APPEND_REFUSED_RETRY_MS = 5_000;
/** Least time between two complaints about one list. */
const COMPLAINT_INTERVAL_MS = 10_000;

/** What an appender needs. */
export interface AppenderOptions {
  readonly store: FeedStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly lane: Lane;
  readonly pacer: AppendPacer;
  readonly listCapEvents: number;
  readonly appendIntervalMs: number;
  /** Called with what stands in the list now, and where its first stands. */
  readonly appended: (list: string, first: Position, items: readonly LaneItem[]) => void;
  /** The store answers again after so long: no list may run ahead of readers that are not back yet. */
  readonly returned: (outageMs: number) => void;
}

/** How a run ended: somebody else leads; nobody does, for the store lost the lease with all it had; the caller ended it. */
export type RunOutcome = "fenced" | "unheld" | "aborted";

/** See the file's own description. */
export class Appender {
  readonly #options: AppenderOptions;
  readonly #watch: CapacityWatch;
  #head: Position | undefined;
  #depth = 0;
  #appends = 0;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  #complainedAtMs = Number.NEGATIVE_INFINITY;
  #inFlight: readonly LaneItem[] = [];
  #leftRest = false;

  constructor(options: AppenderOptions) {
    this.#options = options;
    this.#watch = new CapacityWatch(options.clock, options.log, options.lane.list);
  }

  /** Whether nothing waits or is under way. */
  get idle(): boolean {
    return !this.#options.lane.waiting && this.#inFlight.length === 0;
  }

  get head(): Position | undefined {
    return this.#head;
  }

  get depth(): number {
    return this.#depth;
  }

  get appends(): number {
    return this.#appends;
  }

  /**
   * Where the list stands, as found in the store before the first append. What was under way when the last run was aborted
   * may have landed; when somebody else wrote meanwhile, what waits here is no longer ours to send. Returns how many events
   * were let go of.
   */
  stands(tail: ListTail): number {
    const { head, elements } = tail;
    const before = this.#head;
    this.#depth = elements.length;
    if (head) this.#options.pacer.found(head.pullMs);
    // Lost, or an old copy: going on from where readers stand already makes the store begin a new epoch.
    if (before && (!head || comparePositions(head, before) <= 0)) return 0;
    this.#head = head;
    if (!before || !head) return 0;
    if (!this.#landed(before, tail)) return this.clear();
    this.#inFlight = [];
    return 0;
  }

  /** The next append begins a new epoch: what the list holds is of another split of the stream. */
  restart(): void {
    this.#head = ORIGIN;
    this.#depth = 0;
  }

  /** Resolves when the list has a head of ours; rejects with the signal's reason. */
  async restarted(signal: AbortSignal): Promise<void> {
    while (!this.#head || this.#head === ORIGIN) await this.#options.clock.sleep(RESTART_LOOK_MS, signal);
  }

  /** Appends what comes until the run ends. What was under way then is tried again by the next one. */
  async run(fence: number, signal: AbortSignal): Promise<RunOutcome> {
    try {
      while (!signal.aborted) {
        if (this.#inFlight.length === 0) await this.#options.lane.untilWaiting(signal);
        const end = signal.aborted ? undefined : await this.#turn(fence, signal);
        if (end) return end;
      }
    } catch (error) {
      if (!isAbort(error, signal)) throw error;
    }
    return "aborted";
  }

  /** Monotonic ms of the last append's start; -Infinity before any. */
  get sentAtMs(): number {
    return this.#sentAtMs;
  }

  /** Asks readers to come every `pullMs` although nothing is appended; the next append goes back to the usual interval. */
  askPull(pullMs: number): void {
    const { lane, pacer, clock } = this.#options;
    if (!this.idle) return;
    pacer.setPullInterval(pullMs, clock.monotonic());
    if (pacer.isUntold) lane.nudge();
  }

  /** Lets go of what waits and what is under way. Returns how many events that were. */
  clear(): number {
    const count = this.#inFlight.length + this.#options.lane.clear();
    this.#inFlight = [];
    return count;
  }

  #landed(before: Position, { head, elements }: ListTail): boolean {
    const last = this.#inFlight.at(-1);
    return last !== undefined && head?.epoch === before.epoch &&
      head.seq === before.seq + this.#inFlight.length &&
      elements.at(-1)?.endsWith(last.body.text.slice(1)) === true;
  }

  #turn(fence: number, signal: AbortSignal): Promise<RunOutcome | undefined> {
    return this.idle ? this.#tellPull(fence, signal) : this.#appendOnce(fence, signal);
  }

  /** One at a time with the appends. What fails is tried at the next nudge: until it is written the longer interval paces. */
  async #tellPull(fence: number, signal: AbortSignal): Promise<undefined> {
    const { store, clock, lane: { list }, pacer } = this.#options;
    const expected = this.#head;
    if (expected === undefined || !pacer.isUntold) return;
    const { pullMs } = pacer;
    try {
      const reply = await store.setPullInterval({ list, fence, expected, pullMs }, signal);
      if (reply === "written" && pacer.pullMs === pullMs) pacer.told(clock.monotonic());
    } catch (error) {
      if (isAbort(error, signal)) throw error;
      this.#options.log.debug("pull_interval_untold", { list, error: describeError(error) });
    }
  }

  async #appendOnce(fence: number, signal: AbortSignal): Promise<RunOutcome | undefined> {
    const { lane, pacer } = this.#options;
    pacer.setPullInterval(pacer.usualPullMs, this.#options.clock.monotonic());
    const allowance = await this.#untilAllowed(signal);
    const items = this.#inFlight.length > 0 ? this.#inFlight : lane.take(allowance, APPEND_MAX_BYTES);
    if (items.length === 0) return undefined;
    this.#inFlight = items;
    this.#leftRest = lane.waiting;
    const reply = await this.#appendUntilKnown(items, fence, signal);
    if (reply.outcome === "fenced") return reply.fence > fence ? "fenced" : "unheld";
    this.#inFlight = [];
    this.#appends++;
    this.#took(reply);
    const now = this.#options.clock.monotonic();
    pacer.landed(items.length, now);
    this.#watch.appended(items.length, pacer.capacity(now));
    this.#options.appended(lane.list, { epoch: reply.epoch, seq: reply.firstSeq }, items);
    return undefined;
  }

  /** Waits for pace and interval; gives how many events may go. */
  async #untilAllowed(signal: AbortSignal): Promise<number> {
    const { clock, pacer } = this.#options;
    for (;;) {
      const now = clock.monotonic();
      const allowance = pacer.allowance(now);
      const restMs = this.#sentAtMs + this.#spacingMs(now) - now;
      // A batch that is under way already was allowed when it was taken.
      const mayGo = allowance > 0 && allowance >= this.#inFlight.length;
      if (mayGo && restMs <= 0) return allowance;
      await clock.sleep(Math.max(restMs, mayGo ? 0 : pacer.waitMs(now), MIN_WAIT_MS), signal);
    }
  }

  /**
   * The append interval; while the pace leaves a rest behind, one that goes into the pull interval without remainder, for
   * otherwise what the pace frees would wait for the next append's turn (at 100 in 250 ms a sixth of the capacity).
   */
  #spacingMs(nowMs: number): number {
    const { appendIntervalMs, pacer } = this.#options;
    const paceMs = pacer.paceMs(nowMs);
    if (!this.#leftRest || appendIntervalMs <= 0 || appendIntervalMs >= paceMs) return appendIntervalMs;
    return paceMs / Math.floor(paceMs / appendIntervalMs);
  }

  async #appendUntilKnown(items: readonly LaneItem[], fence: number, signal: AbortSignal) {
    const { store, clock, lane, pacer, listCapEvents, returned } = this.#options;
    let awayAtMs: number | undefined;
    const bodies = items.map((item) => item.body);
    let batch = crypto.randomUUID();
    for (let attempt = 0;;) {
      signal.throwIfAborted();
      this.#sentAtMs = clock.monotonic();
      try {
        const expected = this.#head ?? ORIGIN;
        const reply = await store.append(
          { list: lane.list, capEvents: listCapEvents, fence, expected, batch, bodies, pullMs: pacer.pullMs },
          signal,
        );
        if (awayAtMs !== undefined) returned(clock.monotonic() - awayAtMs);
        awayAtMs = undefined;
        if (reply.outcome !== "behind") return reply;
        this.#head = reply.head;
        batch = crypto.randomUUID();
        this.#options.log.info("append_behind", {
          list: lane.list,
          epoch: reply.head.epoch,
          seq: reply.head.seq,
        });
        await clock.sleep(this.#retryMs(attempt++), signal);
      } catch (error) {
        if (isAbort(error, signal)) throw error;
        awayAtMs ??= this.#sentAtMs;
        await this.#pauseAfter(error, attempt++, signal);
      }
    }
  }

  #took(reply: Extract<AppendReply, { outcome: "applied" }>): void {
    if (reply.fresh && this.#head) {
      this.#options.log.warning("list_began_again", { list: this.#options.lane.list, epoch: reply.epoch });
    }
    const fresh = this.#head?.epoch !== reply.epoch;
    const added = reply.lastSeq - reply.firstSeq + 1;
    this.#depth = Math.min(this.#options.listCapEvents, (fresh ? 0 : this.#depth) + added);
    this.#head = { epoch: reply.epoch, seq: reply.lastSeq };
  }

  async #pauseAfter(error: unknown, attempt: number, signal: AbortSignal): Promise<void> {
    const { clock, log, lane } = this.#options;
    const passing = error instanceof TickcastError && error.shouldRetry;
    const now = clock.monotonic();
    if (now - this.#complainedAtMs >= COMPLAINT_INTERVAL_MS) {
      this.#complainedAtMs = now;
      const fields = {
        list: lane.list,
        error: describeError(error),
        waiting: lane.depth,
        attempt: attempt + 1,
      };
      if (passing) log.warning("append_failed", fields);
      else log.error("append_refused", fields);
    }
    await clock.sleep(passing ? this.#retryMs(attempt) : APPEND_REFUSED_RETRY_MS, signal);
  }

  /** Full jitter, at the cap too. */
  #retryMs(attempt: number): number {
    return this.#options.random() *
      Math.min(APPEND_RETRY_CAP_MS, APPEND_RETRY_BASE_MS * 2 ** Math.min(attempt, 16));
  }
}

/** Between looks at whether a restarted list has its new epoch. */
const RESTART_LOOK_MS = 50;
/** Timers are no finer; a wait of nothing would be a busy loop. */
const MIN_WAIT_MS = 0.5;
