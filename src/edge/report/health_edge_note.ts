/**
 * This instance's own note in the store (`health:edge:<id>`), for operators who look at the whole fleet: small,
 * seldom, gone when the instance stops, and by itself soon after one that crashed. Where the store refuses writes (a
 * read-only token) it stops trying and health says so.
 */
import { z } from "zod";
import type { Clock } from "../../feed/clock.ts";
import { describeError, TickcastError } from "../../feed/error.ts";
import type { Log } from "../../feed/log.ts";
import type { NoteStore } from "../../feed/store.ts";
import type { EdgeCounters } from "../edge_counters.ts";
import { EDGE_PHASES, type EdgeFacts } from "./health_facts.ts";
import { activeConnections } from "./stats_report.ts";

/** Two notes a minute: 86 400 commands a month. */
export const EDGE_NOTE_INTERVAL_MS = 30_000;
/** An instance that missed two notes is forgotten. */
export const EDGE_NOTE_TTL_MS = 90_000;
/** A write that takes longer is given up. */
export const EDGE_NOTE_LIMIT_MS = 5_000;

/** Taking the note away when the instance stops may hold the stop up for so long. */
export const EDGE_NOTE_FAREWELL_MS = 500;

/** What the names of these notes begin with. */
export const EDGE_NOTE_PREFIX = "health:edge:";

/** A note as other instances read it. */
export const EdgeNoteShape = z.object({
  at: z.number(),
  edge: z.string(),
  version: z.string(),
  startedAt: z.number(),
  phase: z.enum(EDGE_PHASES),
  connections: z.number(),
  messagesSent: z.number(),
  /** Of the last 60 s; releases before this was told are read as silent. */
  messages1m: z.number().default(0),
  slowClosed: z.number(),
  lists: z.array(z.string()),
});
/** See {@link EdgeNoteShape}. */
export type EdgeNoteContent = z.infer<typeof EdgeNoteShape>;

/** How {@link EdgeNote} is made. */
export interface EdgeNoteOptions {
  readonly store: NoteStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly facts: EdgeFacts;
  readonly counters: EdgeCounters;
}

/** See the file's head. */
export class EdgeNote implements AsyncDisposable {
  readonly #options: EdgeNoteOptions;
  readonly #name: string;
  readonly #stop = new AbortController();
  #interval: Disposable | undefined;
  #writing: Promise<void> | undefined;
  #isRefused = false;
  #isWritten = false;

  constructor(options: EdgeNoteOptions) {
    this.#options = options;
    this.#name = EDGE_NOTE_PREFIX + options.facts.edgeId;
  }

  /** The store takes no writes from us. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Writes the first note and goes on. */
  start(): void {
    this.#interval ??= this.#options.clock.interval(EDGE_NOTE_INTERVAL_MS, () => this.#write());
    this.#write();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#interval?.[Symbol.dispose]();
    this.#stop.abort(new DOMException("The edge stops", "AbortError"));
    await this.#writing;
    if (this.#isWritten && !this.#isRefused) await this.#takeAway();
  }

  /** By a write that expires at once: an edge's rights in Redis know no DEL. */
  async #takeAway(): Promise<void> {
    const limit = new AbortController();
    using _timer = this.#options.clock.timer(
      EDGE_NOTE_FAREWELL_MS,
      () => limit.abort(new DOMException("The store took too long", "TimeoutError")),
    );
    // Where it fails the note expires by itself.
    await this.#options.store.writeNote(this.#name, "{}", 1, limit.signal).catch(() => {});
  }

  #write(): void {
    if (this.#writing || this.#isRefused || this.#stop.signal.aborted) return;
    this.#writing = this.#writeOnce().finally(() => this.#writing = undefined);
  }

  async #writeOnce(): Promise<void> {
    const { store, clock, log } = this.#options;
    const limit = new AbortController();
    using _timer = clock.timer(
      EDGE_NOTE_LIMIT_MS,
      () => limit.abort(new DOMException("The store took too long", "TimeoutError")),
    );
    try {
      const signal = AbortSignal.any([limit.signal, this.#stop.signal]);
      await store.writeNote(this.#name, JSON.stringify(this.content()), EDGE_NOTE_TTL_MS, signal);
      this.#isWritten = true;
    } catch (error) {
      if (!(error instanceof TickcastError) || error.code !== "STORE_REFUSED") return;
      this.#isRefused = true;
      log.warning("edge_note_refused", { error: describeError(error) });
    }
  }

  /** This instance as it is now. */
  content(): EdgeNoteContent {
    const { facts, counters, clock } = this.#options;
    return {
      at: clock.now(),
      edge: facts.edgeId,
      version: facts.version,
      startedAt: facts.startedAt,
      phase: facts.phase(),
      connections: activeConnections(counters),
      messagesSent: counters.messagesSent,
      messages1m: counters.messagesLastMinute(),
      slowClosed: counters.slowClosed,
      lists: facts.lists().filter((one) => one.wanted).map((one) => one.list),
    };
  }
}
