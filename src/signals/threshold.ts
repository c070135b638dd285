/**
 * Thresholds as detectors declare them: each detector names its own, with default, range and meaning, so that settings and
 * documents can list them all (`signal_thresholds.ts`) and a new detector brings its own along.
 */

/** One number a detector can be tuned by. */
export interface ThresholdSpec {
  /** Lower case; the environment's name is `SIGNAL_` and this in capitals. */
  readonly key: string;
  readonly fallback: number;
  /** Smallest and largest value that makes sense; others are refused by settings and ignored here. */
  readonly min: number;
  readonly max: number;
  /** A sentence with its unit, for the configuration reference. */
  readonly help: string;
}

/** The value in force for a threshold. */
export type ReadThreshold = (spec: ThresholdSpec) => number;

/** Reads from `SignalSettings.thresholds` (names without the prefix); what is missing or out of range is the default. */
export const thresholdReader = (thresholds: ReadonlyMap<string, number>): ReadThreshold => (spec) => {
  const value = thresholds.get(spec.key);
  return value !== undefined && value >= spec.min && value <= spec.max ? value : spec.fallback;
};
