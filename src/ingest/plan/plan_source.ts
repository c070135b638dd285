/** Makes the plan: reads universes where the settings name any, then plans. */
import type { Clock } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";
import type { Settings } from "../../feed/settings/settings.ts";
import type { ShelfStore } from "../../feed/store.ts";
import { type ConnectionPlan, planConnections } from "./connection_plan.ts";
import { within } from "../../feed/time_limit.ts";
import { loadUniverses, universeKeys } from "./universes.ts";

/** Reading all universes, at most. */
export const UNIVERSES_LIMIT_MS = 5_000;

/** What planning needs. */
export interface PlanSourceOptions {
  readonly settings: Pick<Settings, "ingest" | "strictConfig">;
  readonly store: Pick<ShelfStore, "readUniverse">;
  readonly clock: Clock;
}

/**
 * Plans anew.
 * @throws {TickcastError} SETTINGS with every problem when there can be no plan, or (with `STRICT_CONFIG`) when it would fall
 * back; STORE_UNAVAILABLE or STORE_REFUSED when a universe has to be read from the store and can't.
 */
export async function readPlan(options: PlanSourceOptions, signal: AbortSignal): Promise<ConnectionPlan> {
  const { settings, store, clock } = options;
  const { ingest } = settings;
  const { universes, trouble } = await within(
    { clock, limitMs: UNIVERSES_LIMIT_MS, signal },
    (inner) => loadUniverses(universeKeys(ingest), ingest.universesFile, store, inner),
  );
  const plan = planConnections(ingest, universes, trouble);
  const refused = settings.strictConfig ? [...plan.problems, ...plan.fallback] : plan.problems;
  if (refused.length > 0) throw new TickcastError("SETTINGS", [...new Set(refused)].join("; "));
  return plan;
}
