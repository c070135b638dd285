/** What a client is told it lost to a ring that went on without it: the events, and what the gap events among them say. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { systemClock } from "../../../src/feed/clock.ts";
import type { Position } from "../../../src/feed/cursor.ts";
import { silentLog } from "../../../src/feed/log.ts";
import { STREAMS } from "../../../src/feed/stream.ts";
import { symbolPatterns } from "../../../src/feed/symbol.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { EdgeCounters } from "../../../src/edge/edge_counters.ts";
import { Follower } from "../../../src/edge/follow/follower.ts";
import { placeOf } from "../../../src/edge/follow/resume.ts";
import { DROPPED_GAPS_MAX } from "../../../src/edge/pull/dropped_gaps.ts";
import { type Missing, missingRecord } from "../../../src/edge/pull/log_record.ts";
import { RingBudget } from "../../../src/edge/pull/ring_budget.ts";
import { StreamFeed } from "../../../src/edge/pull/stream_feed.ts";
import type { StreamLog } from "../../../src/edge/pull/stream_log.ts";
import { aTrade } from "../../support/event_factory.ts";
import { EPOCH, eventRecord, hole, LATER } from "../log_factory.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const at = (seq: number, epoch = EPOCH): Position => ({ epoch, seq });

/** A stream whose ring holds ten records of each list. */
function smallFeed(lists = ["tick"]): StreamFeed {
  const spec = STREAMS.get("tick");
  if (spec === undefined) throw new Error("there is no such stream");
  const feed = new StreamFeed({
    spec: { ...spec, listCapEvents: 10 },
    lists,
    store: createMemoryStore(systemClock),
    clock: systemClock,
    random: () => 0.5,
    logger: silentLog,
    counters: new EdgeCounters(systemClock),
    budget: new RingBudget(1),
    lingerMs: 1000,
    onNews: () => {},
  });
  lists.forEach((_, list) => feed.log.begin(list, at(0)));
  return feed;
}

const event = (log: StreamLog, seq: number, list = 0, epoch = EPOCH) =>
  log.append(eventRecord(aTrade(), seq, { list, epoch }));

/** A gap event of ingest's, at one position. */
function gap(log: StreamLog, seq: number, lost: number | null, list = 0): void {
  const missing: Missing = { ...around(seq), lost, cause: "overflow", from: 1, to: 2 };
  log.append(missingRecord(list, missing, at(seq)));
}

const around = (seq: number) => ({ after: at(seq - 1), before: at(seq + 1) });

/** A follower at a place, and what it is told. */
function follower(
  feed: StreamFeed,
  place: number,
): { readonly follower: Follower; readonly told: Missing[] } {
  const told: Missing[] = [];
  const host = {
    drainedMs: 0,
    buffered: () => 0,
    mayTake: () => true,
    take: () => {},
    giveSnapshot: () => {},
    tellMissing: (_follower: Follower, _list: string, missing: Missing) => void told.push(missing),
  };
  const wanted = {
    patterns: symbolPatterns(["*"]),
    mode: "all",
    maxHz: undefined,
    fields: undefined,
  } as const;
  return { follower: new Follower(host, feed, feed.selections.hold(wanted, 25), place, undefined), told };
}

const lostFrom = (log: StreamLog, seq: number, list = 0) =>
  placeOf(log, new Map(log.lists.map((name, n) => [name, n === list ? at(seq) : log.endPosition(n)]))).gaps
    .find((
      told,
    ) => told.list === list)?.missing.lost;

pure(
  "a gap event in what has left the ring counts as many as it says, to who resumes and to who was too slow",
  () => {
    const feed = smallFeed();
    const { log } = feed;
    for (let seq = 1; seq <= 40; seq++) event(log, seq);
    const slow = follower(feed, log.end);
    for (let seq = 41; seq <= 100; seq++) seq === 50 ? gap(log, seq, 5000) : event(log, seq);
    assertEquals(log.basePosition(0).seq, 90);
    assertEquals([lostFrom(log, 40), lostFrom(log, 49), lostFrom(log, 50)], [5049, 5040, 40]);
    slow.follower.leap();
    assertEquals(slow.told.map(({ lost, cause }) => [lost, cause]), [[5049, "slow"]]);
  },
);

pure("a gap event that does not know how many makes the whole range unknown, for its own list alone", () => {
  const feed = smallFeed(["tick.0", "tick.1"]);
  const { log } = feed;
  for (let seq = 1; seq <= 100; seq++) {
    seq === 50 ? gap(log, seq, null) : event(log, seq);
    event(log, seq, 1);
  }
  const base = log.basePosition(0).seq;
  assertEquals([lostFrom(log, 49), lostFrom(log, 50)], [null, base - 50]);
  assertEquals(lostFrom(log, 49, 1), log.basePosition(1).seq - 49);
});

pure("holes told while they were in the ring are counted once, from whatever position within them", () => {
  const { log } = smallFeed();
  for (let seq = 1; seq <= 20; seq++) event(log, seq);
  log.append(hole(at(20), at(31), 10));
  for (let seq = 31; seq <= 60; seq++) event(log, seq);
  const base = log.basePosition(0).seq;
  assertEquals(
    [15, 20, 25, 30, 31].map((seq) => lostFrom(log, seq)),
    [15, 20, 25, 30, 31].map((seq) => base - seq),
  );
});

pure("who comes from before everything is not given a number where the list began anew since", () => {
  const { log } = smallFeed();
  for (let seq = 1; seq <= 20; seq++) event(log, seq);
  log.append(hole(at(20), at(1, LATER), null));
  for (let seq = 1; seq <= 30; seq++) event(log, seq, 0, LATER);
  const place = placeOf(log, new Map([["tick", { epoch: "0", seq: 0 }]]));
  assertEquals(place.gaps.map(({ missing }) => missing.lost), [null]);
});

pure("of more gap events than are remembered nobody is told a number that is too small", () => {
  const { log } = smallFeed();
  const GAPS = DROPPED_GAPS_MAX + 100;
  for (let seq = 1; seq <= GAPS * 2; seq++) seq % 2 === 0 ? gap(log, seq, 7) : event(log, seq);
  const base = log.basePosition(0).seq;
  const remembered = base - 2 * DROPPED_GAPS_MAX;
  assertEquals(lostFrom(log, remembered), DROPPED_GAPS_MAX * 8);
  assertEquals(lostFrom(log, remembered - 2), null);
});

pure("what is told as lost is the events and what the gap events say, from every position", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant(-1) },
    { weight: 1, arbitrary: fc.nat(20) },
    { weight: 1, arbitrary: fc.constant(null) },
  );
  fc.assert(fc.property(fc.array(step, { minLength: 15, maxLength: 60 }), (steps) => {
    const feed = smallFeed();
    const { log } = feed;
    steps.forEach((lost, n) => lost === -1 ? event(log, n + 1) : gap(log, n + 1, lost));
    const base = log.basePosition(0).seq;
    for (let seq = 0; seq < base; seq++) {
      const missed = steps.slice(seq, base);
      const sum = missed.reduce<number>((total, lost) => total + (lost === -1 ? 1 : lost ?? 0), 0);
      assertEquals(lostFrom(log, seq), missed.includes(null) ? null : sum, `from ${seq}`);
    }
  }));
});
