/** One ingest process: its terms of leading, and what it does in each. */
import { isAbort } from "../feed/clock.ts";
import { describeError, TickcastError } from "../feed/error.ts";
import type { IngestHealth, PublishedPlan } from "../feed/health.ts";
import { STREAMS } from "../feed/stream.ts";
import { applyPlan } from "./control/apply_plan.ts";
import { rebalance } from "./control/connection_commands.ts";
import { ConnectionManager, type Upstream } from "./manage/connection_manager.ts";
import type { ConnectionPlan } from "./plan/connection_plan.ts";
import { type ControlScope, executeCommand, setStream } from "./control/control_commands.ts";
import { CONTROL_POLL_MS, runControlLoop } from "./control/control_loop.ts";
import { PUBLISH_INTERVAL_MS, publishNotes, takeUpChanges } from "./ingest_notes.ts";
import type { DerivedHost } from "./derive/derived_host.ts";
import { Leadership, LEASE_PACE, type Term } from "./leadership.ts";
import type { Pipeline } from "./channel/pipeline.ts";
import { readPlan } from "./plan/plan_source.ts";
import { publishedPlan } from "./plan/published_plan.ts";
import { RuntimeChanges } from "./control/runtime_changes.ts";
import type { Ingest, StartIngestOptions } from "./start_ingest.ts";
import { loadUniverses } from "./plan/universes.ts";
import type { SocketOpener } from "./upstream/upstream_socket.ts";

/** Writing out what is queued on a clean stop, at most. */
export const FLUSH_LIMIT_MS = 5_000;
/** Between tries to make a plan that hangs on the store. */
export const PLAN_RETRY_MS = 5_000;

/** {@link StartIngestOptions} with everything decided. */
export interface IngestParts extends StartIngestOptions {
  readonly upstream: Upstream;
  readonly pipeline: Pipeline;
  readonly open: SocketOpener;
  readonly recorder: AsyncDisposable | undefined;
  readonly derived: DerivedHost | undefined;
}

/** See the file's head. */
export class RunningIngest implements Ingest {
  readonly done: Promise<void>;
  readonly #parts: IngestParts;
  readonly #manager: ConnectionManager;
  readonly #leadership: Leadership;
  readonly #changes = new RuntimeChanges();
  readonly #stop = new AbortController();
  readonly #startedAt: number;
  #plan: ConnectionPlan | undefined;
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
    const pace = LEASE_PACE[store.transport];
    this.#leadership = new Leadership({ store, clock, log: log.child("lease"), owner: instance, ...pace });
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
      planFallback: this.#plan?.fallback.join("; ") ?? "",
      connections: this.#manager.health(),
      ...pipeline.health(),
      store: { commands, requests, failures, up: this.#leadership.isStoreUp },
    };
  }

  async reload(): Promise<Record<string, unknown>> {
    const plan = await readPlan(this.#parts, this.#stop.signal);
    if (plan.fallback.length > 0 && (this.#plan?.mode === "multi" || this.#plan === undefined)) {
      throw new TickcastError("SETTINGS", plan.fallback.join("; "));
    }
    const applied = await this.#apply(plan);
    this.#parts.log.info("reload", { added: applied.added, removed: applied.removed });
    return { ...applied };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.done;
  }

  async #run(plan: ConnectionPlan | undefined): Promise<void> {
    if (plan !== undefined) await this.#apply(plan);
    try {
      await this.#leadership.run((term) => this.#lead(term), this.#stop.signal);
    } finally {
      await this.#parts.recorder?.[Symbol.asyncDispose]();
    }
  }

  async #apply(plan: ConnectionPlan): Promise<Awaited<ReturnType<typeof applyPlan>>> {
    const { log, settings } = this.#parts;
    if (plan.fallback.length > 0) log.warning("plan_fallback", { reasons: plan.fallback });
    log.info("plan", { mode: plan.mode, reasons: plan.reasons });
    const keepHomes = plan.mode === "multi" && settings.ingest.strategy !== "manual";
    this.#plan = plan;
    return await applyPlan(this.#manager, plan.connections, this.#changes, keepHomes);
  }

  /** One term: everything runs until it is lost, fenced off, or we are stopped; what is queued is written before the lease goes. */
  async #lead(term: Term): Promise<void> {
    const { pipeline, derived } = this.#parts;
    const appends = new AbortController();
    const work = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, term.lost, work.signal]);
    if (!await this.#ensurePlan(signal)) return;
    await derived?.begin(term.fence, signal);
    // Fenced off or broken: no socket is of use then.
    const appending = pipeline.lead(term.fence, AbortSignal.any([appends.signal, term.lost]))
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

  async #ensurePlan(signal: AbortSignal): Promise<boolean> {
    const { clock, log } = this.#parts;
    while (this.#plan === undefined && !signal.aborted) {
      try {
        await this.#apply(await readPlan(this.#parts, signal));
      } catch (error) {
        if (isAbort(error, signal)) return false;
        log.error("plan_refused", { detail: describeError(error) });
        await clock.sleep(PLAN_RETRY_MS, signal).catch(() => {});
      }
    }
    if (this.#plan !== undefined && await takeUpChanges(this.#noteOptions(), signal)) {
      await this.#apply(this.#plan);
      for (const stream of STREAMS.keys()) this.#takeUpStream(stream);
    }
    return !signal.aborted;
  }

  /** Somebody else who led may have stopped or started a stream. */
  #takeUpStream(stream: string): void {
    const { pipeline } = this.#parts;
    const state = pipeline.health().channels.find((one) => one.stream === stream)?.state;
    const isStopped = this.#changes.isStopped(stream);
    if (state === undefined || state === "off" || isStopped === (state === "stopped")) return;
    setStream({ pipeline, manager: this.#manager }, stream, !isStopped);
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
      changes: this.#changes,
    };
  }

  /** What is published of the plan, as of now. */
  plan(): PublishedPlan {
    const { settings, clock, heatmapDefault } = this.#parts;
    const { placement } = this.#manager;
    const connections = placement.lanes.map(({ id, market }) => ({ market, tickers: placement.tickers(id) }));
    return publishedPlan(settings, connections, clock.now(), heatmapDefault);
  }

  #scope(): ControlScope {
    const { settings, clock, pipeline, log, store } = this.#parts;
    return {
      manager: this.#manager,
      settings: settings.ingest,
      changes: this.#changes,
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
