/**
 * What waits for one list: encoded events in the order they go in, and the losses among them. A loss is told where it
 * happened: events that were refused at the end leave an open gap, which takes its place before whatever comes next.
 */
import type { Clock } from "../../feed/clock.ts";
import type { FeedEvent, Gap } from "../../feed/event.ts";
import { encodeEvent, type EventBody } from "../../feed/event_text.ts";
import { Fifo } from "./fifo.ts";
import { areAlike, type GapToTell, lossOf, mergeGaps } from "./loss.ts";

/** An event on its way to its list. */
export interface LaneItem {
  readonly event: FeedEvent;
  readonly body: EventBody;
  /** What it takes of an append's bytes, rounded up. */
  readonly bytes: number;
}

/** Makes an item. */
export function laneItem(event: FeedEvent): LaneItem {
  const body = encodeEvent(event);
  const id = 32;
  return { event, body, bytes: id + (ASCII.test(body.text) ? body.text.length : body.text.length * 3) };
}

const ASCII = /^[\x20-\x7e]*$/;

/** Called with every gap that is put into a lane. */
export type GapSeen = (gap: Gap) => void;

/** See the file's own description. */
export class Lane {
  readonly #queue = new Fifo<LaneItem>();
  readonly #clock: Clock;
  readonly #gapSeen: GapSeen;
  #open: GapToTell | undefined;
  #wake: (() => void) | undefined;

  constructor(readonly list: string, clock: Clock, gapSeen: GapSeen) {
    this.#clock = clock;
    this.#gapSeen = gapSeen;
  }

  /** Events waiting. */
  get depth(): number {
    return this.#queue.size;
  }

  /** Whether there is anything to append: events, or a loss not yet told. */
  get waiting(): boolean {
    return this.#queue.size > 0 || this.#open !== undefined;
  }

  push(item: LaneItem): void {
    this.#closeGap();
    this.#queue.push(item);
    this.#wake?.();
  }

  /** Notes that events which would have stood here next are lost. */
  lose(gap: GapToTell): void {
    if (this.#open && !areAlike(this.#open, gap)) this.#closeGap();
    this.#open = this.#open ? mergeGaps(this.#open, gap) : gap;
    this.#wake?.();
  }

  /** Wakes the waiter although nothing waits. */
  nudge(): void {
    this.#wake?.();
  }

  /** Resolves when something is waiting, at a nudge, or when the signal aborts. One waiter at a time. */
  async untilWaiting(signal: AbortSignal): Promise<void> {
    if (this.waiting || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#wake = undefined;
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#wake = done;
      signal.addEventListener("abort", done, { once: true });
    });
  }

  /** Takes the oldest, within both limits (but always one). */
  take(maxEvents: number, maxBytes: number): LaneItem[] {
    const items: LaneItem[] = [];
    let bytes = 0;
    while (items.length < maxEvents) {
      if (this.#queue.size === 0) this.#closeGap();
      const next = this.#queue.peek();
      if (!next || (items.length > 0 && bytes + next.bytes > maxBytes)) break;
      this.#queue.shift();
      items.push(next);
      bytes += next.bytes;
    }
    return items;
  }

  /** Keeps the newest per (type, symbol); what goes is told in front of what stays. Returns how many went. */
  conflate(): number {
    const seen = new Set<string>();
    const kept = [...this.#queue].reverse().filter(({ body }) => {
      if (body.lastField === undefined) return true;
      return seen.has(body.lastField) ? false : seen.add(body.lastField);
    }).reverse();
    return this.#keep(kept);
  }

  /** Lets the oldest `count` events go, told in front of what stays. Returns how many went. */
  dropOldest(count: number): number {
    let left = count;
    return this.#keep([...this.#queue].filter(({ event }) => event.type === "gap" || --left < 0));
  }

  /** Forgets everything: it is another's to send. */
  clear(): number {
    const depth = this.depth;
    this.#queue.clear();
    this.#open = undefined;
    return depth;
  }

  #keep(kept: LaneItem[]): number {
    const keptSet = new Set(kept);
    let loss: GapToTell | undefined;
    let count = 0;
    for (const item of this.#queue) {
      if (keptSet.has(item)) continue;
      count++;
      loss = loss ? mergeGaps(loss, lossOf(item.event)) : lossOf(item.event);
    }
    if (!loss) return 0;
    const front = kept[0]?.event;
    const joins = front?.type === "gap" && areAlike(front, loss);
    const told = joins ? mergeGaps(front, loss) : loss;
    this.#queue.replace([this.#gapItem(told), ...(joins ? kept.slice(1) : kept)]);
    return count;
  }

  #closeGap(): void {
    if (!this.#open) return;
    const gap = this.#open;
    this.#open = undefined;
    this.#queue.push(this.#gapItem(gap));
  }

  #gapItem({ lost, cause, from, to }: GapToTell): LaneItem {
    const gap: Gap = { type: "gap", t: to, rx: this.#clock.now(), lost, cause, from, to };
    this.#gapSeen(gap);
    return laneItem(gap);
  }
}
