/** One entry of a {@link "./stream_log.ts"}: an event, or a place where events are missing. */
import { comparePositions, type Position } from "../../feed/cursor.ts";
import type { GapCause } from "../edge_counters.ts";

/** What is missing at one place of one list. */
export interface Missing {
  /** The last position before it … */
  readonly after: Position;
  /** … and the first after it. */
  readonly before: Position;
  /** How many events, or null when nobody can know. */
  readonly lost: number | null;
  readonly cause: GapCause;
  /** First and last time the loss covers, Unix ms, where ingest said so. */
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** Every record has all fields, so that the hot path meets one shape. */
export interface LogRecord {
  /** Index of its list in the stream. */
  readonly list: number;
  readonly epoch: string;
  /** Where a reader stands in its list once it has this. */
  readonly seq: number;
  /** The element as it stands in the list; empty where something is missing. */
  readonly text: string;
  readonly type: string;
  readonly sym: string;
  readonly t: number;
  /** A bar of a window that was already seen (a correction, a replacement): never merged with others. */
  readonly late: boolean;
  /** Undefined for an event. */
  readonly missing: Missing | undefined;
}

/** What a record costs beside its text, in bytes (estimated). */
const RECORD_OVERHEAD_BYTES = 160;

/** What a record is charged to the ring's budget. */
export const recordBytes = (record: LogRecord): number => record.text.length + RECORD_OVERHEAD_BYTES;

/** The record of something missing. */
export const missingRecord = (list: number, missing: Missing, at: Position): LogRecord => ({
  list,
  epoch: at.epoch,
  seq: at.seq,
  text: "",
  type: "gap",
  sym: "",
  t: missing.to ?? 0,
  late: false,
  missing,
});

/** Whether nothing lies between the ends of a gap: something else than before stands in what was read already. */
export const isNarrow = ({ epoch, seq }: LogRecord, { after }: Missing): boolean =>
  seq === after.seq && epoch === after.epoch;

/** A gap and the record that follows it in its list, as one gap. */
export function widenedBy(missing: Missing, next: LogRecord): LogRecord {
  const { epoch, seq } = next;
  const before = next.missing?.before ?? { epoch, seq: seq + 1 };
  const more = next.missing === undefined ? 1 : next.missing.lost;
  const lost = missing.lost === null || more === null ? null : missing.lost + more;
  return missingRecord(next.list, { ...missing, before, lost }, { epoch, seq });
}

/** What of something missing a reader lacks that stands at `position`: one that has been further elsewhere lacks less. */
export function missingAfter(missing: Missing, position: Position): Missing {
  const { after, before, lost } = missing;
  if (comparePositions(position, after) <= 0) return missing;
  if (position.epoch !== before.epoch) return { ...missing, after: position, lost: null };
  const left = before.seq - position.seq - 1;
  // Who has been in the new epoch already lacks a part of it, which can be counted.
  if (after.epoch !== before.epoch) return { ...missing, after: position, lost: left, cause: "evicted" };
  return { ...missing, after: position, lost: lost === null ? null : left };
}
