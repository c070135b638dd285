/**
 * Writers that do what real ones do and what the network does to them, step by step over any store, and a reader that looks
 * after every step. What happened is written down without clocks (epochs and fences as ordinals), so that the traces of two
 * stores can be compared.
 *
 * The laws need two things of a writer, for no store can know them after a failover to an old copy: it names the furthest
 * head anybody knew of, not merely what a read says now; and a batch whose fate is unknown is sent again as it was, or let
 * go of for good once somebody else may have written.
 */
import { assert, assertEquals } from "@std/assert";
import { comparePositions, ORIGIN, type Position } from "../../src/feed/cursor.ts";
import type { AppendReply, AppendRequest } from "../../src/feed/store.ts";
import { aRequest, idsOf, tidsOf, trades } from "./appending.ts";
import type { StoreBench } from "./contract.ts";

/** Small, so that trimming is always near. */
const CAP_EVENTS = 20;

/** One step of one of three writers, or of fate. */
export type Step =
  /** Takes the lease and follows the furthest head known; who led before goes on with its batch under the new fence. */
  | { readonly kind: "take"; readonly writer: number }
  /** Sends a batch: the one under way again, or a new one. The request or its reply may be lost. */
  | {
    readonly kind: "append";
    readonly writer: number;
    readonly count: number;
    readonly lost: "no" | "request" | "reply";
  }
  /** A copy of an earlier request arrives late. */
  | { readonly kind: "late"; readonly back: number }
  | { readonly kind: "lose_list" }
  | { readonly kind: "copy" }
  | { readonly kind: "fail_over" };

interface Writer {
  fence: number;
  position: Position;
  pending: AppendRequest | undefined;
}

/** See the file comment. One per run. */
export class WriterModel {
  readonly #writers: readonly Writer[] = [0, 1, 2].map(() => ({
    fence: 0,
    position: ORIGIN,
    pending: undefined,
  }));
  readonly #sent: AppendRequest[] = [];
  /** Every element ever seen, by id: an id never means two things. */
  readonly #seen = new Map<string, string>();
  /** Epoch and tid → id: within an epoch an event has one place. */
  readonly #places = new Map<string, string>();
  readonly #ordinals = new Map<string | number, number>();
  #next = 1;
  #failOver: (() => Promise<void>) | undefined;
  #furthest: Position = ORIGIN;
  #leader: Writer | undefined;

  constructor(readonly bench: StoreBench, readonly list: string) {}

  /** Does one step, looks, and says what happened. */
  async step(step: Step): Promise<unknown> {
    const happened = await this.#do(step);
    return { step, happened, seen: await this.#look() };
  }

  async #do(step: Step): Promise<unknown> {
    switch (step.kind) {
      case "take":
        return await this.#take(this.#writer(step.writer));
      case "append":
        return await this.#append(this.#writer(step.writer), step.count, step.lost);
      case "late": {
        const request = this.#sent.at(-1 - step.back);
        return request === undefined ? "none" : this.#told(await this.bench.store.append(request));
      }
      case "lose_list":
        return await this.bench.loseList(this.list);
      case "copy":
        this.#failOver = await this.bench.copy();
        return undefined;
      case "fail_over":
        // Fences and epochs made faster than one a millisecond run ahead of the clock; real ones are seconds apart.
        await this.bench.pass(20);
        // Who lost the lease knew it long before the copy could say otherwise.
        for (const writer of this.#writers) if (writer !== this.#leader) writer.fence = 0;
        await this.#failOver?.();
        return undefined;
    }
  }

  async #take(writer: Writer): Promise<unknown> {
    const seen = (await this.bench.store.readLease())?.fence ?? 0;
    const lease = await this.bench.store.takeLease("model", seen, 1000);
    assert(lease !== undefined && lease.fence > seen);
    const { head } = await this.bench.store.readTail(this.list, 0);
    writer.fence = lease.fence;
    // Somebody else may have written since: nobody can say any more what became of it.
    if (this.#leader !== writer) writer.pending = undefined;
    this.#leader = writer;
    writer.position = furthest(writer.position, this.#furthest, head ?? ORIGIN);
    return this.#ordinal(lease.fence);
  }

  async #append(writer: Writer, count: number, lost: "no" | "request" | "reply"): Promise<unknown> {
    writer.pending ??= this.#batch(writer, count);
    if (lost === "request") return "lost";
    writer.pending = { ...writer.pending, fence: writer.fence };
    const reply = await this.bench.store.append(writer.pending);
    if (reply.outcome === "applied") this.#sent.push(writer.pending);
    if (lost === "reply" || reply.outcome === "fenced") return this.#told(reply);
    const position = reply.outcome === "applied" ? { epoch: reply.epoch, seq: reply.lastSeq } : reply.head;
    writer.position = furthest(writer.position, this.#furthest, position);
    writer.pending = undefined;
    return this.#told(reply);
  }

  #batch(writer: Writer, count: number): AppendRequest {
    const bodies = trades(count, this.#next);
    this.#next += count;
    return aRequest({
      list: this.list,
      capEvents: CAP_EVENTS,
      fence: writer.fence,
      expected: writer.position,
      batch: `model-${this.#next}`,
      bodies,
    });
  }

  /** The laws that hold at every moment, and what is there now. */
  async #look(): Promise<unknown> {
    const { head, elements } = await this.bench.store.readTail(this.list, CAP_EVENTS * 2);
    assert(await this.bench.lengthEvents(this.list) <= CAP_EVENTS);
    if (head === undefined) return "nothing";
    this.#furthest = furthest(this.#furthest, head);
    const first = head.seq - elements.length + 1;
    assertEquals(elements.length, Math.min(head.seq, CAP_EVENTS));
    const [ids, tids] = [idsOf(elements), tidsOf(elements)];
    for (const [n, element] of elements.entries()) {
      const id = ids[n] ?? "";
      assert(id.endsWith(`${head.epoch}-${first + n}`), `${id} stands at ${head.epoch}-${first + n}`);
      assertEquals(this.#seen.get(id) ?? element, element, `${id} means two things`);
      this.#seen.set(id, element);
      const place = `${head.epoch} ${tids[n]}`;
      assertEquals(this.#places.get(place) ?? id, id, `event ${place} has two places`);
      this.#places.set(place, id);
    }
    const latest = await this.bench.store.readLatest(this.list, undefined);
    return { at: this.#plain(head), tids, latest: tidsOf(latest.elements).sort() };
  }

  #told(reply: AppendReply): unknown {
    switch (reply.outcome) {
      case "applied":
        return { ...reply, epoch: this.#ordinal(reply.epoch) };
      case "behind":
        return { outcome: "behind", head: this.#plain(reply.head) };
      case "fenced":
        return { outcome: "fenced", fence: this.#ordinal(reply.fence) };
    }
  }

  #plain({ epoch, seq }: Position): unknown {
    return [this.#ordinal(epoch), seq];
  }

  #ordinal(value: string | number): number {
    const known = this.#ordinals.get(value) ?? this.#ordinals.size;
    this.#ordinals.set(value, known);
    return known;
  }

  #writer(n: number): Writer {
    const writer = this.#writers[n];
    if (writer === undefined) throw new RangeError(`Cannot step as there is no writer ${n}`);
    return writer;
  }
}

const furthest = (...positions: readonly Position[]): Position =>
  positions.reduce((a, b) => comparePositions(a, b) < 0 ? b : a);
