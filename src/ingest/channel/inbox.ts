/**
 * What waits to be worked on in one channel, in order of arrival, and the losses among it. What goes from the front is told
 * in the lists, which are before it; what is refused at the end takes its place behind everything that was here first.
 */
import type { SymbolEvent } from "../../feed/event.ts";
import { Fifo } from "./fifo.ts";
import { type GapToTell, lossOf, mergeGaps } from "./loss.ts";

/** An event with where it came from and the list it goes to. */
export interface Queued {
  readonly kind: "event";
  readonly event: SymbolEvent;
  readonly connection: string;
  readonly list: string;
}

/** A loss on its way to a list. */
export interface QueuedGap {
  readonly kind: "gap";
  readonly gap: GapToTell;
  readonly list: string;
}

/** Told of what is lost before everything that waits here. */
export type LoseBefore = (list: string, gap: GapToTell) => void;

/** See the file's own description. Its owner bounds it. */
export class Inbox {
  readonly #queue = new Fifo<Queued | QueuedGap>();
  /** Refused since the last push, by list. */
  readonly #refused = new Map<string, GapToTell>();

  get size(): number {
    return this.#queue.size;
  }

  push(queued: Queued | QueuedGap): void {
    if (this.#refused.size > 0) this.#closeGaps();
    this.#queue.push(queued);
  }

  /** Notes that an event is lost that would have stood at the end. */
  refuse(list: string, event: SymbolEvent): void {
    const before = this.#refused.get(list);
    this.#refused.set(list, before ? mergeGaps(before, lossOf(event)) : lossOf(event));
  }

  shift(): Queued | QueuedGap | undefined {
    if (this.#queue.size === 0) this.#closeGaps();
    return this.#queue.shift();
  }

  /** Keeps the newest event per (type, symbol). Returns how many went. */
  conflate(lose: LoseBefore): number {
    const seen = new Set<string>();
    const kept: (Queued | QueuedGap)[] = [];
    let gone = 0;
    for (const queued of [...this.#queue].reverse()) {
      const key = queued.kind === "gap" ? undefined : `${queued.event.type}:${queued.event.sym}`;
      if (key !== undefined && seen.has(key)) {
        gone++;
        loseOne(queued, lose);
      } else {
        kept.push(queued);
        if (key !== undefined) seen.add(key);
      }
    }
    this.#queue.replace(kept.reverse());
    return gone;
  }

  /** Lets the oldest go until at most `size` are left. Returns how many events went. */
  shrink(size: number, lose: LoseBefore): number {
    let gone = 0;
    while (this.#queue.size > size) {
      const queued = this.#queue.shift();
      if (!queued) break;
      gone += loseOne(queued, lose);
    }
    return gone;
  }

  /** Forgets everything; gives how many that were. */
  clear(): number {
    const count = this.#queue.size;
    this.#queue.clear();
    this.#refused.clear();
    return count;
  }

  #closeGaps(): void {
    for (const [list, gap] of this.#refused) this.#queue.push({ kind: "gap", gap, list });
    this.#refused.clear();
  }
}

function loseOne(queued: Queued | QueuedGap, lose: LoseBefore): number {
  lose(queued.list, queued.kind === "gap" ? queued.gap : lossOf(queued.event));
  return queued.kind === "gap" ? 0 : 1;
}
