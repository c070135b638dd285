/**
 * Positions and cursors. An id is `<epoch>-<seq>` in its list (`3.<epoch>-<seq>` in list 3 of a split stream); a cursor
 * is where a reader stands, one position per list: `tick:k3f9a0b1-1042,minute:k3f9a0b1-88`, `tick.3:k3f9a0b1-7`.
 * The epoch keeps a position of a lost list from passing for a good one (the rule is centrifuge's); epochs compare as text.
 */
import { TickcastError } from "./error.ts";

/** A place in one list: after event `seq` of `epoch`. */
export interface Position {
  /** 8 base-36 digits, or `0`: before everything. */
  readonly epoch: string;
  /** From 1; 0 is before the epoch's first. */
  readonly seq: number;
}

/** Before everything there ever was: `0-0`. */
export const ORIGIN: Position = { epoch: "0", seq: 0 };

/** One position per list name. */
export type Cursor = ReadonlyMap<string, Position>;

/** Longest cursor accepted from anybody, in characters. */
export const CURSOR_MAX_CHARS = 4096;

const EPOCH_DIGITS = 8;
const POSITION = /^(0|[0-9a-z]{8})-(0|[1-9][0-9]{0,15})$/;
const LIST = /^[a-z][a-z0-9_]{0,31}(\.(0|[1-9][0-9]{0,3}))?$/;

/** An epoch from a number of ms (or any whole number up to 36^8). */
export const epochFromNumber = (value: number): string => value.toString(36).padStart(EPOCH_DIGITS, "0");

/** The number behind an epoch. */
export const epochToNumber = (epoch: string): number => Number.parseInt(epoch, 36);

/** `<epoch>-<seq>`. */
export const formatPosition = (position: Position): string => `${position.epoch}-${position.seq}`;

/**
 * Reads `<epoch>-<seq>`; a seq past 2^53 is refused rather than rounded.
 * @throws {TickcastError} BAD_CURSOR
 */
export function parsePosition(text: string): Position {
  const match = POSITION.exec(text);
  const seq = Number(match?.[2]);
  const epoch = match?.[1];
  if (epoch === undefined || !Number.isSafeInteger(seq) || (epoch === "0" && seq !== 0)) {
    throw new TickcastError(
      "BAD_CURSOR",
      "Cannot read a cursor as a position must be <epoch>-<seq> as this service gave it out",
    );
  }
  return { epoch, seq };
}

/** Order within one list: negative when `a` is before `b`. */
export function comparePositions(a: Position, b: Position): number {
  return a.epoch === b.epoch ? a.seq - b.seq : a.epoch < b.epoch ? -1 : 1;
}

/** `list:position,…`, in the cursor's own order. Empty for an empty cursor. */
export function formatCursor(cursor: Cursor): string {
  let text = "";
  for (const [list, position] of cursor) text += `${text && ","}${list}:${position.epoch}-${position.seq}`;
  return text;
}

/**
 * Reads a whole cursor. Every list may stand once; unknown list names are kept (the caller knows which exist).
 * @throws {TickcastError} BAD_CURSOR
 */
export function parseCursor(text: string): Cursor {
  if (text.length > CURSOR_MAX_CHARS) {
    throw new TickcastError(
      "BAD_CURSOR",
      `Cannot read a cursor as it must be at most ${CURSOR_MAX_CHARS} characters: current length is ${text.length}`,
    );
  }
  const cursor = new Map<string, Position>();
  for (const part of text.split(",")) {
    const colon = part.indexOf(":");
    const list = part.slice(0, Math.max(colon, 0));
    if (!LIST.test(list) || cursor.has(list)) {
      throw new TickcastError(
        "BAD_CURSOR",
        "Cannot read a cursor as it must be list:<epoch>-<seq>, separated by commas, every list once",
      );
    }
    cursor.set(list, parsePosition(part.slice(colon + 1)));
  }
  return cursor;
}

/** The id an event gets: `<epoch>-<seq>`, with `<n>.` before it in list n of a split stream. */
export function eventId(list: string, position: Position): string {
  const dot = list.indexOf(".");
  return dot < 0 ? formatPosition(position) : `${list.slice(dot + 1)}.${formatPosition(position)}`;
}

/** The position in an event's id, whichever list it is of. Only for ids this service minted. */
export function positionOfId(id: string): Position {
  return parsePosition(id.slice(id.indexOf(".") + 1));
}
