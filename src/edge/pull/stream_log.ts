/**
 * The ring of one stream: what this instance has pulled and still holds, all lists of the stream in one order of arrival.
 * A place in it is a plain number, so that thousands of followers compare and move in one step; holes and new epochs are
 * records like any other, so that everybody meets them exactly where they are.
 */
import { type Cursor, formatCursor, ORIGIN, type Position } from "../../feed/cursor.ts";
import { MatchOffsets } from "./match_offsets.ts";
import { DroppedGaps } from "./dropped_gaps.ts";
import { isNarrow, type LogRecord, recordBytes, widenedBy } from "./log_record.ts";
import type { Budgeted, RingBudget } from "./ring_budget.ts";

/** See the file comment. Offsets count records since the start; they never go back. */
export class StreamLog implements Budgeted {
  /** From `#first` on; before it are the empty places of what was dropped, cut off from time to time. */
  #records: (LogRecord | undefined)[] = [];
  #first = 0;
  #base = 0;
  #bytes = 0;
  /** Offsets of records that say something is missing, ascending. */
  #gaps: number[] = [];
  readonly #dropped = new DroppedGaps();
  /** By list, a narrow gap that waits for the record it becomes one with. */
  readonly #narrow = new Map<number, LogRecord>();
  /** Where each list's records are, of several lists; a list that is alone has them all. */
  readonly #offsets: readonly MatchOffsets[];
  readonly #basePositions: Position[];
  readonly #endPositions: Position[];
  #endCursor: string | undefined;

  /**
   * @param lists names of the stream's lists
   * @param floorEvents what it holds whatever the budget says: the lists' caps
   */
  constructor(readonly lists: readonly string[], readonly floorEvents: number, readonly budget: RingBudget) {
    this.#offsets = lists.length > 1 ? lists.map(() => new MatchOffsets()) : [];
    this.#basePositions = lists.map(() => ORIGIN);
    this.#endPositions = lists.map(() => ORIGIN);
    budget.add(this);
  }

  /** Offset of the oldest record held. */
  get base(): number {
    return this.#base;
  }

  /** Offset of the next record to come. */
  get end(): number {
    return this.#base + this.#records.length - this.#first;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get canGive(): boolean {
    return this.#records.length - this.#first > this.floorEvents;
  }

  /** The record at an offset; undefined outside `base … end - 1`. */
  at(offset: number): LogRecord | undefined {
    return offset < this.#base ? undefined : this.#records[this.#first + offset - this.#base];
  }

  /** Where an empty list's first records will follow; only before anything is held of it. */
  begin(list: number, position: Position): void {
    this.#basePositions[list] = position;
    this.#endPositions[list] = position;
    this.#endCursor = undefined;
  }

  /**
   * Takes a record. One of a gap that covers no position waits for the next of its list and takes that with it: where neither
   * moved a reader on, nobody who comes back could say whether it was told.
   */
  append(arrived: LogRecord): void {
    const record = this.#narrow.size > 0 ? this.#widened(arrived) : arrived;
    if (record.missing !== undefined) {
      if (isNarrow(record, record.missing)) return void this.#narrow.set(record.list, record);
      this.#gaps.push(this.end);
    }
    this.#offsets[record.list]?.push(this.end);
    this.#records.push(record);
    this.#endPositions[record.list] = record;
    this.#endCursor = undefined;
    const bytes = recordBytes(record);
    this.#bytes += bytes;
    this.budget.charge(bytes);
  }

  /** Offset of the first missing-record at or after `from`, before `to`; `to` when there is none. */
  nextGap(from: number, to: number): number {
    for (let n = this.#gaps.length - 1, found = to;; n--) {
      const gap = this.#gaps[n];
      if (gap === undefined || gap < from) return found;
      if (gap < found) found = gap;
    }
  }

  /** How many records are held of a list. */
  countOf(list: number): number {
    return this.#offsets[list]?.size ?? this.end - this.#base;
  }

  /** Offset of the nth record held of a list; the end where it has no more. */
  offsetOf(list: number, n: number): number {
    const offsets = this.#offsets[list];
    return offsets === undefined ? this.#base + n : offsets.at(n) ?? this.end;
  }

  /** Where a list stands before the oldest record held. */
  basePosition(list: number): Position {
    return this.#basePositions[list] ?? ORIGIN;
  }

  /** How many events of a list were lost to a reader at `after` by what has left the ring; null when nobody can know. */
  lostBefore(list: number, after: Position): number | null {
    return this.#dropped.lostBetween(list, after, this.basePosition(list));
  }

  /** Where a list stands now. */
  endPosition(list: number): Position {
    return this.#endPositions[list] ?? ORIGIN;
  }

  /** Where every list stands for a reader that has everything before `offset`. */
  positionsAt(offset: number): Position[] {
    if (offset >= this.end) return [...this.#endPositions];
    return this.lists.map((_, list) => this.#lastBefore(list, offset) ?? this.basePosition(list));
  }

  /** The stream's part of a cursor at `offset`, as text. */
  cursorAt(offset: number): string {
    if (offset >= this.end) return this.#endCursor ??= this.cursorOf(this.#endPositions);
    return this.cursorOf(this.positionsAt(offset));
  }

  /** A cursor of one position per list, as text. */
  cursorOf(positions: readonly Position[]): string {
    const cursor: Cursor = new Map(this.lists.map((list, n) => [list, positions[n] ?? ORIGIN]));
    return formatCursor(cursor);
  }

  dropOldest(count: number): void {
    let released = 0;
    for (let n = 0; n < count && this.canGive; n++) {
      const record = this.#records[this.#first];
      if (record === undefined) break;
      released += recordBytes(record);
      if (record.missing !== undefined) this.#dropped.add(record);
      this.#basePositions[record.list] = { epoch: record.epoch, seq: record.seq };
      this.#offsets[record.list]?.forgetFirst();
      this.#records[this.#first] = undefined;
      this.#first++;
      this.#base++;
    }
    while (this.#gaps.length > 0 && (this.#gaps[0] ?? 0) < this.#base) this.#gaps.shift();
    this.#compact();
    this.#bytes -= released;
    this.budget.charge(-released);
  }

  /** The newest record held of a list before `offset`. */
  #lastBefore(list: number, offset: number): LogRecord | undefined {
    const offsets = this.#offsets[list];
    if (offsets === undefined) return this.at(offset - 1);
    const count = offsets.from(offset);
    return count === 0 ? undefined : this.at(offsets.at(count - 1) ?? -1);
  }

  #widened(record: LogRecord): LogRecord {
    const narrow = this.#narrow.get(record.list);
    if (narrow?.missing === undefined) return record;
    this.#narrow.delete(record.list);
    return widenedBy(narrow.missing, record);
  }

  #compact(): void {
    if (this.#first < 4096 || this.#first * 2 < this.#records.length) return;
    this.#records = this.#records.slice(this.#first);
    this.#first = 0;
  }
}
