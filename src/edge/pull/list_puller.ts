/**
 * The one reader of one list in an instance, whatever the number of clients. While somebody wants the list it is read at
 * least every `pull_ms`; a hint only makes a read sooner; once nobody has wanted it for the linger it rests. What was read
 * goes to a {@link TailSink}; what can't be read is tried again with bounded backoff while the ring goes on being served.
 */
import type { Clock, Random } from "../../feed/clock.ts";
import { comparePositions, ORIGIN, type Position } from "../../feed/cursor.ts";
import { describeError } from "../../feed/error.ts";
import type { Log } from "../../feed/log.ts";
import type { ListStore } from "../../feed/store.ts";
import type { EdgeCounters } from "../edge_counters.ts";
import { FreshWaiters } from "./fresh_waiters.ts";
import { PullPace } from "./pull_pace.ts";
import { SetBackWatch } from "./set_back_watch.ts";
import type { TailReader } from "./tail_reader.ts";

/** What a puller runs on. */
export interface PullerOptions {
  readonly list: string;
  readonly store: ListStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly counters: EdgeCounters;
  readonly lingerMs: number;
  readonly reader: TailReader;
  /** New records were found: followers have something to read. */
  readonly onNews: () => void;
  /** The list goes on under an earlier epoch than its reader has seen, for good: what was seen of it is over. */
  readonly onSetBack: () => void;
}

/** A read that the store leaves unanswered for longer is given up. */
export const READ_TIME_LIMIT_MS = 10_000;
/** A list that was read within this is one whose moves are seen as they happen. */
const WATCHED_MS = 10_000;
const BACKOFF_BASE_MS = 100;
/** Ingest waits so long, and a reconnection, for readers to be back before it writes out what it kept. */
const BACKOFF_CAP_MS = 2_000;

/** See the file comment. */
export class ListPuller implements AsyncDisposable {
  readonly #options: PullerOptions;
  readonly #pace: PullPace;
  readonly #stop = new AbortController();
  #wants = 0;
  #linger: Disposable | undefined;
  #running: Promise<void> | undefined;
  readonly #waiters = new FreshWaiters();
  readonly #setBack = new SetBackWatch();
  /** What hints said since the last answered read began; that read has had those before it, be they true or not. */
  #hinted: Position = ORIGIN;
  #failures = 0;
  #hasAnswered = false;
  #limit = new AbortController();
  #watch: Disposable | undefined;
  #isReading = false;
  pulls = 0;
  /** Last answered pull, and since when they fail, Unix ms. */
  pulledAt: number | undefined;
  failingSince: number | undefined;
  movedAt: number | undefined;

  constructor(options: PullerOptions) {
    this.#options = options;
    this.#pace = new PullPace(options.clock);
  }

  get isWanted(): boolean {
    return this.#wants > 0 || this.#linger !== undefined;
  }

  /** It reads, and has read since it last rested: what is held is what there is, within an interval. */
  get isWarm(): boolean {
    return this.isWanted && this.#hasAnswered;
  }

  get pullMs(): number {
    return this.#options.reader.pullMs;
  }

  /** Wants the list pulled, until as many {@link ListPuller.letGo}. */
  hold(): void {
    this.#wants++;
    this.#linger?.[Symbol.dispose]();
    this.#linger = undefined;
    this.#start();
  }

