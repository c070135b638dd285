/** The stream `signal`: the signal fold over ticks, minute bars and fair values. */
import type { FeedEvent, Signal } from "../feed/event.ts";
import type { DerivedFold, DerivedSpec } from "./derived_fold.ts";
import { createSignalFold } from "./signal_fold.ts";

const NOTHING: readonly FeedEvent[] = [];

/** See the top of the file. */
export const signalStream: DerivedSpec = {
  stream: "signal",
  create(settings): DerivedFold {
    const fold = createSignalFold({ thresholds: settings.thresholds });
    return {
      stream: "signal",
      inputs: new Set(["tick", "minute", "fmv"]),
      tellsGaps: true,
      apply: (event) => fold.apply(event),
      tick: () => NOTHING,
      remember: (events) =>
        fold.remember([...events].filter((event): event is Signal => event.type === "signal")),
      checkpoints: fold.checkpoints,
      restore: (states) => fold.restore(states),
      newestT: () => fold.newestT(),
    };
  },
};
