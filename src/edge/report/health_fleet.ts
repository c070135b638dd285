/**
 * `GET /health/edges`: all edge instances that share this store, from the notes they leave there. The store is asked
 * only when somebody asks us, at most once in {@link FLEET_FRESH_MS}, and never waited for longer than
 * {@link FLEET_WAIT_MS}: with the store hanging the answer is what is known, and this instance at least.
 */
import type { Clock } from "../../feed/clock.ts";
import type { NoteStore } from "../../feed/store.ts";
import { EDGE_NOTE_PREFIX, type EdgeNoteContent, EdgeNoteShape } from "./health_edge_note.ts";
import type { EdgePhase } from "./health_facts.ts";
import { parseNote } from "./health_notes.ts";

/** A list of edges newer than this is good enough: about 2 commands each time, however many pages look. */
export const FLEET_FRESH_MS = 5_000;
/** How long a reader waits for a refresh before it takes what is known. */
export const FLEET_WAIT_MS = 400;
/** A refresh that takes longer is given up, so that the next one can start. */
export const FLEET_READ_LIMIT_MS = 5_000;
/** Edges told at most, by name. */
export const FLEET_EDGES_MAX = 200;

/** One instance. */
export interface FleetEdge {
  readonly edge: string;
  readonly version: string;
  readonly phase: EdgePhase;
  readonly uptime_s: number;
  /** Clients connected, all transports. */
  readonly active_connections: number;
  /** Messages sent in the minute before it wrote its note. */
  readonly messages_sent_1m: number;
  /** Clients closed for being slow since its start. */
  readonly slow_closed: number;
  /** Lists its clients want. */
  readonly lists: readonly string[];
  /** How old this is; 0 for the instance that answers. */
  readonly age_ms: number;
}

/** `/health/edges`. */
export interface FleetReport {
  readonly at: number;
  /** Who answers. */
  readonly edge: string;
  /** How old the list is, ms; null when the store has not been read yet: then only this instance is told. */
  readonly read_age_ms: number | null;
  /** There are more than {@link FLEET_EDGES_MAX}. */
  readonly truncated: boolean;
  readonly edges: readonly FleetEdge[];
}

/** How {@link FleetReader} is made. */
export interface FleetOptions {
  readonly store: NoteStore;
  readonly clock: Clock;
  /** This instance as it is now: newer than its own note. */
  readonly self: () => EdgeNoteContent;
}

/** See the file's head. */
export class FleetReader implements Disposable {
  readonly #options: FleetOptions;
  readonly #stop = new AbortController();
  #known: ReadonlyMap<string, EdgeNoteContent> = new Map();
  #isTruncated = false;
  #readAt: number | undefined;
  #askedMs = -Infinity;
  #refresh: Promise<void> | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** The edges after a bounded wait for something newer. Never rejects. */
  async read(): Promise<FleetReport> {
    const refresh = this.#startRefresh();
    if (refresh) {
      await new Promise<void>((resolve) => {
        const limit = this.#options.clock.timer(FLEET_WAIT_MS, resolve);
        refresh.then(() => {
          limit[Symbol.dispose]();
          resolve();
        });
      });
    }
    return this.#report();
  }

  [Symbol.dispose](): void {
    this.#stop.abort(new DOMException("The edge stops", "AbortError"));
  }

  #report(): FleetReport {
    const own = this.#options.self();
    const now = own.at;
    const notes = new Map(this.#known).set(own.edge, own);
    return {
      at: now,
      edge: own.edge,
      read_age_ms: this.#readAt === undefined ? null : Math.max(0, now - this.#readAt),
      truncated: this.#isTruncated,
      edges: [...notes.values()].map((note) => fleetEdge(note, now)).sort((a, b) => a.edge < b.edge ? -1 : 1),
    };
  }

  /** A store that fails is asked again no sooner than one that answers. */
  #startRefresh(): Promise<void> | undefined {
    if (this.#refresh || this.#stop.signal.aborted) return this.#refresh;
    const nowMs = this.#options.clock.monotonic();
    if (nowMs - this.#askedMs < FLEET_FRESH_MS) return undefined;
    this.#askedMs = nowMs;
    this.#refresh = this.#read().finally(() => this.#refresh = undefined);
    return this.#refresh;
  }

  async #read(): Promise<void> {
    const { store, clock } = this.#options;
    const limit = new AbortController();
    using _timer = clock.timer(
      FLEET_READ_LIMIT_MS,
      () => limit.abort(new DOMException("The store took too long", "TimeoutError")),
    );
    try {
      const signal = AbortSignal.any([limit.signal, this.#stop.signal]);
      const texts = await store.readNotes(EDGE_NOTE_PREFIX, FLEET_EDGES_MAX + 1, signal);
      const notes = [...texts.values()].slice(0, FLEET_EDGES_MAX).map((text) =>
        parseNote(EdgeNoteShape, text)
      );
      this.#known = new Map(notes.flatMap((note) => note ? [[note.edge, note]] : []));
      this.#isTruncated = texts.size > FLEET_EDGES_MAX;
      this.#readAt = clock.now();
    } catch {
      // Told by `read_age_ms`; the store counts its own failures.
    }
  }
}

/** A note as it is told. Its writer's clock may be ahead of ours: no age is below 0. */
const fleetEdge = (note: EdgeNoteContent, now: number): FleetEdge => ({
  edge: note.edge,
  version: note.version,
  phase: note.phase,
  uptime_s: Math.max(0, Math.round((note.at - note.startedAt) / 1000)),
  active_connections: note.connections,
  messages_sent_1m: note.messages1m,
  slow_closed: note.slowClosed,
  lists: note.lists,
  age_ms: Math.max(0, now - note.at),
});
