/** What stands in Redis where lists should: replies, heads, elements, hints. Anybody with the password may have written it. */
import { assert, assertEquals } from "@std/assert";
import { EdgeCounters } from "../../../src/edge/edge_counters.ts";
import { readElements } from "../../../src/edge/massive/massive_frame.ts";
import type { LogRecord } from "../../../src/edge/pull/log_record.ts";
import { TailReader } from "../../../src/edge/pull/tail_reader.ts";
import { comparePositions, epochFromNumber, ORIGIN, parsePosition } from "../../../src/feed/cursor.ts";
import { encodeEvent, peekElement, stampBody } from "../../../src/feed/event_text.ts";
import { silentLog } from "../../../src/feed/log.ts";
import type { FeedStore, ListStore, ListTail } from "../../../src/feed/store.ts";
import { formatHint, parseHint } from "../../../src/store/redis/hint_text.ts";
import { createRedisStore } from "../../../src/store/redis/redis_store.ts";
import type { RedisTransport } from "../../../src/store/redis/redis_transport.ts";
import { UsageMeter } from "../../../src/store/usage_meter.ts";
import { aFairValue, aGap, aMinute, aTrade } from "../../support/event_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { type FuzzTarget, jsonOf, refusingLater } from "../fuzz_target.ts";

const EPOCH = "k3f9a0b1";
const element = (seq: number, epoch = EPOCH) =>
  stampBody(`${epoch}-${seq}`, encodeEvent(aTrade({ tid: String(seq) })).text);

const hints: FuzzTarget = {
  name: "hints",
  samples: ["tick k3f9a0b1-1042", "tick.3 k3f9a0b1-7"],
  hold(text) {
    const hint = parseHint(text);
    if (hint !== undefined) assertEquals(formatHint(hint), text);
  },
};

const elements: FuzzTarget = {
  name: "list elements",
  samples: [
    element(1),
    stampBody("3.k3f9a0b1-7", encodeEvent(aMinute()).text),
    stampBody("k3f9a0b1-1", encodeEvent(aFairValue()).text),
    stampBody("k3f9a0b1-1", encodeEvent(aGap()).text),
  ],
  hold(text) {
    const peek = peekElement(text);
    if (peek === undefined) return;
    assert(Number.isFinite(peek.t));
    const { id, type } = Object(jsonOf(text));
    // What is read without parsing is what parsing finds, unless a member stands twice or is spelt with escapes.
    if (typeof id === "string" && !/\\|"id":.*"id":|"type":.*"type":/s.test(text)) {
      assertEquals([peek.id, peek.type], [id, type]);
    }
  },
};

const frames: FuzzTarget = {
  name: "frames on their way to Massive's shape",
  samples: [
    `[${element(1)},${element(2)}]`,
    `[${stampBody("k3f9a0b1-1", encodeEvent(aFairValue()).text)}]`,
  ],
  hold(text) {
    if (!Array.isArray(jsonOf(text))) return;
    for (const { text: wire } of readElements(text, "stocks")) assert(typeof jsonOf(wire) === "object", wire);
  },
};

/** Something in the place of a tail, as far as the store lets it through. */
function tailOf(text: string): ListTail | undefined {
  const { head, elements } = Object(jsonOf(text));
  if (!Array.isArray(elements) || !elements.every((one) => typeof one === "string")) return undefined;
  const { epoch, seq, pullMs } = Object(head);
  if (typeof pullMs !== "number" || typeof seq !== "number") return undefined;
  try {
    return { head: { ...parsePosition(`${epoch}-${seq}`), pullMs }, elements };
  } catch {
    return undefined;
  }
}

const LAST_EPOCH = "zzzzzzzy";
const tails: FuzzTarget = {
  name: "tails an edge reads",
  samples: [
    JSON.stringify({ head: { epoch: EPOCH, seq: 12, pullMs: 250 }, elements: [element(11), element(12)] }),
    JSON.stringify({ head: { epoch: "k3f9a0b2", seq: 2, pullMs: 10 }, elements: [element(1, "k3f9a0b2")] }),
    JSON.stringify({
      head: { epoch: EPOCH, seq: 9, pullMs: 10 },
      elements: [element(7), stampBody(`${EPOCH}-8`, encodeEvent(aGap()).text), element(9)],
    }),
  ],
  async hold(text) {
    const odd = tailOf(text);
    if (odd === undefined) return;
    const tail = (epoch: string, to: number): ListTail => ({
      head: { epoch, seq: to, pullMs: 10 },
      elements: Array.from({ length: to }, (_, n) => element(n + 1, epoch)),
    });
    let answer = tail(EPOCH, 5);
    const unused = () => Promise.reject(new Error("not part of this"));
    const store: ListStore = {
      readTail: () => Promise.resolve(answer),
      append: unused,
      setPullInterval: unused,
      readLatest: unused,
      hints: () => {
        throw new Error("not part of this");
      },
    };
    const records: LogRecord[] = [];
    const counters = new EdgeCounters(new ManualClock());
    const sink = { begin() {}, append: (one: LogRecord) => void records.push(one), isLate: () => false };
    const reader = new TailReader({ name: "tick", index: 0, capEvents: 1000, store, counters, sink });
    const { signal } = new AbortController();
    await reader.read(ORIGIN, signal);
    answer = odd;
    await reader.read(ORIGIN, signal);
    answer = tail(LAST_EPOCH, 3);
    await reader.read(ORIGIN, signal);
    let at = ORIGIN;
    for (const { epoch, seq, text, missing } of records) {
      assert(comparePositions({ epoch, seq }, at) >= (missing === undefined ? 1 : 0), "ids rise");
      if (missing === undefined) assert(typeof jsonOf(text) === "object", "what is spliced is JSON");
      at = { epoch, seq };
    }
    const isPastAll = comparePositions({ epoch: LAST_EPOCH, seq: 0 }, odd.head ?? ORIGIN) > 0;
    if (isPastAll) assertEquals(at, { epoch: LAST_EPOCH, seq: 3 }, "it goes on after whatever that was");
  },
};

