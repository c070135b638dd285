/**
 * Which connections there are and what rides on each: a pure function of the settings and the universes. Several
 * connections only when asked for; a plan for several that cannot be right falls back to one per feed and market, with
 * every reason said (B9).
 */
import type { PublishedPlan } from "../../feed/health.ts";
import type { IngestSettings } from "../../feed/settings/settings.ts";
import { planSeveral } from "./multi_plan.ts";
import { type PlanDraft, type PlannedConnection, symbolsOfStream } from "./planned_connection.ts";
import { planSingle } from "./single_plan.ts";
import type { Universes } from "./symbol_choice.ts";

/** What {@link planConnections} makes. */
export interface ConnectionPlan {
  readonly mode: "single" | "multi";
  /** Empty when there are problems. */
  readonly connections: readonly PlannedConnection[];
  /** What is published of the upstream streams; derived ones are added by who derives them. */
  readonly streams: PublishedPlan["streams"];
  /** Why the plan is as it is, in words. */
  readonly reasons: readonly string[];
  /** Why there can be no plan at all. */
  readonly problems: readonly string[];
  /** Why several connections were given up for one; empty when they were not. */
  readonly fallback: readonly string[];
}

/**
 * Plans. Never throws: what is wrong is in `problems` (no plan) or `fallback` (a smaller one).
 * @param trouble what was wrong with where universes come from.
 */
export function planConnections(
  settings: IngestSettings,
  universes: Universes,
  trouble: readonly string[] = [],
): ConnectionPlan {
  if (!settings.multiConnection) {
    const single = planSingle(settings, universes);
    return finish(settings, "single", { ...single, problems: [...trouble, ...single.problems] }, []);
  }
  const several = planSeveral(settings, universes);
  const fallback = [...settings.multiConnectionProblems, ...trouble, ...several.problems];
  if (fallback.length === 0) return finish(settings, "multi", several, []);
  return finish(settings, "single", planSingle(settings, universes), fallback);
}

function finish(
  settings: IngestSettings,
  mode: ConnectionPlan["mode"],
  draft: PlanDraft,
  fallback: readonly string[],
): ConnectionPlan {
  const connections = draft.problems.length === 0 ? draft.connections : [];
  return {
    mode,
    connections,
    streams: streamsOf(settings, connections),
    reasons: draft.reasons,
    problems: draft.problems,
    fallback,
  };
}

/** What the upstream streams carry, for `tickcast:plan`. */
export function streamsOf(
  settings: Pick<IngestSettings, "frequencies" | "tickLists">,
  connections: readonly Pick<PlannedConnection, "market" | "tickers">[],
): PublishedPlan["streams"] {
  const streams: PublishedPlan["streams"] = {};
  for (const frequency of settings.frequencies) {
    const lists = frequency === "tick" ? settings.tickLists : 1;
    streams[frequency] = { symbols: [...symbolsOfStream(connections, frequency)], lists };
  }
  return streams;
}
