/**
 * What a poll is answered with, out of the ring: a range of one stream as one client sees it, and the cursor after it. Ranges
 * end at multiples of 100 in seq where they can, so that the same question has the same answer for everybody and for good.
 */
import { formatCursor, type Position } from "../../feed/cursor.ts";
import type { GapCause } from "../edge_counters.ts";
import type { Frame } from "../follow/frame.ts";
import type { Missing } from "../pull/log_record.ts";
import { placeFor } from "./feed_wait.ts";
import { gapMembers, Selection } from "../follow/selection.ts";
import { selectionKey, type Wanted } from "../follow/wanted.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";
import type { Start } from "./subscription_ask.ts";

/** Answers end at a multiple of this where they can. */
export const WINDOW_EVENTS = 100;
/** Events of the list one answer looks at. */
const RANGE_MAX_EVENTS = 1000;

/** What an answer tells as lost. */
export interface PollGap {
  /** Of a gap message, as JSON text without braces. */
  readonly members: string;
  readonly cause: GapCause;
}

/** An answer, and where the stream goes on for this client. */
export interface PollAnswer {
  /** JSON array of events. */
  readonly events: string;
  readonly count: number;
  /** How many others were merged into them. */
  readonly merged: number;
  readonly gap: PollGap | undefined;
  /** The stream's cursor after it. */
  readonly cursor: string;
  /** Log offset after it; undefined when the client has to ask again before anything can follow. */
  readonly offset: number | undefined;
  /** The same question will always be answered so. */
  readonly isFinal: boolean;
  /** What is in it is among the events counted as sent already. */
  readonly isCounted: boolean;
}

/**
 * Answers from what is held now; `count` 0 without a gap means that there is nothing yet.
 * @param end log offset it looks up to, but for a cursor whose lists stand at different places: no answer gives one, and
 * the next is even
 */
export function answerPoll(feed: StreamFeed, wanted: Wanted, start: Start, end: number): PollAnswer {
  const place = placeFor(feed, start);
  const [gap, another] = place.gaps;
  if (gap !== undefined && (another !== undefined || place.skip !== undefined)) {
    return oneGap(feed, start, gap.list, gap.missing);
  }
  if (place.skip !== undefined) return unevenAnswer(feed, wanted, place.offset, place.skip);
  const selection = pollSelection(feed, wanted);
  if (gap !== undefined) {
    return fromPlace(feed, selection, place.offset, end, toldGap(feed, gap.list, gap.missing), false);
  }
  const record = feed.log.at(place.offset);
  if (record?.missing !== undefined) {
    const told = toldGap(feed, record.list, record.missing);
    return fromPlace(feed, selection, place.offset + 1, end, told, false);
  }
  const mayBeFinal = feed.log.lists.length === 1 && start.from === "cursor" &&
    [...start.cursor.values()].every(({ epoch }) => epoch !== "0");
  return fromPlace(feed, selection, place.offset, end, undefined, mayBeFinal);
}

/** The gap that a frame is, if it is one. */
export const gapOfFrame = ({ gap, gapCause }: Frame): PollGap | undefined =>
  gap === undefined || gapCause === undefined ? undefined : { members: gap, cause: gapCause };

const toldGap = ({ spec, log }: StreamFeed, list: number, missing: Missing): PollGap => ({
  members: gapMembers(spec.name, log.lists[list] ?? spec.name, missing),
  cause: missing.cause,
});

/** A selection of a poll's own: it looks at the ring and is forgotten. */
const pollSelection = (feed: StreamFeed, wanted: Wanted): Selection =>
  new Selection(selectionKey(wanted, 0), feed.selections.stream, wanted, 0);

function fromPlace(
  feed: StreamFeed,
  selection: Selection,
  from: number,
  end: number,
  gap: PollGap | undefined,
  mayBeFinal: boolean,
): PollAnswer {
  const stop = windowEnd(feed, from, Math.max(from, end));
  let frame: Frame | undefined;
  let at = from;
  while (at < stop && (frame === undefined || frame.isEmpty)) {
    frame = selection.frameUpTo(at, stop);
    at = frame.to;
  }
  const isWhole = frame !== undefined && endsWindow(feed, at);
  return {
    events: frame?.body === undefined || frame.body === "" ? "[]" : frame.body,
    count: frame?.count ?? 0,
    merged: frame?.merged ?? 0,
    gap,
    cursor: feed.log.cursorAt(at),
    offset: at,
    isFinal: mayBeFinal && isWhole,
    isCounted: false,
  };
}

/** Where an answer from `from` ends: the last multiple of 100 in reach, else as far as there is anything. */
function windowEnd(feed: StreamFeed, from: number, last: number): number {
  const { log } = feed;
  const stop = log.nextGap(from, Math.min(last, from + RANGE_MAX_EVENTS));
  for (let end = stop; end > from && end > stop - WINDOW_EVENTS; end--) if (endsWindow(feed, end)) return end;
  return stop;
}

function endsWindow(feed: StreamFeed, end: number): boolean {
  const last = feed.log.at(end - 1);
  return last !== undefined && last.missing === undefined && last.seq % WINDOW_EVENTS === 0;
}

/** Of several gaps the first alone: the cursor of the other lists stays, so that the next answer tells the next. */
function oneGap(feed: StreamFeed, start: Start, list: number, missing: Missing): PollAnswer {
  const { log, spec } = feed;
  const given = start.from === "cursor" ? start.cursor : new Map<string, Position>();
  const name = log.lists[list] ?? spec.name;
  const after: Position = { epoch: missing.before.epoch, seq: missing.before.seq - 1 };
  const ours = [...given].filter(([one]) => log.lists.includes(one));
  return {
    events: "[]",
    count: 0,
    merged: 0,
    gap: toldGap(feed, list, missing),
    cursor: formatCursor(new Map([...ours, [name, after]])),
    offset: undefined,
    isFinal: false,
    isCounted: false,
  };
}

/** In a split stream, for a cursor whose lists stand at different places. */
function unevenAnswer(
  feed: StreamFeed,
  wanted: Wanted,
  offset: number,
  skip: readonly Position[],
): PollAnswer {
  const frame = pollSelection(feed, wanted).frameSkipping(offset, skip, false);
  return {
    events: frame.body === "" ? "[]" : frame.body,
    count: frame.count,
    merged: frame.merged,
    gap: gapOfFrame(frame),
    cursor: frame.cursor,
    offset: undefined,
    isFinal: false,
    isCounted: false,
  };
}
