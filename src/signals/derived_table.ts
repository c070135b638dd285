/**
 * Every derived stream. A new one is one line here and one in the stream table (`../feed/stream.ts`): lists, channels, rings,
 * routes, checkpoints and catching up all follow.
 */
import type { DerivedSpec } from "./derived_fold.ts";
import { heatmapStream } from "./heatmap/heatmap_stream.ts";
import { signalStream } from "./signal_stream.ts";

/** In the order they see an event. */
export const DERIVED_STREAMS: readonly DerivedSpec[] = [signalStream, heatmapStream];
