/** Every detector there is. A new one is one file and one line here; thresholds, kinds and checkpoints follow from the table. */
import { barMove } from "./bar_move.ts";
import { closeAtExtreme } from "./close_at_extreme.ts";
import type { Detector } from "./detector.ts";
import { fmvDeviation } from "./fmv_deviation.ts";
import { sessionExtremes } from "./session_extremes.ts";
import { surge } from "./surge.ts";
import { trend } from "./trend.ts";
import { volumeSpike } from "./volume_spike.ts";

/** In the order they see an event, which is the order of their signals. */
export const DETECTORS: readonly Detector[] = [
  sessionExtremes,
  surge,
  trend,
  closeAtExtreme,
  barMove,
  volumeSpike,
  fmvDeviation,
];

/** Every kind of signal, in the same order. */
export const SIGNAL_KINDS: readonly string[] = DETECTORS.flatMap((detector) => detector.kinds);
