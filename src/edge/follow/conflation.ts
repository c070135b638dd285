/**
 * The latest of each (type, symbol), signals by their key: what `mode: latest` and slow clients get. Bars are merged
 * ({@link "./bar_merge.ts"}), everything else is replaced by what is newest in event time; either way `n` says how many
 * events one stands for, so that a client can count. Pure.
 */
import { follows, type ListedBar, mergeBars, readBar } from "./bar_merge.ts";
import type { LogRecord } from "../pull/log_record.ts";

/** One event that may stand for several. */
interface Slot {
  /** Its newest record: where it stands in the order of the output. */
  order: number;
  newest: LogRecord;
  count: number;
  /** Only of bars: all that are in it. */
  readonly bars: ListedBar[] | undefined;
}

/** What came out, in list order. */
export interface Conflated {
  readonly texts: readonly string[];
  /** Events that went into others. */
  readonly merged: number;
}

const isBarType = (type: string): boolean => type === "second" || type === "minute";

/** What a record is the latest of. A record that stands alone has no such key. */
function slotKey(record: LogRecord, byKey: boolean): string {
  if (!byKey) return `${record.type}:${record.sym}`;
  const key: unknown = Reflect.get(JSON.parse(record.text), "key");
  return `${record.type}:${String(key)}`;
}

/** Gathers records one by one; {@link Conflator.finish} gives what they come to. */
export class Conflator {
  readonly #open = new Map<string, Slot>();
  readonly #slots: Slot[] = [];
  #merged = 0;
  #order = 0;
  /** About what the output will take, in characters. */
  chars = 0;

  /** @param byKey the stream's events are told apart by `key` (signals) rather than by (type, symbol) */
  constructor(readonly byKey: boolean) {}

  add(record: LogRecord): void {
    const order = this.#order++;
    if (isBarType(record.type)) this.#addBar(record, order);
    else this.#addOther(record, order);
  }

  finish(): Conflated {
    const slots = this.#slots.sort((a, b) => a.order - b.order);
    return { texts: slots.map(slotText), merged: this.#merged };
  }

  #addOther(record: LogRecord, order: number): void {
    const key = slotKey(record, this.byKey);
    const slot = this.#open.get(key);
    if (slot === undefined) return this.#start(key, record, order, undefined);
    slot.count++;
    this.#merged++;
    if (record.t < slot.newest.t) return;
    this.chars += record.text.length - slot.newest.text.length;
    slot.newest = record;
    slot.order = order;
  }

  #addBar(record: LogRecord, order: number): void {
    const key = `${record.type}:${record.sym}`;
    const bar = record.late ? undefined : readBar(record.text);
    if (bar === undefined) {
      this.#open.delete(key);
      this.#slots.push({ order, newest: record, count: 1, bars: undefined });
      this.chars += record.text.length;
      return;
    }
    const slot = this.#open.get(key);
    const last = slot?.bars?.at(-1);
    if (slot?.bars === undefined || last === undefined || !follows(last, bar)) {
      return this.#start(key, record, order, [bar]);
    }
    slot.bars.push(bar);
    slot.count++;
    this.#merged++;
    slot.newest = record;
    slot.order = order;
  }

  #start(key: string, newest: LogRecord, order: number, bars: ListedBar[] | undefined): void {
    const slot: Slot = { order, newest, count: 1, bars };
    this.#open.set(key, slot);
    this.#slots.push(slot);
    this.chars += newest.text.length;
  }
}

function slotText(slot: Slot): string {
  if (slot.count === 1) return slot.newest.text;
  if (slot.bars !== undefined) return mergeBars(slot.bars);
  return `${slot.newest.text.slice(0, -1)},"n":${slot.count}}`;
}
