/**
 * Gaps that have left a ring. Who comes from before the ring is told how many events it lost, and a gap event among them may
 * stand for thousands: counted by positions alone, that told too few.
 */
import { comparePositions, ORIGIN, type Position } from "../../feed/cursor.ts";
import { type LogRecord, missingAfter } from "./log_record.ts";

/** Remembered per stream, the newest; what reaches back further is told without a number. */
export const DROPPED_GAPS_MAX = 1000;

/** See the file comment. */
export class DroppedGaps {
  /** Records of something missing, oldest first. */
  readonly #records: LogRecord[] = [];
  /** By list, where the newest stood that is not remembered any more. */
  readonly #forgotten = new Map<number, Position>();

  /** A record of something missing has left the ring. */
  add(record: LogRecord): void {
    this.#records.push(record);
    if (this.#records.length <= DROPPED_GAPS_MAX) return;
    const oldest = this.#records.shift();
    if (oldest !== undefined) this.#forgotten.set(oldest.list, oldest);
  }

  /** How many events of a list were lost after one position, up to another in what was dropped; null when nobody can know. */
  lostBetween(list: number, after: Position, upTo: Position): number | null {
    const isFromNothing = after.epoch === ORIGIN.epoch;
    if (!isFromNothing && after.epoch !== upTo.epoch) return null;
    const forgotten = this.#forgotten.get(list);
    if (forgotten !== undefined && comparePositions(after, forgotten) < 0) return null;
    let lost = upTo.seq - (isFromNothing ? 0 : after.seq);
    for (const record of this.#records) {
      if (record.list !== list || record.missing === undefined) continue;
      if (comparePositions(record, after) <= 0) continue;
      const missing = missingAfter(record.missing, after);
      if (missing.lost === null || missing.after.epoch !== record.epoch) return null;
      lost += missing.lost - (record.seq - missing.after.seq);
    }
    return lost;
  }
}
