/** What the host of derived streams knows in one term of leading (`derived_host.ts`). */
import type { Cursor, Position } from "../../feed/cursor.ts";
import type { FeedEvent, Gap } from "../../feed/event.ts";
import type { DerivedFold } from "../../signals/derived_fold.ts";
import type { DerivedStreams } from "../../signals/derived_streams.ts";
import type { SeededList } from "./derived_catch_up.ts";
import type { DerivedCheckpoint } from "./derived_checkpoint.ts";
import type { OfferedEvents } from "../channel/offered_events.ts";

/** A fold with what belongs to its term. */
export interface HostedFold {
  readonly fold: DerivedFold;
  /** Undefined: there was no checkpoint. */
  readonly cursor: Cursor | undefined;
  /** Something between its checkpoint and the present is gone, and not told yet. */
  gapDue: boolean;
  readonly offered: OfferedEvents;
  readonly checkpoint: DerivedCheckpoint;
}

/** Something appended while the lists are still being read. */
export interface Appended {
  readonly list: string;
  readonly first: Position;
  readonly events: readonly FeedEvent[];
}

/** One term of leading. */
export interface Term {
  readonly derived: DerivedStreams;
  readonly folds: readonly HostedFold[];
  readonly positions: Map<string, Position>;
  /** Lists not read yet. */
  readonly awaited: Set<string>;
  /** Undefined once caught up. */
  gathering:
    | {
      readonly untilMs: number;
      readonly seeded: SeededList[];
      readonly appended: Appended[];
      events: number;
    }
    | undefined;
}

/** The positions of some lists. */
export function positionsOf(positions: ReadonlyMap<string, Position>, lists: readonly string[]): Cursor {
  const cursor = new Map<string, Position>();
  for (const list of lists) {
    const position = positions.get(list);
    if (position !== undefined) cursor.set(list, position);
  }
  return cursor;
}

/** A batch cut where losses stand in it, so that each is told in its place. */
export function cutAtGaps(events: readonly FeedEvent[]): readonly (Gap | readonly FeedEvent[])[] {
  if (!events.some((event) => event.type === "gap")) return [events];
  const parts: (Gap | FeedEvent[])[] = [];
  for (const event of events) {
    const last = parts.at(-1);
    if (event.type === "gap") parts.push(event);
    else if (Array.isArray(last)) last.push(event);
    else parts.push([event]);
  }
  return parts;
}