  letGo(): void {
    if (--this.#wants === 0) this.#startLinger();
  }

  /** A hint came: read soon, if it says anything new. */
  hint(position: Position): void {
    if (comparePositions(position, this.#options.reader.seen) <= 0) return;
    this.#noteHint(position);
    if (this.isWanted) this.#pace.hurry();
  }

  /**
   * Resolves once a read that began after this call has been answered; rejects with the signal's reason.
   * @param spacingMs how soon after the last read that one may begin, at the soonest
   */
  async fresh(signal: AbortSignal, spacingMs?: number): Promise<void> {
    signal.throwIfAborted();
    // Before it is held, so that the read with which a resting list begins is one for this caller.
    const answered = this.#waiters.wait(signal);
    this.#pace.hurry(spacingMs);
    this.hold();
    try {
      await answered;
    } finally {
      this.letGo();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException("stopped", "AbortError"));
    this.#waiters.end(this.#stop.signal.reason);
    this.#linger?.[Symbol.dispose]();
    this.#linger = undefined;
    this.#pace.wake();
    this.#limit.abort(this.#stop.signal.reason);
    await this.#running;
    this.#watch?.[Symbol.dispose]();
  }

  #startLinger(): void {
    if (this.#stop.signal.aborted) return;
    this.#linger = this.#options.clock.timer(this.#options.lingerMs, () => {
      this.#linger = undefined;
      this.#pace.wake();
    });
  }

  #start(): void {
    if (this.#running !== undefined || this.#stop.signal.aborted) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      this.#hasAnswered = false;
      if (this.isWanted) this.#start();
    });
  }

  #noteHint(position: Position): void {
    if (comparePositions(position, this.#hinted) > 0) this.#hinted = position;
  }

  async #run(): Promise<void> {
    while (this.isWanted && !this.#stop.signal.aborted) {
      this.#waiters.begin();
      this.#pace.begin();
      const answered = await this.#pull();
      this.#hasAnswered ||= answered;
      if (answered) this.#waiters.answer();
      if (!this.isWanted || this.#stop.signal.aborted) break;
      await this.#pace.wait(answered ? this.pullMs : this.#backoffMs(), answered);
    }
  }

  async #pull(): Promise<boolean> {
    const { clock, counters, reader, log, list, onNews } = this.#options;
    this.pulls++;
    counters.pulls++;
    const hinted = this.#hinted;
    this.#hinted = ORIGIN;
    try {
      const hasNews = await this.#withTimeLimit((signal) => reader.read(hinted, signal));
      if (this.#failures > 0) log.info("pull_recovered", { list, failures: this.#failures });
      this.#failures = 0;
      this.failingSince = undefined;
      const now = clock.now();
      // What a list held before anybody looked says nothing about whether it moves.
      const isWatched = this.pulledAt !== undefined && now - this.pulledAt <= WATCHED_MS;
      this.pulledAt = now;
      if (hasNews) {
        if (isWatched) this.movedAt = now;
        onNews();
      }
      this.#watchEpoch();
      return true;
    } catch (error) {
      this.#noteHint(hinted);
      if (this.#stop.signal.aborted) return false;
      counters.pullFailures++;
      this.failingSince ??= clock.now();
      if (this.#failures++ === 0) log.warning("pull_failed", { list, error: describeError(error) });
      return false;
    }
  }

  #watchEpoch(): void {
    const { clock, log, list, reader, onSetBack } = this.#options;
    const { earlier, seen } = reader;
    if (!this.#setBack.note(earlier, clock.monotonic())) return;
    log.warning("list_set_back", { list, epoch: earlier?.epoch, seen: seen.epoch });
    onSetBack();
  }

  /**
   * Runs a read under the time limit. One watch serves all reads: it looks once a limit whether the same read is still
   * waited for, so that a read costs no timer of its own (it may take up to twice the limit to be given up).
   */
  async #withTimeLimit<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#limit.signal.aborted) this.#limit = new AbortController();
    this.#isReading = true;
    if (this.#watch === undefined) this.#armWatch();
    try {
      return await work(this.#limit.signal);
    } finally {
      this.#isReading = false;
    }
  }

  /** The next look is for the read under way now: a later one has not been waited for so long by then. */
  #armWatch(): void {
    const { pulls } = this;
    this.#watch = this.#options.clock.timer(READ_TIME_LIMIT_MS, () => this.#look(pulls));
  }

  #look(pullsThen: number): void {
    this.#watch = undefined;
    if (this.#stop.signal.aborted || !this.isWanted) return;
    if (this.#isReading && this.pulls === pullsThen) {
      this.#limit.abort(new DOMException("the store did not answer in time", "TimeoutError"));
    }
    this.#armWatch();
  }

  /** Full jitter, never less than the base: an instance among hundreds must not come back with all the others. */
  #backoffMs(): number {
    const cap = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(this.#failures, 10));
    return BACKOFF_BASE_MS + this.#options.random() * cap;
  }
}
