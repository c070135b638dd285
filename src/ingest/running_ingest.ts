/** One ingest process: its terms of leading, and what it does in each. */
import type { Clock, Random } from "../feed/clock.ts";
import { describeError } from "../feed/error.ts";
import type { IngestHealth, PublishedPlan } from "../feed/health.ts";
import type { Log } from "../feed/log.ts";
import type { Settings } from "../feed/settings/settings.ts";
import type { FeedStore } from "../feed/store.ts";
import { rebalance } from "./control/connection_commands.ts";
import { ConnectionManager, type Upstream } from "./manage/connection_manager.ts";
import type { ConnectionPlan } from "./plan/connection_plan.ts";
import { type ControlScope, executeCommand } from "./control/control_commands.ts";
import { CONTROL_POLL_MS, runControlLoop } from "./control/control_loop.ts";
import { PlanKeeper } from "./control/plan_keeper.ts";
import { PUBLISH_INTERVAL_MS, publishNotes } from "./ingest_notes.ts";
import type { DerivedHost } from "./derive/derived_host.ts";
import { Leadership, LEASE_PACE, type Term } from "./leadership.ts";
import type { Pipeline } from "./channel/pipeline.ts";
import { loadUniverses } from "./plan/universes.ts";
import type { SocketOpener } from "./upstream/upstream_socket.ts";

/** Writing out what is queued on a clean stop, at most. */
export const FLUSH_LIMIT_MS = 5_000;

/** What an ingest runs on. */
export interface IngestSurroundings {
  readonly settings: Settings;
  readonly store: FeedStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Unique to this process: it owns the lease. */
  readonly instance: string;
  readonly version: string;
  /** Symbols of the heatmap where none are named and minute bars are of everything: the simulator's first. */
  readonly heatmapDefault?: readonly string[] | undefined;
}

/** … with everything decided. */
export interface IngestParts extends IngestSurroundings {
  readonly upstream: Upstream;
  readonly pipeline: Pipeline;
  readonly open: SocketOpener;
  readonly recorder: AsyncDisposable | undefined;
  readonly derived: DerivedHost | undefined;
}

/** A running ingest. */
export interface Ingest {
  /** Resolves when it has stopped; rejects when something of its own is broken (the process should end). */
  readonly done: Promise<void>;
  /** True from the start on: standing by is being ready. False once stopping. */
  readonly ready: boolean;
  /** What is published, as of now; a standby's is its own. */
  health(): IngestHealth;
  /** 0…1: the fullest channel queue. */
  pressure(): number;
  /** Reads universes again and applies the difference without reconnecting. @throws {TickcastError} SETTINGS, STORE_… */
  reload(): Promise<Record<string, unknown>>;
  /** Stops cleanly: sockets closed with close frames, queues written out, lease given back. */
  stop(): Promise<void>;
}

/** See the file's head. */
export class RunningIngest implements Ingest {
  readonly done: Promise<void>;
  readonly #parts: IngestParts;
  readonly #manager: ConnectionManager;
  readonly #leadership: Leadership;
  readonly #plans: PlanKeeper;
  readonly #stop = new AbortController();
  readonly #startedAt: number;
  /** Unix ms when this process last stopped listening to the upstream. */
  #listenedUntil: number | undefined;

