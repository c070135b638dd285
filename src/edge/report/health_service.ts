/**
 * Health of one instance: what its routes answer and what heartbeats say of the streams. Never waits for the store.
 */
import type { Clock } from "../../feed/clock.ts";
import type { StreamState } from "../../feed/health.ts";
import type { FeedStore } from "../../feed/store.ts";
import type { StreamTable } from "../../feed/stream.ts";
import type { EdgeFacts, EdgePhase } from "./health_facts.ts";
import { IngestNoteReader, type IngestNotes, NOTES_FRESH_MS, NOTES_PEEK_FRESH_MS } from "./health_notes.ts";
import {
  type HealthSight,
  type SessionAt,
  type StreamReport,
  streamReports,
  streamStates,
} from "./health_report.ts";

/** How {@link HealthService} is made. */
export interface HealthOptions {
  readonly store: FeedStore;
  readonly clock: Clock;
  readonly streams: StreamTable;
  readonly facts: EdgeFacts;
  readonly sessionAt: SessionAt;
  /** What this process can't do with its rights in the store (`control`, `tickets`, …), for operators to see. */
  readonly restrictions?: () => readonly string[];
}

/** `/health`. */
export interface AliveReport {
  readonly status: "ok";
  readonly edge: string;
  readonly version: string;
  readonly phase: EdgePhase;
  readonly uptime_s: number;
}

/** `/health/streams`. */
export interface StreamsReport {
  readonly at: number;
  readonly edge: string;
  readonly phase: EdgePhase;
  readonly ok: boolean;
  readonly simulated: boolean;
  readonly ingest: {
    readonly instance: string;
    readonly role: string;
    readonly version: string;
    readonly report_age_ms: number;
    readonly store_up: boolean;
    /** Why ingest runs one connection instead of several, or empty. */
    readonly plan_fallback: string;
    readonly drops: Readonly<Record<string, number>>;
  } | null;
  readonly store: {
    readonly transport: string;
    readonly silent_ms: number;
    readonly restrictions: readonly string[];
  };
  readonly streams: Readonly<Record<string, StreamReport>>;
}

/** How old the states in a heartbeat may be. */
export const STATES_FRESH_MS = 500;

/** Whether a stream in this state is a fault. */
export const isFault = (state: StreamState): boolean => state === "stale" || state === "down";

/** See the file's head. */
export class HealthService implements Disposable {
  readonly #options: HealthOptions;
  readonly #notes: IngestNoteReader;
  #states: ReadonlyMap<string, StreamState> | undefined;
  #statesMs = 0;

  constructor(options: HealthOptions) {
    this.#options = options;
    const { store, clock } = options;
    const peekFreshMs = store.transport === "memory" ? NOTES_FRESH_MS : NOTES_PEEK_FRESH_MS;
    this.#notes = new IngestNoteReader(store, clock, peekFreshMs);
  }

  /** What ingest said last, without waiting. */
  peekNotes(): IngestNotes {
    return this.#notes.peek();
  }

  /** What ingest said last, after a bounded wait for something newer. */
  readNotes(): Promise<IngestNotes> {
    return this.#notes.read();
  }

  /** Every stream's state, without waiting and judged once for many: thousands of heartbeats carry it. */
  states(): ReadonlyMap<string, StreamState> {
    const nowMs = this.#options.clock.monotonic();
    if (this.#states === undefined || nowMs - this.#statesMs >= STATES_FRESH_MS) {
      this.#states = streamStates(this.#sight(this.#notes.peek()), this.#options.streams.values());
      this.#statesMs = nowMs;
    }
    return this.#states;
  }

  alive(): AliveReport {
    const { facts, clock } = this.#options;
    return {
      status: "ok",
      edge: facts.edgeId,
      version: facts.version,
      phase: facts.phase(),
      uptime_s: Math.max(0, Math.round((clock.now() - facts.startedAt) / 1000)),
    };
  }

  /** Reports of all streams, in the table's order. */
  async reports(): Promise<readonly StreamReport[]> {
    const notes = await this.#notes.read();
    return streamReports(this.#sight(notes), this.#options.streams.values());
  }

  /** The whole of `/health/streams`; `ok` is false only when every stream that is on is at fault. */
  async streams(): Promise<StreamsReport> {
    const { facts, clock, store, restrictions } = this.#options;
    const notes = await this.#notes.read();
    const reports = streamReports(this.#sight(notes), this.#options.streams.values());
    const on = reports.filter((one) => one.state !== "off");
    return {
      at: clock.now(),
      edge: facts.edgeId,
      phase: facts.phase(),
      ok: on.length === 0 || on.some((one) => !isFault(one.state)),
      simulated: notes.plan?.simulated ?? notes.ingest?.simulated ?? false,
      ingest: notes.ingest === undefined ? null : {
        instance: notes.ingest.instance,
        role: notes.ingest.role,
        version: notes.ingest.version,
        report_age_ms: notes.reportAgeMs,
        store_up: notes.ingest.store.up,
        plan_fallback: notes.ingest.planFallback,
        drops: notes.ingest.dropsByReason,
      },
      store: {
        transport: store.transport,
        silent_ms: notes.storeSilentMs,
        restrictions: restrictions?.() ?? [],
      },
      streams: Object.fromEntries(reports.map((one) => [one.stream, one])),
    };
  }

  [Symbol.dispose](): void {
    this.#notes[Symbol.dispose]();
  }

  #sight(notes: IngestNotes): HealthSight {
    const { clock, facts, sessionAt } = this.#options;
    return { now: clock.now(), facts, notes, sessionAt };
  }
}
