/**
 * What ingest says of itself, as this edge last read it. Health must answer within a second with the store hanging,
 * so nothing waits for the store longer than {@link NOTES_WAIT_MS}: readers get what is known, and one refresh at a
 * time runs behind them.
 */
import type { Clock } from "../../feed/clock.ts";
import { IngestHealth, PublishedPlan } from "../../feed/health.ts";
import type { NoteStore } from "../../feed/store.ts";

/** A read newer than this is good enough; it bounds what health costs in commands, whoever asks however often. */
export const NOTES_FRESH_MS = 2_000;
/** For heartbeats, which go on day and night while anybody is connected, one of their own intervals is. */
export const NOTES_PEEK_FRESH_MS = 15_000;
/** How long a reader waits for a refresh before it takes what is known. */
export const NOTES_WAIT_MS = 400;
/** A refresh that takes longer is given up, so that the next one can start. */
export const NOTES_READ_LIMIT_MS = 5_000;

/** Ingest's report and plan as last read. */
export interface IngestNotes {
  readonly ingest: IngestHealth | undefined;
  /** How old the report was when it was last read, by our clock where it can be told and ingest's where not. */
  readonly reportAgeMs: number;
  readonly plan: PublishedPlan | undefined;
  /** Whether the plan was ever asked for and answered (with or without a plan). */
  readonly planRead: boolean;
  /** How long the store has left us without an answer; 0 when it answered last time. */
  readonly storeSilentMs: number;
  /** When the store last answered, Unix ms of this process; undefined: never. */
  readonly readAt: number | undefined;
}

/** Reads and remembers. */
export class IngestNoteReader implements Disposable {
  readonly #store: NoteStore;
  readonly #clock: Clock;
  readonly #peekFreshMs: number;
  readonly #stop = new AbortController();
  #ingest: IngestHealth | undefined;
  #plan: PublishedPlan | undefined;
  /** When the report's own time was first seen to change here, and whether it ever did. */
  #reportSeenAt = 0;
  #reportMoved = false;
  #readAt: number | undefined;
  #readAtMonotonic = -Infinity;
  #failingSince: number | undefined;
  readonly #createdAt: number;
  #refresh: Promise<void> | undefined;

  /** @param peekFreshMs how old what {@link IngestNoteReader.peek} gives may get; reads in memory cost nothing */
  constructor(store: NoteStore, clock: Clock, peekFreshMs: number = NOTES_PEEK_FRESH_MS) {
    this.#store = store;
    this.#clock = clock;
    this.#createdAt = clock.now();
    this.#peekFreshMs = peekFreshMs;
  }

  /** What is known now, without waiting; starts a refresh when that is old. */
  peek(): IngestNotes {
    this.#startRefresh(this.#peekFreshMs);
    return this.#notes();
  }

  /** What is known after waiting for a refresh, but never longer than {@link NOTES_WAIT_MS}. Never rejects. */
  async read(): Promise<IngestNotes> {
    const refresh = this.#startRefresh(NOTES_FRESH_MS);
    if (refresh) {
      await new Promise<void>((resolve) => {
        const limit = this.#clock.timer(NOTES_WAIT_MS, resolve);
        refresh.then(() => {
          limit[Symbol.dispose]();
          resolve();
        });
      });
    }
    return this.#notes();
  }

  [Symbol.dispose](): void {
    this.#stop.abort(new DOMException("The edge stops", "AbortError"));
  }

  #notes(): IngestNotes {
    return {
      ingest: this.#ingest,
      reportAgeMs: this.#reportAgeMs(),
      plan: this.#plan,
      planRead: this.#readAt !== undefined,
      storeSilentMs: this.#failingSince === undefined ? 0 : this.#clock.now() - this.#failingSince,
      readAt: this.#readAt,
    };
  }

  /** Once the report has moved under our eyes its age is ours to tell; before that only ingest's clock can. */
  #reportAgeMs(): number {
    if (!this.#ingest || this.#readAt === undefined) return Infinity;
    const since = this.#reportMoved ? this.#reportSeenAt : this.#ingest.at;
    return Math.max(0, this.#readAt - since);
  }

  #startRefresh(freshMs: number): Promise<void> | undefined {
    if (this.#refresh || this.#stop.signal.aborted) return this.#refresh;
    if (this.#clock.monotonic() - this.#readAtMonotonic < freshMs) return undefined;
    const started = this.#clock.now();
    // A question the store leaves open counts as unanswered from when it was asked.
    this.#failingSince ??= started;
    this.#refresh = this.#read().finally(() => this.#refresh = undefined);
    return this.#refresh;
  }

  async #read(): Promise<void> {
    const limit = new AbortController();
    using _timer = this.#clock.timer(
      NOTES_READ_LIMIT_MS,
      () => limit.abort(new DOMException("The store took too long", "TimeoutError")),
    );
    const signal = AbortSignal.any([limit.signal, this.#stop.signal]);
    try {
      const [ingest, plan] = await Promise.all([
        this.#store.readNote("health:ingest", signal),
        this.#store.readNote("plan", signal),
      ]);
      this.#readAt = this.#clock.now();
      this.#readAtMonotonic = this.#clock.monotonic();
      this.#failingSince = undefined;
      this.#takeReport(parseNote(IngestHealth, ingest));
      this.#plan = parseNote(PublishedPlan, plan);
    } catch {
      // What failed is told by `storeSilentMs`; the store's own failures are counted by the store. A store that never
      // answered has been silent since the start, not since somebody first asked.
      if (this.#readAt === undefined) this.#failingSince = this.#createdAt;
    }
  }

  #takeReport(report: IngestHealth | undefined): void {
    if (report && this.#ingest && report.at !== this.#ingest.at) {
      this.#reportMoved = true;
      this.#reportSeenAt = this.#clock.now();
    }
    this.#ingest = report;
  }
}

/** The part of a zod schema that reading a note takes. */
export interface NoteSchema<T> {
  safeParse(value: unknown): { readonly success: true; readonly data: T } | { readonly success: false };
}

/** A note that can't be read (another release's, somebody else's) is as good as none. */
export function parseNote<T>(schema: NoteSchema<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
