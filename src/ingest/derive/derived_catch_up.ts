/**
 * How a fold gets from its checkpoint to the present: by the events of its input lists after the checkpoint's cursor, merged
 * in the order they were received. What the lists no longer hold is the fold's gap.
 */
import { type Cursor, ORIGIN, type Position, positionOfId } from "../../feed/cursor.ts";
import type { Gap, Stamped, SymbolEvent } from "../../feed/event.ts";

/** A list as leading found it, oldest first. */
export interface SeededList {
  readonly list: string;
  readonly events: readonly Stamped[];
}

/** What to give a fold, and whether anything between its checkpoint and the lists is gone. */
export interface CatchUp {
  readonly events: readonly SymbolEvent[];
  /** Losses the lists tell among them. */
  readonly gaps: readonly Gap[];
  readonly missed: boolean;
}

/** Where a list ends; undefined when it holds nothing. */
export const endOfList = ({ events }: SeededList): Position | undefined => {
  const last = events.at(-1);
  return last && positionOfId(last.id);
};

/**
 * What a fold that stood at `cursor` has not seen of `lists`. Without a cursor there never was a checkpoint: it begins with
 * what the lists hold and has missed nothing. A list the cursor doesn't name is new to it.
 */
export function catchUp(cursor: Cursor | undefined, lists: readonly SeededList[]): CatchUp {
  let missed = false;
  const unseen = lists.map((seeded) => {
    if (cursor === undefined) return seeded.events;
    const at = cursor.get(seeded.list) ?? ORIGIN;
    const { events, gone } = after(at, seeded.events);
    missed ||= gone;
    return events;
  });
  const gaps = unseen.flat().filter((event): event is Stamped<Gap> => event.type === "gap");
  return { events: mergeByReceipt(unseen), gaps, missed };
}

function after(
  at: Position,
  events: readonly Stamped[],
): { readonly events: readonly Stamped[]; readonly gone: boolean } {
  const first = events[0];
  if (first === undefined) return { events, gone: at.seq > 0 };
  const start = positionOfId(first.id);
  if (at.epoch !== start.epoch) return { events, gone: at.seq > 0 || start.seq > 1 };
  return { events: events.slice(Math.max(0, at.seq - start.seq + 1)), gone: at.seq < start.seq - 1 };
}

/** Several lists as one: always the list next whose first was received earliest; each list's own order stays. */
function mergeByReceipt(lists: readonly (readonly Stamped[])[]): SymbolEvent[] {
  const places = lists.map(() => 0);
  const merged: SymbolEvent[] = [];
  for (;;) {
    let best = -1;
    let bestRx = Infinity;
    lists.forEach((events, n) => {
      const rx = events[places[n] ?? 0]?.rx;
      if (rx !== undefined && rx < bestRx) [best, bestRx] = [n, rx];
    });
    if (best < 0) return merged;
    const event = lists[best]?.[places[best] ?? 0];
    places[best] = (places[best] ?? 0) + 1;
    if (event !== undefined && event.type !== "gap") merged.push(event);
  }
}

/** Whether a loss is told in these events already. */
export const isTold = (gap: Gap, events: readonly Stamped[]): boolean =>
  events.some((event) => event.type === "gap" && event.from <= gap.from && event.to >= gap.to);
