/**
 * From a cursor to a place in a stream's log: pure. Whatever a client comes with has a defined answer: a place, what it
 * missed on the way to it, or that it is ahead of everything seen here.
 */
import { comparePositions, type Cursor, ORIGIN, type Position } from "../../feed/cursor.ts";
import type { GapCause } from "../edge_counters.ts";
import { type Missing, missingAfter } from "../pull/log_record.ts";
import type { StreamLog } from "../pull/stream_log.ts";

/** Something a client must be told it missed, before anything else of that list. */
export interface ListGap {
  readonly list: number;
  readonly missing: Missing;
}

/** Where a follower begins. */
export interface Place {
  readonly offset: number;
  /**
   * Per list, what of it the client already has at and after `offset`; undefined when all lists begin at `offset`, which
   * they always do in a stream of one list.
   */
  readonly skip: readonly Position[] | undefined;
  readonly gaps: readonly ListGap[];
}

const GONE = { from: undefined, to: undefined } as const;

/** A client that is further ahead than a whole list of events is lost, not early: its place is taken to be now. */
const AHEAD_MAX_EVENTS = 1000;

/** Whether any position of a cursor is beyond what this log has seen of its list. */
export function isAhead(log: StreamLog, cursor: Cursor): boolean {
  return log.lists.some((list, n) => {
    const position = cursor.get(list);
    return position !== undefined && comparePositions(position, log.endPosition(n)) > 0;
  });
}

/** A reader that has everything up to now. */
export const placeNow = (log: StreamLog): Place => ({ offset: log.end, skip: undefined, gaps: [] });

/** A reader of everything still held. */
export const placeEarliest = (log: StreamLog): Place => ({ offset: log.base, skip: undefined, gaps: [] });

/**
 * The place of a cursor. A list it doesn't name, though it names the stream's others, is a gap with `lost` null.
 * @param isStale the store does not answer now, or has lost the list, so that a cursor that is ahead may well be a good one
 */
export function placeOf(log: StreamLog, cursor: Cursor, isStale = false): Place {
  const places = log.lists.map((list, n) => placeInList(log, n, cursor.get(list), isStale));
  const offset = Math.min(...places.map((place) => place.offset));
  const even = places.every((place) => place.offset === offset && place.skipTo === undefined);
  return {
    offset,
    skip: even ? undefined : places.map((place) => place.skipTo ?? place.position),
    gaps: places.flatMap((place, list) => place.missing ? [{ list, missing: place.missing }] : []),
  };
}

interface ListPlace {
  readonly offset: number;
  /** What the client has of the list at `offset`. */
  readonly position: Position;
  readonly missing: Missing | undefined;
  /** Set when the client has more of the list than was seen here, and is held back until that is reached. */
  readonly skipTo: Position | undefined;
}

function placeInList(
  log: StreamLog,
  list: number,
  position: Position | undefined,
  isStale: boolean,
): ListPlace {
  const base = log.basePosition(list);
  const end = log.endPosition(list);
  if (position === undefined) return lostPlace(log, list, ORIGIN);
  if (comparePositions(position, end) > 0) return aheadPlace(log, position, end, isStale);
  if (comparePositions(position, base) >= 0) return heldPlace(log, list, position);
  if (position.epoch === base.epoch || (position.epoch === ORIGIN.epoch && base.epoch !== ORIGIN.epoch)) {
    const missing = missedByRing(log, list, position, "evicted");
    return { offset: log.base, position: base, missing, skipTo: undefined };
  }
  return lostPlace(log, list, position);
}

/** What a reader at `after`, which the ring has passed, lost of a list; undefined when that is nothing. */
export function missedByRing(
  log: StreamLog,
  list: number,
  after: Position,
  cause: GapCause,
): Missing | undefined {
  const { epoch, seq } = log.basePosition(list);
  const lost = log.lostBefore(list, after);
  if (lost === 0 && seq === 0) return undefined;
  return { after, before: { epoch, seq: seq + 1 }, lost, cause, ...GONE };
}

/** Of an epoch nobody here knows: everything still held follows, what was lost nobody can say. */
function lostPlace(log: StreamLog, list: number, after: Position): ListPlace {
  const base = log.basePosition(list);
  const before = { epoch: base.epoch, seq: base.seq + 1 };
  const missing: Missing = { after, before, lost: null, cause: "epoch", ...GONE };
  return { offset: log.base, position: base, missing, skipTo: undefined };
}

/**
 * Still ahead after a fresh read: told, and it goes on from now. Where what is read here may well reach it (a little ahead
 * within one epoch, or the store does not answer), not with an event it may already have. Else the list begins anew for it, as
 * the gap says by a `before` that is behind its cursor; should the cursor's epoch come here after all, it comes from its first
 * event on. To wait for that in silence could be for good: the epoch may be forged, or of a clock that was set back since.
 */
function aheadPlace(log: StreamLog, after: Position, end: Position, isStale: boolean): ListPlace {
  const near = isStale || (after.epoch === end.epoch && after.seq - end.seq <= AHEAD_MAX_EVENTS);
  const before = near ? { epoch: after.epoch, seq: after.seq + 1 } : { epoch: end.epoch, seq: end.seq + 1 };
  const missing: Missing = { after, before, lost: null, cause: "epoch", ...GONE };
  return { offset: log.end, position: end, missing, skipTo: near ? after : undefined };
}

function heldPlace(log: StreamLog, list: number, position: Position): ListPlace {
  const offset = offsetAfter(log, list, position);
  const next = log.at(offset);
  const hole = next?.list === list ? next.missing : undefined;
  if (!hole || !next || comparePositions(position, hole.after) <= 0) {
    return { offset, position, missing: undefined, skipTo: undefined };
  }
  const missing = missingAfter(hole, position);
  return { offset: offset + 1, position: { epoch: next.epoch, seq: next.seq }, missing, skipTo: undefined };
}

/** The first offset whose record of `list` is after `position`; the end when there is none. */
function offsetAfter(log: StreamLog, list: number, position: Position): number {
  let low = 0;
  let high = log.countOf(list);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const record = log.at(log.offsetOf(list, middle));
    if (record !== undefined && comparePositions(record, position) <= 0) low = middle + 1;
    else high = middle;
  }
  return log.offsetOf(list, low);
}
