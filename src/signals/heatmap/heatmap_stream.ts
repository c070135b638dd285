/** The stream `heatmap`: every `WS_UPDATE_INTERVAL` the maps that changed, a few at a time so that ticks never wait for them. */
import type { FeedEvent, Heatmap } from "../../feed/event.ts";
import type { DerivedFold, DerivedSpec } from "../derived_fold.ts";
import { createHeatmapFold } from "./heatmap_fold.ts";

/** Maps drawn in one turn; one costs about a millisecond. */
export const HEATMAPS_A_TURN = 2;

const NOTHING: readonly FeedEvent[] = [];

/** See the top of the file. */
export const heatmapStream: DerivedSpec = {
  stream: "heatmap",
  create(settings): DerivedFold | undefined {
    if (settings.heatmapSymbols.length === 0) return undefined;
    const fold = createHeatmapFold({
      symbols: settings.heatmapSymbols,
      windowMinutes: settings.heatmapWindowMinutes,
      intervalMinutes: settings.heatmapIntervalMinutes,
      thresholds: settings.thresholds,
    });
    let roundDueMs = -Infinity;
    let newestT = -Infinity;
    return {
      stream: "heatmap",
      inputs: new Set(["minute"]),
      tellsGaps: false,
      apply(event) {
        if (event.type === "minute") fold.apply(event);
        newestT = Math.max(newestT, event.t);
        return NOTHING;
      },
      tick(nowMs) {
        // A clock that was set back must not silence the maps until it has caught up.
        const waitMs = roundDueMs - nowMs;
        if (waitMs > 0 && waitMs <= settings.heatmapUpdateIntervalMs) return NOTHING;
        const heatmaps = fold.snapshots(nowMs, HEATMAPS_A_TURN);
        if (heatmaps.length < HEATMAPS_A_TURN) roundDueMs = nowMs + settings.heatmapUpdateIntervalMs;
        return heatmaps;
      },
      remember: (events) =>
        fold.remember([...events].filter((event): event is Heatmap => event.type === "heatmap")),
      checkpoints: fold.checkpoints,
      restore: (states) => fold.restore(states),
      newestT: () => newestT,
    };
  },
};
