/** Every threshold of signals and heatmap, for settings (which refuse unknown `SIGNAL_*` names) and the configuration reference. */
import { DETECTORS } from "./detectors/detector_table.ts";
import { HEATMAP_THRESHOLDS } from "./heatmap/liquidation_model.ts";
import type { ThresholdSpec } from "./threshold.ts";

/** In the order of the detectors, the heatmap's last. Follows from the detectors: nothing is listed twice. */
export const SIGNAL_THRESHOLDS: readonly ThresholdSpec[] = [
  ...DETECTORS.flatMap((detector) => detector.thresholds),
  ...HEATMAP_THRESHOLDS,
];

/** The environment's name of a threshold: `SIGNAL_BAR_MOVE_PERCENT`. */
export const thresholdSetting = (spec: ThresholdSpec): string => `SIGNAL_${spec.key.toUpperCase()}`;
