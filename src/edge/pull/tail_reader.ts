/**
 * Reads what is new in one list and puts it into its stream's log: as much of the tail as the hint says is new, wider when
 * that leaves a hole, and what even the whole list can't fill becomes a gap. Positions come from the elements' own ids, never
 * from where they stand. A read older than what was already seen (a lagging replica) is no news.
 */
import { comparePositions, ORIGIN, type Position } from "../../feed/cursor.ts";
import { type ElementPeek, isObjectInOneLine, peekElement } from "../../feed/event_text.ts";
import type { ListHead, ListStore, ListTail } from "../../feed/store.ts";
import type { EdgeCounters } from "../edge_counters.ts";
import { gapElement } from "./gap_element.ts";
import { type LogRecord, type Missing, missingRecord } from "./log_record.ts";
import { UsualNews } from "./usual_news.ts";

/** Where records go. */
export interface TailSink {
  /** The first read: what an empty ring begins after. */
  begin(list: number, position: Position): void;
  append(record: LogRecord): void;
  /** Whether a bar's window was seen before. */
  isLate(peek: ElementPeek): boolean;
}

/** What a reader runs on. */
export interface TailReaderOptions {
  readonly name: string;
  /** Its index in the stream. */
  readonly index: number;
  readonly capEvents: number;
  readonly store: ListStore;
  readonly sink: TailSink;
  readonly counters: EdgeCounters;
}

/** Until a head says otherwise: that of lists over Redis. */
export const DEFAULT_PULL_MS = 250;
/** A list that was never written is looked at less often; its first hint wakes everybody at once. */
export const ABSENT_PULL_MS = 1000;

interface Item {
  readonly seq: number;
  readonly text: string;
  readonly peek: ElementPeek;
}

/** See the file comment. */
export class TailReader {
  readonly #options: TailReaderOptions;
  #seen: Position = ORIGIN;
  #hasBegun = false;
  readonly #usual = new UsualNews();
  /** The element at `#seen`, held against the next read's. */
  #lastText: string | undefined;
  #pullMs = ABSENT_PULL_MS;
  /** Newest event, for health. */
  newest: { readonly t: number; readonly rx: number } | undefined;
  gaps = 0;
  /** The last read found no list where there was one before: it is lost, and what follows is a new epoch. */
  isLost = false;
  /** The last read's head where it is of an earlier epoch than one seen before: a lagging replica's, or the list's own. */
  earlier: Position | undefined;
  /** Read so far. */
  events = 0;

  constructor(options: TailReaderOptions) {
    this.#options = options;
  }

  /** The head as last read; {@link ORIGIN} before anything was there. */
  get seen(): Position {
    return this.#seen;
  }

  /** Whether any read was answered yet. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  get pullMs(): number {
    return this.#pullMs;
  }

  /** Reads; true when there was anything new. @throws {TickcastError} as the store does */
  async read(hinted: Position, signal: AbortSignal): Promise<boolean> {
    const { store, name, capEvents, counters } = this.#options;
    let asked = this.#countToAsk(hinted);
    while (true) {
      const tail = await store.readTail(name, asked, signal);
      const needed = this.#countNeeded(tail);
      if (needed === 0 || tail.elements.length < asked || asked >= capEvents) return this.#absorb(tail);
      counters.pullsWidened++;
      // Twice what was missing: the head moves on between two reads, and a hole that opened so was once told as a gap. Twice
      // what was asked, too, so that elements nobody can read end after a few reads in a gap.
      asked = Math.min(Math.max(needed, asked) * 2, capEvents);
    }
  }

