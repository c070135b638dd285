/** `bar_move`: a minute bar whose close is more than `bar_move_percent` (2 %) away from its open. Without a sound open: nothing. */
import type { JudgedBar } from "../bar_window.ts";
import { type Detector, type DetectorMemory, type Emit, percentMove, rounded } from "./detector.ts";
import type { ThresholdSpec } from "../threshold.ts";

const MOVE_PERCENT: ThresholdSpec = {
  key: "bar_move_percent",
  fallback: 2,
  min: 0.01,
  max: 100,
  help: "A minute bar that moves more than so many percent from open to close is announced.",
};

class BarMove implements DetectorMemory {
  constructor(readonly movePercent: number) {}

  onBar({ bar }: JudgedBar, emit: Emit): void {
    if (!(bar.open > 0)) return;
    const percent = percentMove(bar.open, bar.close);
    if (!(Math.abs(percent) > this.movePercent)) return;
    emit("bar_move", `${bar.t}`, {
      bar: bar.t,
      open: bar.open,
      close: bar.close,
      movePercent: rounded(percent, 4),
      direction: bar.close > bar.open ? "up" : "down",
    });
  }

  save(): undefined {}
}

/** See the top of the file. */
export const barMove: Detector = {
  name: "bar_move",
  kinds: ["bar_move"],
  thresholds: [MOVE_PERCENT],
  prepare(read) {
    const memory = new BarMove(read(MOVE_PERCENT));
    return () => memory;
  },
};
