/**
 * `volume_spike`: a minute bar with more than `volume_spike_ratio` (3) times the mean volume of the four bars before it (the
 * window of five with the bar itself). All four must be there, in the same session, and have traded something.
 */
import { BAR_WINDOW_BARS, type JudgedBar } from "../bar_window.ts";
import { type Detector, type DetectorMemory, type Emit, rounded } from "./detector.ts";
import type { ThresholdSpec } from "../threshold.ts";

const RATIO: ThresholdSpec = {
  key: "volume_spike_ratio",
  fallback: 3,
  min: 1.01,
  max: 1000,
  help: "A minute bar with more than so many times the mean volume of the four before it is announced.",
};

class VolumeSpike implements DetectorMemory {
  constructor(readonly ratio: number) {}

  onBar({ bar, volume, earlier }: JudgedBar, emit: Emit): void {
    if (earlier.length < BAR_WINDOW_BARS - 1) return;
    let sum = 0;
    for (const before of earlier) sum += before.volume;
    if (sum === 0 || !(volume * earlier.length > this.ratio * sum)) return;
    const average = sum / earlier.length;
    emit("volume_spike", `${bar.t}`, {
      bar: bar.t,
      volume,
      average: rounded(average, 4),
      ratio: rounded(volume / average, 2),
      close: bar.close,
    });
  }

  save(): undefined {}
}

/** See the top of the file. */
export const volumeSpike: Detector = {
  name: "volume_spike",
  kinds: ["volume_spike"],
  thresholds: [RATIO],
  prepare(read) {
    const memory = new VolumeSpike(read(RATIO));
    return () => memory;
  },
};