  #countToAsk(hinted: Position): number {
    const { capEvents } = this.#options;
    if (!this.#hasBegun) return capEvents;
    if (comparePositions(hinted, this.#seen) > 0) {
      const news = this.#newsAt(hinted);
      return Math.min(Math.max(1, news), capEvents);
    }
    const { expected } = this.#usual;
    return expected === 0 ? 0 : Math.min(expected + 1, capEvents);
  }

  /** How many elements up to `head` are wanted: the new ones, and the last one held, to see that it is still the same. */
  #newsAt(head: Position): number {
    if (head.epoch !== this.#seen.epoch) return head.seq;
    return head.seq - this.#seen.seq + (this.#lastText === undefined ? 0 : 1);
  }

  /** How many elements reach back to what is held. */
  #countNeeded({ head, elements }: ListTail): number {
    if (head === undefined || comparePositions(head, this.#seen) <= 0) return 0;
    if (!this.#hasBegun) return 0;
    const wanted = Math.min(this.#newsAt(head), this.#options.capEvents);
    return this.#firstSeq(head, elements) <= head.seq - wanted + 1 ? 0 : wanted;
  }

  #absorb({ head, elements }: ListTail): boolean {
    const { sink, index } = this.#options;
    this.#setPullMs(head);
    this.isLost = head === undefined && this.#seen.epoch !== ORIGIN.epoch;
    this.earlier = head !== undefined && head.epoch < this.#seen.epoch ? head : undefined;
    if (head === undefined || comparePositions(head, this.#seen) <= 0) {
      this.#hasBegun = true;
      this.#usual.note(0);
      return false;
    }
    const items = this.#newItems(head, elements);
    const first = items[0]?.seq ?? head.seq + 1;
    // What a list held before anybody looked says nothing about how fast it grows, nor does what was lost on the way.
    if (this.#hasBegun) this.#usual.note(items.length);
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#seen = { epoch: head.epoch, seq: first - 1 };
      sink.begin(index, this.#seen);
    } else if (head.epoch !== this.#seen.epoch) this.#enterEpoch(head.epoch, first);
    else if (this.#isRewritten(elements)) this.#tellRewritten(first);
    for (const item of items) this.#take(head.epoch, item);
    const newest = items.at(-1);
    if (newest !== undefined) this.newest = { t: newest.peek.t, rx: receivedAt(newest.text) };
    this.#skipTo(head.seq);
    return true;
  }

  /** Whether the list says something else where this instance stands than it said before, in the same epoch. */
  #isRewritten(elements: readonly string[]): boolean {
    const last = this.#lastText;
    if (last === undefined) return false;
    const id = `{"id":"${peekElement(last)?.id ?? ""}",`;
    return elements.some((text) => text.startsWith(id) && text !== last);
  }

  /**
   * The list went back and came on again under the same ids: the store failed over to an old copy while another ingest took the
   * lease, so nobody knew how far it had been. What stands in the ids already held can't be told apart any more.
   */
  #tellRewritten(first: number): void {
    const { epoch, seq } = this.#seen;
    const before = { epoch, seq: first };
    this.#miss({ after: this.#seen, before, lost: null, cause: "epoch", from: undefined, to: undefined });
    this.#seen = { epoch, seq: Math.max(seq, first - 1) };
  }

  #setPullMs(head: ListHead | undefined): void {
    if (head !== undefined) this.#pullMs = head.pullMs > 0 ? head.pullMs : DEFAULT_PULL_MS;
  }

  /** Elements after what is held, in order; whatever is not one of this list's is dropped and counted. */
  #newItems(head: ListHead, elements: readonly string[]): Item[] {
    const { counters } = this.#options;
    const prefix = this.#idPrefix(head);
    const after = head.epoch === this.#seen.epoch ? this.#seen.seq : 0;
    const items: Item[] = [];
    let last = after;
    for (const text of elements) {
      const peek = peekElement(text);
      const seq = seqAfter(prefix, peek);
      if (peek === undefined || !Number.isSafeInteger(seq) || seq > head.seq || !isObjectInOneLine(text)) {
        counters.drop("bad_element");
      } else if (seq > last) {
        items.push({ seq, text, peek });
        last = seq;
      }
    }
    return items;
  }

  /** What every id of this list and epoch begins with. */
  #idPrefix({ epoch }: Position): string {
    const { name } = this.#options;
    const dot = name.indexOf(".");
    return `${dot < 0 ? "" : `${name.slice(dot + 1)}.`}${epoch}-`;
  }

  /** Sequence number of the oldest element of this list's; infinite when there is none. */
  #firstSeq(head: Position, elements: readonly string[]): number {
    const prefix = this.#idPrefix(head);
    for (const element of elements) {
      const seq = seqAfter(prefix, peekElement(element));
      if (Number.isSafeInteger(seq)) return seq;
    }
    return Infinity;
  }

  /** The list was lost and began anew: nobody can know what was lost; what is held of the new one follows. */
  #enterEpoch(epoch: string, first: number): void {
    const after = this.#seen;
    this.#lastText = undefined;
    const isFirstEver = after.epoch === ORIGIN.epoch;
    this.#seen = { epoch, seq: isFirstEver ? 0 : first - 1 };
    if (isFirstEver) {
      this.#options.sink.begin(this.#options.index, this.#seen);
      return;
    }
    const before = { epoch, seq: first };
    this.#miss({ after, before, lost: null, cause: "epoch", from: undefined, to: undefined });
  }

  #take(epoch: string, { seq, text, peek }: Item): void {
    const { sink, index, counters } = this.#options;
    this.#skipTo(seq - 1);
    const gap = peek.type === "gap" ? gapElement(text, { epoch, seq }) : undefined;
    counters.eventsPulled++;
    this.events++;
    this.#seen = { epoch, seq };
    this.#lastText = text;
    if (gap !== undefined) return sink.append(missingRecord(index, gap, this.#seen));
    sink.append({
      list: index,
      epoch,
      seq,
      text,
      type: peek.type,
      sym: peek.sym,
      t: peek.t,
      late: sink.isLate(peek),
      missing: undefined,
    });
  }

  /** Positions up to `seq` that were not there: trimmed before this instance read them, or not readable. */
  #skipTo(seq: number): void {
    const { epoch } = this.#seen;
    const lost = seq - this.#seen.seq;
    if (lost <= 0) return;
    const before = { epoch, seq: seq + 1 };
    this.#miss({ after: this.#seen, before, lost, cause: "evicted", from: undefined, to: undefined });
    this.#seen = { epoch, seq };
    this.#lastText = undefined;
  }

  #miss(missing: Missing): void {
    const { sink, index } = this.#options;
    this.gaps++;
    const { epoch, seq } = missing.before;
    sink.append(missingRecord(index, missing, { epoch, seq: seq - 1 }));
  }
}

/** The number that an id with this prefix ends in; NaN where it is none that was ever given out. */
function seqAfter(prefix: string, peek: ElementPeek | undefined): number {
  const seq = peek?.id.startsWith(prefix) ? Number(peek.id.slice(prefix.length)) : NaN;
  return seq >= 1 ? seq : NaN;
}

/** When ingest received an event, read off its text: `rx` follows `t` in every element. */
const receivedAt = (text: string): number => Number(/,"rx":(\d{1,16})/.exec(text)?.[1] ?? NaN);