  constructor(parts: IngestParts, plan: ConnectionPlan | undefined) {
    this.#parts = parts;
    const { clock, random, log, open, pipeline, upstream, settings, store, instance } = parts;
    this.#startedAt = clock.now();
    this.#manager = new ConnectionManager({
      clock,
      random,
      log: log.child("upstream"),
      open,
      pipeline,
      upstream,
      tickEvents: settings.ingest.tickEvents,
      failoverEnabled: settings.ingest.failoverEnabled,
    });
    this.#plans = new PlanKeeper({ ...parts, manager: this.#manager });
    const pace = LEASE_PACE[store.transport];
    this.#leadership = new Leadership({
      store,
      clock,
      log: log.child("lease"),
      owner: instance,
      ...pace,
      interruptions: () => store.usage().connects + store.usage().failures,
    });
    this.done = this.#run(plan);
  }

  get ready(): boolean {
    return !this.#stop.signal.aborted;
  }

  pressure(): number {
    return this.#parts.pipeline.pressure();
  }

  health(): IngestHealth {
    const { clock, instance, version, settings, store, pipeline } = this.#parts;
    const { commands, requests, failures } = store.usage();
    const fence = this.#leadership.fence ?? null;
    return {
      at: clock.now(),
      instance,
      version,
      role: fence === null ? "standby" : "leader",
      simulated: settings.simulated,
      startedAt: this.#startedAt,
      fence,
      planFallback: this.#plans.fallback,
      connections: this.#manager.health(),
      ...pipeline.health(),
      store: { commands, requests, failures, up: this.#leadership.isStoreUp },
    };
  }

  async reload(): Promise<Record<string, unknown>> {
    return { ...await this.#plans.reload(this.#stop.signal) };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.done;
  }

  async #run(plan: ConnectionPlan | undefined): Promise<void> {
    if (plan !== undefined) await this.#plans.apply(plan);
    try {
      await this.#leadership.run((term) => this.#lead(term), this.#stop.signal);
    } finally {
      await this.#parts.recorder?.[Symbol.asyncDispose]();
    }
  }

  /** One term: everything runs until it is lost, fenced off, or we are stopped; what is queued is written before the lease goes. */
  async #lead(term: Term): Promise<void> {
    const { pipeline, derived } = this.#parts;
    const appends = new AbortController();
    const work = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, term.lost, work.signal]);
    if (!await this.#plans.beginTerm(signal)) return;
    await derived?.begin(term.fence, signal);
    // Fenced off or broken: no socket is of use then.
    const appending = pipeline
      .lead(term.fence, AbortSignal.any([appends.signal, term.lost]), term.mayHaveGoneBack)
      .finally(() => work.abort());
    try {
      await Promise.all([
        this.#listen(term, signal),
        runControlLoop(this.#controlOptions(), signal),
        publishNotes(this.#noteOptions(), signal),
        this.#rebalanceLoop(signal),
        derived?.run(signal),
      ]);
      if (!term.lost.aborted && !work.signal.aborted) {
        await this.#flush();
        await derived?.finish();
      }
    } finally {
      work.abort();
      appends.abort();
      await appending;
    }
  }

  /** A lease that was lost with the store's data says nothing of what was missed: this process may know by itself. */
  async #listen(term: Term, signal: AbortSignal): Promise<void> {
    const [missedSince] = [term.missedSince, this.#listenedUntil].filter((one) => one !== undefined);
    try {
      await this.#manager.run(signal, missedSince);
    } finally {
      this.#listenedUntil = this.#parts.clock.now();
    }
  }

  async #flush(): Promise<void> {
    const { clock, pipeline, log } = this.#parts;
    const limit = new AbortController();
    using _limit = clock.timer(FLUSH_LIMIT_MS, () => limit.abort());
    try {
      await pipeline.flush(limit.signal);
    } catch (error) {
      log.warning("flush_incomplete", { error: describeError(error) });
    }
  }

  async #rebalanceLoop(signal: AbortSignal): Promise<void> {
    const { clock, settings } = this.#parts;
    if (!settings.ingest.autoRebalance) return;
    while (!signal.aborted) {
      await clock.sleep(settings.ingest.healthCheckIntervalMs, signal).catch(() => {});
      if (!signal.aborted) rebalance(this.#scope(), "automatic");
    }
  }

  #controlOptions() {
    const { store, clock, log } = this.#parts;
    return {
      store,
      clock,
      log: log.child("control"),
      pollMs: CONTROL_POLL_MS[store.transport],
      execute: (command: Parameters<typeof executeCommand>[0], signal: AbortSignal) =>
        executeCommand(command, this.#scope(), signal),
    };
  }

  #noteOptions() {
    const { store, clock, log } = this.#parts;
    return {
      store,
      clock,
      log,
      intervalMs: PUBLISH_INTERVAL_MS[store.transport],
      health: () => this.health(),
      plan: () => this.plan(),
      planVersion: () => this.#manager.placement.version,
      changes: this.#plans.changes,
    };
  }

  /** What is published of the plan, as of now. */
  plan(): PublishedPlan {
    return this.#plans.published();
  }

  #scope(): ControlScope {
    const { settings, clock, pipeline, log, store } = this.#parts;
    return {
      manager: this.#manager,
      settings: settings.ingest,
      changes: this.#plans.changes,
      log: log.child("upstream"),
      symbolRates: () => pipeline.symbolRates(),
      clock,
      pipeline,
      streams: new Set(
        pipeline.health().channels.filter((one) => one.state !== "off").map((one) => one.stream),
      ),
      reload: () => this.reload(),
      universe: async (key) => {
        const file = settings.ingest.universesFile;
        const { universes } = await loadUniverses([key], file, store, this.#stop.signal);
        return universes.get(key) ?? [];
      },
    };
  }
}
