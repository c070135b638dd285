/**
 * One capped list in memory: elements, head, latest events. Appending costs the batch, never the cap: old elements are
 * stepped over and cut off once a whole cap of them has gathered.
 */
import { comparePositions, eventId, type Position } from "../../feed/cursor.ts";
import { stampBody } from "../../feed/event_text.ts";
import type { AppendReply, AppendRequest, LatestEvents, ListHead, ListTail } from "../../feed/store.ts";
import { decideAppend, nextEpoch, type StoredHead } from "./append_decision.ts";
import { lastCandidates } from "../batch_plan.ts";

interface LatestEvent {
  readonly t: number;
  readonly element: string;
}

/** See the file comment. Knows nothing of fences or hints: {@link "./memory_lists.ts"} does. */
export class MemoryList {
  #elements: string[] = [];
  /** Elements before it are cut off already, though still there. */
  #from = 0;
  #head: StoredHead | undefined;
  readonly #last = new Map<string, LatestEvent>();

  /** A copy that lives on apart, as a stale replica would. */
  clone(): MemoryList {
    const copy = new MemoryList();
    copy.#elements = this.#elements.slice(this.#from);
    copy.#head = this.#head;
    for (const [field, event] of this.#last) copy.#last.set(field, event);
    return copy;
  }

  /** Loses the elements but not the head: what an eviction does to one key. */
  dropElements(): void {
    this.#elements = [];
    this.#from = 0;
  }

  get lengthEvents(): number {
    return this.#elements.length - this.#from;
  }

  /** Applies one batch by the rule of {@link decideAppend}; the fence was checked. */
  append(request: AppendRequest, nowMs: number): Exclude<AppendReply, { outcome: "fenced" }> {
    const decision = decideAppend(this.#head, this.lengthEvents, request);
    const head = this.#head;
    const count = request.bodies.length;
    if (head !== undefined && decision === "behind") {
      return { outcome: "behind", head: { epoch: head.epoch, seq: head.seq } };
    }
    if (head !== undefined && decision === "again") return applied(head.epoch, head.seq - count + 1, count);
    if (head === undefined || decision === "restart") {
      const known = head === undefined ? [request.expected.epoch] : [request.expected.epoch, head.epoch];
      const epoch = nextEpoch(nowMs, known);
      this.dropElements();
      this.#last.clear();
      return this.#push(request, epoch, 1);
    }
    return this.#push(request, head.epoch, head.seq + 1);
  }

  /** Asks readers for another interval, if the head is still `expected`. */
  setPullInterval(expected: Position, pullMs: number): "written" | "moved" {
    const head = this.#head;
    if (head === undefined || comparePositions(head, expected) !== 0) return "moved";
    this.#head = { ...head, pullMs };
    return "written";
  }

  /** The newest `countEvents` elements. */
  tail(countEvents: number): ListTail {
    const start = Math.max(this.#from, this.#elements.length - Math.max(0, countEvents));
    return { head: this.lengthEvents === 0 ? undefined : this.head, elements: this.#elements.slice(start) };
  }

  /** The latest events of `fields`, or all. */
  latest(fields: readonly string[] | undefined): LatestEvents {
    const elements: string[] = [];
    for (const field of fields ?? this.#last.keys()) {
      const event = this.#last.get(field);
      if (event !== undefined) elements.push(event.element);
    }
    return { head: this.head, elements };
  }

  /** Where it stands; undefined when it was never written. */
  get head(): ListHead | undefined {
    const head = this.#head;
    return head === undefined ? undefined : { epoch: head.epoch, seq: head.seq, pullMs: head.pullMs };
  }

  #push(request: AppendRequest, epoch: string, firstSeq: number) {
    const { list, bodies, capEvents } = request;
    const base = this.#elements.length;
    let seq = firstSeq;
    for (const body of bodies) {
      this.#elements.push(stampBody(eventId(list, { epoch, seq }), body.text));
      seq++;
    }
    for (const { field, t, index } of lastCandidates(bodies)) {
      const known = this.#last.get(field);
      const element = this.#elements[base + index];
      if (element !== undefined && (known === undefined || t >= known.t)) {
        this.#last.set(field, { t, element });
      }
    }
    this.#trim(capEvents);
    this.#head = { epoch, seq: seq - 1, batch: request.batch, pullMs: request.pullMs };
    return applied(epoch, firstSeq, bodies.length);
  }

  #trim(capEvents: number): void {
    this.#from = Math.max(this.#from, this.#elements.length - capEvents);
    if (this.#from < capEvents) return;
    this.#elements = this.#elements.slice(this.#from);
    this.#from = 0;
  }
}

const applied = (epoch: string, firstSeq: number, count: number) => ({
  outcome: "applied" as const,
  epoch,
  firstSeq,
  lastSeq: firstSeq + count - 1,
  fresh: firstSeq === 1,
});
