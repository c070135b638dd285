/** One symbol's memories in all detectors, and what they share: the place in the tick stream and the window of bars. */
import { BarWindow } from "./bar_window.ts";
import { CheckpointState } from "./checkpoint.ts";
import type { DetectorMemory, OpenMemory } from "./detectors/detector.ts";
import type { Saved } from "./saved.ts";
import type { TickPlace } from "./print.ts";

/** A detector ready to open memories; its place in the table is its memory's place in every symbol. */
export interface ReadyDetector {
  readonly name: string;
  readonly open: OpenMemory;
}

/** States of another layout are not read: the symbol starts afresh. */
const LAYOUT = 1;

const timeOr = (value: unknown): number => typeof value === "number" ? value : -Infinity;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** See the top of the file. There are thousands of these: what they have in common is the fold's. */
export class SymbolSignals extends CheckpointState {
  readonly place: TickPlace = { tradeT: -Infinity, secondT: -Infinity };
  readonly bars = new BarWindow();
  readonly memories: readonly DetectorMemory[];
  /** Counts up with every event of the fold: the smallest was heard of longest ago. */
  lastUse = 0;

  constructor(sym: string, detectors: readonly ReadyDetector[], saved?: unknown) {
    super(sym);
    const state = isRecord(saved) && saved.v === LAYOUT ? saved : {};
    const memories = isRecord(state.d) ? state.d : {};
    this.memories = detectors.map(({ name, open }) => open(memories[name]));
    this.place.tradeT = timeOr(state.t);
    this.place.secondT = timeOr(state.s);
    this.bars.open(state.b);
  }

  /** Newest event time of its ticks, Unix ms; `-Infinity` before any. */
  get newestTickT(): number {
    return Math.max(this.place.tradeT, this.place.secondT);
  }

  /** As the constructor takes it up. */
  save(detectors: readonly ReadyDetector[]): string {
    const memories: Record<string, Saved> = {};
    detectors.forEach(({ name }, n) => {
      const saved = this.memories[n]?.save();
      if (saved !== undefined) memories[name] = saved;
    });
    const { tradeT, secondT } = this.place;
    return JSON.stringify({
      v: LAYOUT,
      ...(tradeT > -Infinity && { t: tradeT }),
      ...(secondT > -Infinity && { s: secondT }),
      b: this.bars.save(),
      d: memories,
    });
  }
}
