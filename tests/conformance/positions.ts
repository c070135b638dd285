/** Places in lists, as ids and cursors name them, and the order they must come in. */
import { assert } from "@std/assert";

/** One place in one list; `list` is the number of a split stream's, or empty. */
export interface ListPlace {
  readonly list: string;
  readonly epoch: string;
  readonly seq: number;
}

/** List, epoch and seq of an id. */
export function placeOfId(id: string): ListPlace {
  const [, list, epoch, seq] = /^(?:(\d+)\.)?([0-9a-z]+)-(\d+)$/.exec(id) ?? [];
  return { list: list ?? "", epoch: epoch ?? "", seq: Number(seq) };
}

/** A stream's part of a cursor, by list. */
export function placesOfCursor(cursor: string, stream = "tick"): ReadonlyMap<string, ListPlace> {
  const places = cursor.split(",").flatMap((part) => {
    const [name = "", position = ""] = part.split(":");
    const list = name === stream
      ? ""
      : name.startsWith(`${stream}.`)
      ? name.slice(stream.length + 1)
      : undefined;
    return list === undefined ? [] : [[list, { ...placeOfId(position), list }] as const];
  });
  return new Map(places);
}

/** A cursor that stands at one position in each list of the tick stream that another cursor knows. */
export const everyList = (cursor: string, position: string): string =>
  [...placesOfCursor(cursor).keys()].map((list) => `tick${list && "."}${list}:${position}`).join();

/** Whether `a` is a later place than `b` of the same list. */
export const isAfter = (a: ListPlace, b: ListPlace): boolean =>
  a.list === b.list && (a.epoch > b.epoch || (a.epoch === b.epoch && a.seq > b.seq));

/** Ids rise strictly in each list. */
export function assertRising(ids: readonly string[]): void {
  const last = new Map<string, ListPlace>();
  for (const id of ids) {
    const place = placeOfId(id);
    const had = last.get(place.list);
    assert(!had || isAfter(place, had), `${id} after ${JSON.stringify(had)}`);
    last.set(place.list, place);
  }
}
