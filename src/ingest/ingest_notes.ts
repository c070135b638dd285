/**
 * What a leading ingest publishes: its plan, kept until written again, its health, which runs out, and for whoever leads next
 * what operators changed.
 */
import { type Clock, isAbort } from "../feed/clock.ts";
import { describeError } from "../feed/error.ts";
import type { IngestHealth, PublishedPlan } from "../feed/health.ts";
import type { Log } from "../feed/log.ts";
import type { NoteStore } from "../feed/store.ts";
import { CHANGES_NOTE, CHANGES_TTL_MS, type RuntimeChanges } from "./control/runtime_changes.ts";

/** Name of the plan's note (`tickcast:plan`). */
export const PLAN_NOTE = "plan";
/** Name of the health note (`tickcast:health:ingest`). */
export const HEALTH_NOTE = "health:ingest";
/** Health that is not written again is gone after this: the leader is dead. */
export const HEALTH_TTL_MS = 10_000;
/** How often health is published, by transport; over REST each time is a billed command. */
export const PUBLISH_INTERVAL_MS: Readonly<Record<"memory" | "tcp" | "rest", number>> = {
  memory: 500,
  tcp: 1_000,
  rest: 2_000,
};
/** The plan is written again this often although nothing changed: a store that was flushed lost it. */
export const PLAN_AGAIN_MS = 30_000;

/** What is published from where. */
export interface NotePublisherOptions {
  readonly store: NoteStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly intervalMs: number;
  readonly health: () => IngestHealth;
  readonly plan: () => PublishedPlan;
  /** Moves when the plan does. */
  readonly planVersion: () => number;
  /** What operators changed, for whoever leads next. */
  readonly changes: RuntimeChanges;
}

/** Publishes until the signal aborts. A store that is away is tried again at the next turn. */
export async function publishNotes(options: NotePublisherOptions, signal: AbortSignal): Promise<void> {
  const { store, clock, log } = options;
  const { changes } = options;
  let planVersion: number | undefined;
  let changesVersion = changes.version;
  let planAt = 0;
  while (!signal.aborted) {
    try {
      const version = options.planVersion();
      const now = clock.monotonic();
      const isDue = now - planAt >= PLAN_AGAIN_MS;
      if (changesVersion !== changes.version || (isDue && !changes.isEmpty)) {
        changesVersion = changes.version;
        await store.writeNote(CHANGES_NOTE, changes.toText(), CHANGES_TTL_MS, signal);
      }
      if (version !== planVersion || isDue) {
        await store.writeNote(PLAN_NOTE, JSON.stringify(options.plan()), undefined, signal);
        planVersion = version;
        planAt = now;
      }
      await store.writeNote(HEALTH_NOTE, JSON.stringify(options.health()), HEALTH_TTL_MS, signal);
    } catch (error) {
      if (isAbort(error, signal)) return;
      log.debug("notes_away", { error: describeError(error) });
    }
    await clock.sleep(options.intervalMs, signal).catch(() => {});
  }
}