/** A store on a Redis that answers every question with this. */
function storeThatSays(reply: unknown): FeedStore {
  const items: readonly unknown[] = Array.isArray(reply) ? reply : [reply];
  const transport: RedisTransport = {
    name: "tcp",
    scriptHeader: "",
    togetherCommands: 0,
    command: () => Promise.resolve(reply),
    readTogether: () => Promise.resolve(items),
    subscribe: () => Promise.reject(new Error("not part of this")),
    doubt() {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return createRedisStore({
    transport,
    usage: new UsageMeter(),
    clock: new ManualClock(),
    log: silentLog,
    keyPrefix: "tickcast",
  });
}

const bodies = [encodeEvent(aTrade())];
const replies: FuzzTarget = {
  name: "replies of Redis",
  samples: [
    JSON.stringify([["k3f9a0b1", "1042", "250"], [element(1041), element(1042)]]),
    JSON.stringify([["k3f9a0b1", "1042", "250"], 12]),
    JSON.stringify([9, "applied", "k3f9a0b1", "1", "1"]),
    JSON.stringify([9, "behind", "k3f9a0b1", "7"]),
    JSON.stringify([9, "fenced", "1781622376036"]),
    JSON.stringify([["owner", "1781622376036", "1781622381036"], ["1781622376", "1234"]]),
    JSON.stringify([4, "owner", "1781622376036", "1781622381036", "1781622376036"]),
    '["0",["tickcast:health:edge:1"]]',
    '"text"',
  ],
  async hold(text) {
    const reply = jsonOf(text);
    if (reply === undefined) return;
    const store = storeThatSays(reply);
    const position = { epoch: epochFromNumber(7), seq: 1 };
    const request = {
      list: "tick",
      capEvents: 1000,
      fence: 1,
      expected: position,
      batch: "b",
      bodies,
      pullMs: 10,
    };
    for (const count of [0, 5]) {
      const tail = await refusingLater(() => store.readTail("tick", count));
      if (tail?.head !== undefined) assertPosition(tail.head);
      for (const one of tail?.elements ?? []) assert(typeof one === "string");
      assert(tail?.head === undefined || (Number.isFinite(tail.head.pullMs) && tail.head.pullMs >= 0));
    }
    const latest = await refusingLater(() => store.readLatest("tick", undefined));
    if (latest?.head !== undefined) assertPosition(latest.head);
    const appended = await refusingLater(() => store.append(request));
    if (appended?.outcome === "behind") assertPosition(appended.head);
    if (appended?.outcome === "applied") {
      assertPosition({ epoch: appended.epoch, seq: appended.firstSeq });
      assert(Number.isSafeInteger(appended.lastSeq));
    }
    const leases = [
      await refusingLater(() => store.readLease()),
      await refusingLater(() => store.takeLease("a", 0, 5)),
    ];
    for (const lease of leases) {
      if (lease === undefined) continue;
      assert([lease.fence, lease.untilMs, lease.nowMs].every(Number.isFinite), JSON.stringify(lease));
    }
    await refusingLater(() => store.renewLease(1, 5));
    await refusingLater(() => store.readNote("plan"));
    await refusingLater(() => store.readNotes("health:edge:", 5));
    await refusingLater(() => store.takeCommands(5));
    await refusingLater(() => store.loadFold("signal"));
    await refusingLater(() => store.readUniverse("x"));
    await refusingLater(() => store.takeTicket("x"));
    assert(Object.values(store.usage()).every(Number.isFinite), JSON.stringify(store.usage()));
    await store[Symbol.asyncDispose]();
  },
};

/** One that a cursor can carry. */
function assertPosition({ epoch, seq }: { readonly epoch: string; readonly seq: number }): void {
  assertEquals(parsePosition(`${epoch}-${seq}`), { epoch, seq });
}

/** All of them. */
export const LIST_TARGETS: readonly FuzzTarget[] = [hints, elements, frames, tails, replies];
