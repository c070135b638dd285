/**
 * All derived streams together: what ingest hosts. Pure; the host (`../ingest/derived_host.ts`) feeds it what stands in the
 * lists, offers what comes out, and keeps the checkpoints.
 */
import type { FeedEvent } from "../feed/event.ts";
import type { DerivedFold, DerivedSettings, DerivedSpec } from "./derived_fold.ts";
import { DERIVED_STREAMS } from "./derived_table.ts";

/** How {@link createDerivedStreams} is set up. */
export interface DerivedStreamsOptions {
  readonly settings: DerivedSettings;
  /** Tests add one of their own. */
  readonly specs?: readonly DerivedSpec[];
}

/** Events for one stream. */
export interface DerivedEvents {
  readonly stream: string;
  readonly events: readonly FeedEvent[];
}

/** The running folds. */
export interface DerivedStreams {
  readonly folds: readonly DerivedFold[];
  /** Streams any of them is made from. */
  readonly inputs: ReadonlySet<string>;
  /** Gives the folds events of an input stream, in list order; gaps are passed over. */
  onEvents(stream: string, events: readonly FeedEvent[]): readonly DerivedEvents[];
  /** What is due by time; call it about ten times a second. */
  tick(nowMs: number): readonly DerivedEvents[];
}

/** Folds without state, for the streams the settings ask for. */
export function createDerivedStreams(options: DerivedStreamsOptions): DerivedStreams {
  const folds = (options.specs ?? DERIVED_STREAMS)
    .map((spec) => spec.create(options.settings))
    .filter((fold) => fold !== undefined);
  const inputs = new Set(folds.flatMap((fold) => [...fold.inputs]));
  const collect = (make: (fold: DerivedFold) => readonly FeedEvent[]): readonly DerivedEvents[] => {
    const made: DerivedEvents[] = [];
    for (const fold of folds) {
      const events = make(fold);
      if (events.length > 0) made.push({ stream: fold.stream, events });
    }
    return made;
  };
  return {
    folds,
    inputs,
    onEvents: (stream, events) => collect((fold) => fold.inputs.has(stream) ? foldAll(fold, events) : []),
    tick: (nowMs) => collect((fold) => fold.tick(nowMs)),
  };
}

function foldAll(fold: DerivedFold, events: readonly FeedEvent[]): readonly FeedEvent[] {
  const made: FeedEvent[] = [];
  for (const event of events) if (event.type !== "gap") made.push(...fold.apply(event));
  return made;
}
