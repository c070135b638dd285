/**
 * `close_at_high` and `close_at_low`: a minute bar that closes exactly at its high (low) after moving at least
 * `close_extreme_percent` from open to close (E2: highs and lows of bars count only from 1 %). A bar without a sound open,
 * high or low is not judged.
 */
import type { JudgedBar } from "../bar_window.ts";
import { type Detector, type DetectorMemory, type Emit, percentMove, rounded } from "./detector.ts";
import type { ThresholdSpec } from "../threshold.ts";

const MOVE_PERCENT: ThresholdSpec = {
  key: "close_extreme_percent",
  fallback: 1,
  min: 0,
  max: 100,
  help: "A bar that closes at its high or low is announced from so many percent between open and close.",
};

class CloseAtExtreme implements DetectorMemory {
  constructor(readonly movePercent: number) {}

  onBar({ bar }: JudgedBar, emit: Emit): void {
    if (!(bar.open > 0 && bar.low > 0 && bar.high >= bar.low)) return;
    const percent = percentMove(bar.open, bar.close);
    if (Math.abs(percent) < this.movePercent || bar.high === bar.low) return;
    const fields = {
      bar: bar.t,
      close: bar.close,
      open: bar.open,
      high: bar.high,
      low: bar.low,
      movePercent: rounded(percent, 4),
    };
    if (bar.close === bar.high && percent >= 0) emit("close_at_high", `${bar.t}`, fields);
    if (bar.close === bar.low && percent <= 0) emit("close_at_low", `${bar.t}`, fields);
  }

  save(): undefined {}
}

/** See the top of the file. */
export const closeAtExtreme: Detector = {
  name: "close_at_extreme",
  kinds: ["close_at_high", "close_at_low"],
  thresholds: [MOVE_PERCENT],
  prepare(read) {
    const memory = new CloseAtExtreme(read(MOVE_PERCENT));
    return () => memory;
  },
};
