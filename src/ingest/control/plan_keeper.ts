/**
 * The plan in force and what operators changed of it: made at the start, or when leading begins where it hangs on the store;
 * changed by a reload; brought up to date with what was changed while somebody else led.
 */
import { type Clock, isAbort } from "../../feed/clock.ts";
import { describeError, TickcastError } from "../../feed/error.ts";
import type { PublishedPlan } from "../../feed/health.ts";
import type { Log } from "../../feed/log.ts";
import type { Settings } from "../../feed/settings/settings.ts";
import type { NoteStore, ShelfStore } from "../../feed/store.ts";
import { STREAMS } from "../../feed/stream.ts";
import { within } from "../../feed/time_limit.ts";
import type { Pipeline } from "../channel/pipeline.ts";
import type { ConnectionManager } from "../manage/connection_manager.ts";
import type { ConnectionPlan } from "../plan/connection_plan.ts";
import { readPlan } from "../plan/plan_source.ts";
import { publishedPlan } from "../plan/published_plan.ts";
import { type AppliedPlan, applyPlan } from "./apply_plan.ts";
import { setStream } from "./control_commands.ts";
import { CHANGES_NOTE, RuntimeChanges } from "./runtime_changes.ts";

/** Between tries to make a plan that hangs on the store. */
export const PLAN_RETRY_MS = 5_000;
/** Reading what operators changed when a term begins, at most. */
const CHANGES_LIMIT_MS = 3_000;

/** What a keeper works on. */
export interface PlanKeeperOptions {
  readonly settings: Settings;
  readonly store: NoteStore & Pick<ShelfStore, "readUniverse">;
  readonly clock: Clock;
  readonly log: Log;
  readonly manager: ConnectionManager;
  readonly pipeline: Pipeline;
  /** Symbols of the heatmap where none are named and minute bars are of everything. */
  readonly heatmapDefault?: readonly string[] | undefined;
}

/** See the file's head. */
export class PlanKeeper {
  /** What operators changed at run time. */
  readonly changes = new RuntimeChanges();
  readonly #options: PlanKeeperOptions;
  #plan: ConnectionPlan | undefined;

  constructor(options: PlanKeeperOptions) {
    this.#options = options;
  }

  /** Why the plan is not the one that was configured; empty when it is. */
  get fallback(): string {
    return this.#plan?.fallback.join("; ") ?? "";
  }

  /** What is published of the plan, as of now. */
  published(): PublishedPlan {
    const { settings, clock, heatmapDefault, manager: { placement } } = this.#options;
    const connections = placement.lanes.map(({ id, market }) => ({ market, tickers: placement.tickers(id) }));
    return publishedPlan(settings, connections, clock.now(), heatmapDefault);
  }

  /** Puts a plan in force; what stays of the one before is not touched. */
  async apply(plan: ConnectionPlan): Promise<AppliedPlan> {
    const { log, settings, manager } = this.#options;
    if (plan.fallback.length > 0) log.warning("plan_fallback", { reasons: plan.fallback });
    log.info("plan", { mode: plan.mode, reasons: plan.reasons });
    const keepHomes = plan.mode === "multi" && settings.ingest.strategy !== "manual";
    this.#plan = plan;
    return await applyPlan(manager, plan.connections, this.changes, keepHomes);
  }

  /**
   * Plans anew and applies the difference.
   * @throws {TickcastError} SETTINGS when there can be no plan or it would fall back from several connections; STORE_… when a
   * universe can't be read. Nothing has changed then.
   */
  async reload(signal: AbortSignal): Promise<AppliedPlan> {
    const plan = await readPlan(this.#options, signal);
    if (plan.fallback.length > 0 && (this.#plan?.mode === "multi" || this.#plan === undefined)) {
      throw new TickcastError("SETTINGS", plan.fallback.join("; "));
    }
    const applied = await this.apply(plan);
    this.#options.log.info("reload", { added: applied.added, removed: applied.removed });
    return applied;
  }

  /** Leading begins: makes the plan where there is none yet and takes up what operators changed. False when the signal aborted. */
  async beginTerm(signal: AbortSignal): Promise<boolean> {
    const { clock, log } = this.#options;
    while (this.#plan === undefined && !signal.aborted) {
      try {
        await this.apply(await readPlan(this.#options, signal));
      } catch (error) {
        if (isAbort(error, signal)) return false;
        log.error("plan_refused", { detail: describeError(error) });
        await clock.sleep(PLAN_RETRY_MS, signal).catch(() => {});
      }
    }
    if (this.#plan !== undefined && await this.#takeUpChanges(signal)) {
      await this.apply(this.#plan);
      for (const stream of STREAMS.keys()) this.#takeUpStream(stream);
    }
    return !signal.aborted;
  }

  /** What operators changed while somebody else led. @returns whether there was something. */
  async #takeUpChanges(signal: AbortSignal): Promise<boolean> {
    const { store, clock, log } = this.#options;
    const read = (inner: AbortSignal) => store.readNote(CHANGES_NOTE, inner);
    try {
      const text = await within({ clock, limitMs: CHANGES_LIMIT_MS, signal }, read);
      return text !== undefined && this.changes.restore(text);
    } catch (error) {
      if (!isAbort(error, signal)) log.warning("changes_not_read", { error: describeError(error) });
      return false;
    }
  }

  /** Somebody else who led may have stopped or started a stream. */
  #takeUpStream(stream: string): void {
    const { pipeline, manager } = this.#options;
    const state = pipeline.health().channels.find((one) => one.stream === stream)?.state;
    const isStopped = this.changes.isStopped(stream);
    if (state === undefined || state === "off" || isStopped === (state === "stopped")) return;
    setStream({ pipeline, manager }, stream, !isStopped);
  }
}
