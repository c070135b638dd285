/** Every cursor has a defined place. */
import { assertEquals } from "@std/assert";
import { parseCursor } from "../../../src/feed/cursor.ts";
import { isAhead, placeOf } from "../../../src/edge/follow/resume.ts";
import { RingBudget } from "../../../src/edge/pull/ring_budget.ts";
import { StreamLog } from "../../../src/edge/pull/stream_log.ts";
import { aTrade } from "../../support/event_factory.ts";
import { EPOCH, eventRecord, hole, LATER, tradeLog } from "../log_factory.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const at = (text: string) => parseCursor(text);

interface Row {
  readonly what: string;
  readonly cursor: string;
  readonly offset: number;
  /** Lost of the gap; undefined: no gap. */
  readonly lost?: number | null;
  readonly cause?: string;
  readonly before?: string;
}

const rows: readonly Row[] = [
  { what: "at the end", cursor: `tick:${EPOCH}-200`, offset: 100 },
  { what: "in the middle", cursor: `tick:${EPOCH}-150`, offset: 50 },
  { what: "exactly before the oldest held", cursor: `tick:${EPOCH}-100`, offset: 0 },
  {
    what: "one further back",
    cursor: `tick:${EPOCH}-99`,
    offset: 0,
    lost: 1,
    cause: "evicted",
    before: "101",
  },
  { what: "before everything", cursor: "tick:0-0", offset: 0, lost: 100, cause: "evicted", before: "101" },
  {
    what: "of an older epoch",
    cursor: "tick:00000001-7",
    offset: 0,
    lost: null,
    cause: "epoch",
    before: "101",
  },
  {
    what: "a little ahead",
    cursor: `tick:${EPOCH}-205`,
    offset: 100,
    lost: null,
    cause: "epoch",
    before: "206",
  },
  {
    what: "far ahead",
    cursor: `tick:${EPOCH}-9007199254740991`,
    offset: 100,
    lost: null,
    cause: "epoch",
    before: "201",
  },
  {
    what: "of a later epoch",
    cursor: `tick:${LATER}-1`,
    offset: 100,
    lost: null,
    cause: "epoch",
    before: "201",
  },
];

for (const row of rows) {
  pure(`placeOf() knows where a cursor ${row.what} belongs`, () => {
    const place = placeOf(tradeLog(101, 200), at(row.cursor));
    assertEquals(place.offset, row.offset);
    const [gap] = place.gaps;
    assertEquals(gap?.missing.lost, row.lost);
    assertEquals(gap?.missing.cause, row.cause);
    assertEquals(gap && String(gap.missing.before.seq), row.before);
  });
}

pure("placeOf() holds back from who is ahead only what is sure to be reached: a little of one epoch", () => {
  const log = tradeLog(101, 200);
  const skipOf = (text: string, isStale = false) => placeOf(log, at(text), isStale).skip;
  assertEquals(skipOf(`tick:${EPOCH}-205`), [{ epoch: EPOCH, seq: 205 }]);
  assertEquals(skipOf(`tick:${EPOCH}-2000`), undefined);
  assertEquals(skipOf(`tick:${LATER}-5`), undefined, "the epoch may never come here");
  assertEquals(skipOf(`tick:${LATER}-5`, true), [{ epoch: LATER, seq: 5 }], "the store can't be asked");
});

pure("isAhead() only for a cursor beyond what was read", () => {
  const log = tradeLog(101, 200);
  assertEquals(isAhead(log, at(`tick:${EPOCH}-200`)), false);
  assertEquals(isAhead(log, at(`tick:${EPOCH}-201`)), true);
  assertEquals(isAhead(log, at(`tick:${LATER}-1`)), true);
  assertEquals(isAhead(log, at(`minute:${LATER}-1`)), false);
});

pure("placeOf() in a log that begins with the first event ever owes a client from before it nothing", () => {
  assertEquals(placeOf(tradeLog(1, 5), at("tick:0-0")), { offset: 0, skip: undefined, gaps: [] });
});

pure("placeOf() within a hole tells what of it the client still lacks", () => {
  const log = tradeLog(1, 5);
  log.append(hole({ epoch: EPOCH, seq: 5 }, { epoch: EPOCH, seq: 10 }, 4));
  log.append(eventRecord(aTrade(), 10));
  const place = placeOf(log, at(`tick:${EPOCH}-7`));
  assertEquals(place.gaps[0]?.missing.lost, 2);
  assertEquals(place.offset, 6);
  assertEquals(placeOf(log, at(`tick:${EPOCH}-5`)), { offset: 5, skip: undefined, gaps: [] });
});

pure("placeOf() across an epoch goes on with what the old one still has", () => {
  const log = tradeLog(1, 5);
  log.append(hole({ epoch: EPOCH, seq: 5 }, { epoch: LATER, seq: 1 }, null));
  log.append(eventRecord(aTrade(), 1, { epoch: LATER }));
  assertEquals(placeOf(log, at(`tick:${EPOCH}-3`)).offset, 3);
  assertEquals(placeOf(log, at(`tick:${LATER}-1`)).offset, 7);
  assertEquals(placeOf(log, at(`tick:${LATER}-0`)).offset, 6);
});

function splitLog(): StreamLog {
  const log = new StreamLog(["tick.0", "tick.1"], 1000, new RingBudget(1e9));
  log.begin(0, { epoch: EPOCH, seq: 0 });
  log.begin(1, { epoch: EPOCH, seq: 0 });
  for (let n = 1; n <= 10; n++) log.append(eventRecord(aTrade(), Math.ceil(n / 2), { list: n % 2 }));
  return log;
}

pure("placeOf() in a split stream begins at the list furthest back and skips what the others have", () => {
  const place = placeOf(splitLog(), at(`tick.0:${EPOCH}-4,tick.1:${EPOCH}-1`));
  assertEquals(place.offset, 2);
  assertEquals(place.skip?.map(({ seq }) => seq), [4, 1]);
  const even = placeOf(splitLog(), at(`tick.0:${EPOCH}-5,tick.1:${EPOCH}-5`));
  assertEquals(even, { offset: 10, skip: undefined, gaps: [] });
});

pure("placeOf() tells a gap for a list of a named stream that the cursor lacks", () => {
  const place = placeOf(splitLog(), at(`tick.1:${EPOCH}-5`));
  assertEquals(place.gaps.map(({ list, missing }) => [list, missing.lost, missing.cause]), [[
    0,
    null,
    "epoch",
  ]]);
});
