/**
 * One client's conscience: ids rise, nothing comes twice, every position is delivered, filtered or told as lost. It outlives
 * reconnects and edges, as the cursor does. A client that was warned for being slow gets conflated events, which are told by
 * the warning and not by a gap: from then on its order is checked, its completeness no more.
 */
import { type Cursor, formatCursor, type Position } from "../../feed/cursor.ts";
import type { Run } from "./read_message.ts";
import type { Stretch } from "./witness.ts";

/** What the checks of all clients came to. */
export interface CheckTotals {
  /** Events, and of how many messages. */
  events: number;
  messages: number;
  /** Ids that came again or went back. */
  repeats: number;
  /** Positions that were neither delivered, filtered nor told. */
  undetected: number;
  /** Gaps told, by cause, and the events they say were lost (null counts 0). */
  readonly gaps: Map<string, number>;
  toldLost: number;
  /** Clients whose completeness is no longer checked. */
  exempt: number;
  /** Stretches of filtering clients verified against the witness, and those it can't speak for. */
  verified: number;
  unverifiable: number;
}

/** Nothing yet. */
export const noTotals = (): CheckTotals => ({
  events: 0,
  messages: 0,
  repeats: 0,
  undetected: 0,
  gaps: new Map(),
  toldLost: 0,
  exempt: 0,
  verified: 0,
  unverifiable: 0,
});

/** A list as this client knows it. */
interface Place {
  epoch: string;
  /** Accounted for up to here. */
  seq: number;
  /** The newest id seen. */
  newest: number;
  /** Where the present stretch began, and events got since. */
  from: number;
  received: number;
}

/** See the file comment. */
export class ClientCheck {
  readonly #places = new Map<string, Place>();
  #isExempt = false;

  /** @param symbols undefined: all, so that every position must come */
  constructor(
    readonly symbols: readonly string[] | undefined,
    readonly totals: CheckTotals,
    readonly onStretch: (stretch: Stretch) => void,
  ) {}

  /** What to come back with; empty before anything is known. */
  cursor(): string {
    return formatCursor(new Map([...this.#places].map(([list, { epoch, seq }]) => [list, { epoch, seq }])));
  }

  /** Events of one message; the cursor that came with them is told by {@link moveTo} afterwards. */
  take(run: Run): void {
    const first = run.seqs[0];
    if (first === undefined) return;
    this.totals.events += run.seqs.length;
    const place = this.#placeFor(run.list, run.epoch, first);
    if (run.isDense && first === place.newest + 1 && first === place.seq + 1) {
      place.newest = place.seq = first + run.seqs.length - 1;
      place.received += run.seqs.length;
      return;
    }
    for (const seq of run.seqs) this.#one(place, seq);
  }

  /** A gap, told: positions between the two are accounted for. */
  gap(list: string, after: Position, before: Position, lost: number | null, cause: string): void {
    this.totals.gaps.set(cause, (this.totals.gaps.get(cause) ?? 0) + 1);
    this.totals.toldLost += lost ?? 0;
    const place = this.#places.get(list);
    if (place !== undefined) {
      if (place.epoch === after.epoch) this.#reach(place, after.seq);
      this.#endStretch(list, place);
    }
    const seq = before.seq - 1;
    this.#places.set(list, {
      epoch: before.epoch,
      seq,
      newest: Math.max(seq, place?.epoch === before.epoch ? place.newest : 0),
      from: seq,
      received: 0,
    });
  }

  /** The server says where this client stands. */
  moveTo(cursor: Cursor): void {
    for (const [list, { epoch, seq }] of cursor) {
      const place = this.#places.get(list);
      if (place === undefined) this.#places.set(list, { epoch, seq, newest: seq, from: seq, received: 0 });
      else if (place.epoch === epoch) this.#reach(place, seq);
    }
  }

  /** It was warned: what is conflated for it from now on is told. */
  exempt(): void {
    if (!this.#isExempt) this.totals.exempt++;
    this.#isExempt = true;
  }

  /** It will get nothing more. */
  end(): void {
    for (const [list, place] of this.#places) this.#endStretch(list, place);
  }

  #placeFor(list: string, epoch: string, first: number): Place {
    const known = this.#places.get(list);
    if (known?.epoch === epoch) return known;
    // From before everything there is no hole to the first event; out of another epoch there is, and it must have been told.
    const seq = first - 1;
    if (known !== undefined && known.epoch !== "0" && !this.#isExempt) this.totals.undetected++;
    const place = { epoch, seq, newest: seq, from: seq, received: 0 };
    this.#places.set(list, place);
    return place;
  }

  #one(place: Place, seq: number): void {
    if (seq <= place.newest) {
      this.totals.repeats++;
      return;
    }
    this.#reach(place, seq - 1);
    place.newest = place.seq = seq;
    place.received++;
  }

  /** Everything up to `seq` is said to be this client's. */
  #reach(place: Place, seq: number): void {
    if (seq <= place.seq) return;
    if (this.symbols === undefined && !this.#isExempt) this.totals.undetected += seq - place.seq;
    place.seq = seq;
  }

  #endStretch(list: string, { epoch, from, seq, received }: Place): void {
    if (this.symbols === undefined || this.#isExempt || seq <= from) return;
    this.onStretch({ list, epoch, from, to: seq, symbols: this.symbols, received });
  }
}
