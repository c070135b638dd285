/** A derived stream's fold, as whoever hosts it sees it: events of its input streams in, events of its own out. */
import type { FeedEvent, SymbolEvent } from "../feed/event.ts";
import type { SignalSettings } from "../feed/settings/settings.ts";
import type { CheckpointSource } from "./checkpoint.ts";

/** `SignalSettings` with the heatmap's symbols resolved. */
export interface DerivedSettings extends SignalSettings {
  readonly heatmapSymbols: readonly string[];
}

/** State by symbol and what it makes of events. Pure: no I/O, no clock; nothing from outside makes it throw. */
export interface DerivedFold {
  /** The stream it makes. */
  readonly stream: string;
  /** The streams it is made from. */
  readonly inputs: ReadonlySet<string>;
  /** Whether input it never saw is told as a gap in its stream; not where a later event makes up for a missing one. */
  readonly tellsGaps: boolean;
  apply(event: SymbolEvent): readonly FeedEvent[];
  /** What is due by time (Unix ms). Called several times a second; does a bounded share of the work each time. */
  tick(nowMs: number): readonly FeedEvent[];
  /** Events of its own that stand in the list already, oldest first, after a restart: they are not made again. */
  remember(events: Iterable<FeedEvent>): void;
  /** Its states as text, of one moment, a few at a time. */
  readonly checkpoints: Pick<CheckpointSource, "begin" | "step" | "take">;
  /** Takes up saved states; gives how many could not be read. */
  restore(states: ReadonlyMap<string, string>): number;
  /** Newest event time it has seen, Unix ms, for telling what was missed; `-Infinity` before any. */
  newestT(): number;
}

/** How a derived stream comes to be: one line in `derived_table.ts`. */
export interface DerivedSpec {
  /** A stream of the table with `derived`. */
  readonly stream: string;
  /** A fold without state; undefined when the settings ask for none. */
  create(settings: DerivedSettings): DerivedFold | undefined;
}
