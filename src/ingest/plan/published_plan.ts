/** What ingest tells edges it subscribes (`tickcast:plan`): the upstream streams and those derived from them. */
import type { PublishedPlan } from "../../feed/health.ts";
import type { IngestSettings, Settings, SignalSettings } from "../../feed/settings/settings.ts";
import type { PlannedConnection } from "./planned_connection.ts";
import { streamsOf } from "./connection_plan.ts";
import { ALL } from "../wire/subscription_topics.ts";

/** Minute symbols the heatmap takes where none are named for it. */
export const HEATMAP_DEFAULT_SYMBOLS = 50;

/**
 * Symbols of the heatmap: those named, else the first minute symbols; where these are everything, `whereAll` (the simulator's
 * first). Empty: no heatmap.
 */
export function heatmapSymbols(
  settings: Pick<SignalSettings, "heatmapSymbols">,
  minuteSymbols: readonly string[] | undefined,
  whereAll: readonly string[] = [],
): readonly string[] {
  if (settings.heatmapSymbols !== undefined) {
    return minuteSymbols === undefined ? [] : settings.heatmapSymbols;
  }
  if (minuteSymbols === undefined || minuteSymbols.length === 0) return [];
  if (minuteSymbols.some((symbol) => symbol.endsWith(ALL))) return whereAll;
  return minuteSymbols.slice(0, HEATMAP_DEFAULT_SYMBOLS);
}

/** The whole note. */
export function publishedPlan(
  settings: Settings,
  connections: readonly Pick<PlannedConnection, "market" | "tickers">[],
  at: number,
  heatmapWhereAll: readonly string[] = [],
): PublishedPlan {
  const streams = streamsOf(settings.ingest, connections);
  const heatmap = heatmapSymbols(settings.signals, streams.minute?.symbols, heatmapWhereAll);
  const all = [...new Set(Object.values(streams).flatMap((stream) => stream.symbols))].sort();
  return {
    at,
    streams: {
      ...streams,
      signal: { symbols: all.includes(ALL) ? [ALL] : all, lists: 1 },
      ...(heatmap.length > 0 && { heatmap: { symbols: [...heatmap], lists: 1 } }),
    },
    markets: [...settings.ingest.markets],
    simulated: settings.simulated,
  };
}

/** Streams that are on with these settings, derived ones included. */
export function enabledStreams(
  settings: { readonly ingest: Pick<IngestSettings, "frequencies">; readonly signals: SignalSettings },
  plan: PublishedPlan,
): ReadonlySet<string> {
  return new Set([...settings.ingest.frequencies, ...Object.keys(plan.streams)]);
}
