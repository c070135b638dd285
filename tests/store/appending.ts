/** Writers for tests: a batch of plausible events in one line, and an appender that follows the head as ingest does. */
import { assertEquals } from "@std/assert";
import { ORIGIN, type Position } from "../../src/feed/cursor.ts";
import { encodeEvent, type EventBody } from "../../src/feed/event_text.ts";
import type { AppendReply, AppendRequest, FeedStore } from "../../src/feed/store.ts";
import { A_MONDAY, aTrade } from "../support/event_factory.ts";

export const CAP_EVENTS = 1000;

/** `count` trades, tids `from`, `from + 1`, …, a millisecond apart, over three symbols. */
export const trades = (count: number, from = 1): EventBody[] =>
  Array.from({ length: count }, (_, n) =>
    encodeEvent(
      aTrade({
        tid: String(from + n),
        t: A_MONDAY + from + n,
        sym: ["AAPL", "MSFT", "X:BTC-USD"][n % 3] ?? "AAPL",
      }),
    ));

/** The trade ids in elements. */
export const tidsOf = (elements: readonly string[]): number[] =>
  elements.map((element) => Number(JSON.parse(element).tid));

/** The ids in elements. */
export const idsOf = (elements: readonly string[]): string[] =>
  elements.map((element) => String(JSON.parse(element).id));

let batches = 0;

/** A request with everything but what the test is about. */
export const aRequest = (over: Partial<AppendRequest>): AppendRequest => ({
  list: "tick",
  capEvents: CAP_EVENTS,
  fence: 0,
  expected: ORIGIN,
  batch: `batch-${++batches}`,
  bodies: trades(1),
  pullMs: 250,
  ...over,
});

/** Takes the lease whoever has it: the fence. */
export async function lead(store: FeedStore, owner = "test"): Promise<number> {
  const seen = (await store.readLease())?.fence ?? 0;
  const lease = await store.takeLease(owner, seen, 10_000);
  if (lease === undefined) throw new Error("Cannot lead as somebody was quicker");
  return lease.fence;
}

/** Appends in order, following the head, in chunks of half the cap. */
export class Writer {
  position: Position = ORIGIN;
  #next = 1;

  constructor(
    readonly store: FeedStore,
    public fence: number,
    readonly list = "tick",
    readonly capEvents = CAP_EVENTS,
  ) {}

  /** Appends `count` trades, numbered on; all must be applied. */
  async write(count: number): Promise<void> {
    while (count > 0) {
      const size = Math.min(count, this.capEvents / 2);
      this.followed(await this.store.append(this.request(size)));
      count -= size;
    }
  }

  /** The request {@link write} would make. */
  request(count: number, over: Partial<AppendRequest> = {}): AppendRequest {
    const bodies = trades(count, this.#next);
    this.#next += count;
    const { list, capEvents, fence, position: expected } = this;
    return aRequest({ list, capEvents, fence, expected, bodies, ...over });
  }

  /** Takes a reply that must be `applied` and moves on. */
  followed(reply: AppendReply): AppendReply & { outcome: "applied" } {
    if (reply.outcome !== "applied") {
      assertEquals(reply.outcome, "applied");
      throw new Error("unreachable");
    }
    this.position = { epoch: reply.epoch, seq: reply.lastSeq };
    return reply;
  }
}
