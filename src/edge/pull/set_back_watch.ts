/**
 * A list that goes on under an earlier epoch than one already seen. A replica that lags reads the same, and is no news; but it
 * catches up or stands still. What moves on for longer than any replica lags is the list now: it was lost, and whoever began
 * it anew knew nothing of it, by a clock that was set back.
 */
import { comparePositions, type Position } from "../../feed/cursor.ts";

/** It must have been read so for this long … */
export const SET_BACK_MS = 30_000;
/** … and have moved in as many reads. */
export const SET_BACK_MOVES = 5;

/** See the file comment. */
export class SetBackWatch {
  #last: Position | undefined;
  #sinceMs = 0;
  #moves = 0;

  /**
   * A read was answered.
   * @param earlier its head where that is of an earlier epoch than one seen before
   * @returns whether the list is set back for good
   */
  note(earlier: Position | undefined, nowMs: number): boolean {
    const last = this.#last;
    this.#last = earlier;
    if (earlier === undefined) return false;
    if (last === undefined || comparePositions(earlier, last) < 0) {
      this.#sinceMs = nowMs;
      this.#moves = 0;
    } else if (comparePositions(earlier, last) > 0) this.#moves++;
    return this.#moves >= SET_BACK_MOVES && nowMs - this.#sinceMs >= SET_BACK_MS;
  }
}
