/** The latest of each: bars merged, everything else replaced by what is newest. The law of it is in conflation_law_test.ts. */
import { assertEquals } from "@std/assert";
import { Conflator } from "../../../src/edge/follow/conflation.ts";
import type { LogRecord } from "../../../src/edge/pull/log_record.ts";
import { A_MONDAY, aFairValue, aSecond, aSignal, aTrade } from "../../support/event_factory.ts";
import { eventRecord } from "../log_factory.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

function conflate(records: readonly LogRecord[], byKey = false) {
  const conflator = new Conflator(byKey);
  for (const record of records) conflator.add(record);
  const { texts, merged } = conflator.finish();
  return { events: texts.map((text) => JSON.parse(text)), merged };
}

pure("a merged bar has first t, last end and id, last day values, and says how many it stands for", () => {
  const first = aSecond({
    open: 1,
    high: 5,
    low: 1,
    close: 2,
    volume: 10,
    vwap: 2,
    dayVolume: 100,
    avgSize: 5,
  });
  const second = aSecond({
    t: A_MONDAY + 1000,
    end: A_MONDAY + 2000,
    open: 2,
    high: 3,
    low: 0.5,
    close: 3,
    volume: 30,
    vwap: 4,
    dayVolume: 130,
    avgSize: 10,
  });
  const { events, merged } = conflate([eventRecord(first, 1), eventRecord(second, 2)]);
  assertEquals(merged, 1);
  assertEquals(events.length, 1);
  const { id, t, end, open, high, low, close, volume, vwap, dayVolume, avgSize, n } = events[0];
  assertEquals(
    { id, t, end, open, high, low, close, volume, vwap, dayVolume, avgSize, n },
    {
      id: "k3f9a0b1-2",
      t: A_MONDAY,
      end: A_MONDAY + 2000,
      open: 1,
      high: 5,
      low: 0.5,
      close: 3,
      volume: 40,
      vwap: 3.5,
      dayVolume: 130,
      avgSize: 8,
      n: 2,
    },
  );
});

pure("corrections, synthetic bars and repeated windows pass alone and part what is around them", () => {
  const bar = (n: number, over = {}) =>
    aSecond({ t: A_MONDAY + n * 1000, end: A_MONDAY + n * 1000 + 1000, ...over });
  const records = [
    eventRecord(bar(0), 1),
    eventRecord(bar(1), 2),
    eventRecord(bar(0, { rev: 1, close: 9 }), 3),
    eventRecord(bar(2), 4),
    eventRecord(bar(3, { synthetic: true }), 5),
    eventRecord(bar(3), 6, { late: true }),
    eventRecord(bar(4), 7),
    eventRecord(bar(5), 8),
  ];
  const { events } = conflate(records);
  assertEquals(events.map(({ id, n }) => [id.split("-")[1], n]), [
    ["2", 2],
    ["3", undefined],
    ["4", undefined],
    ["5", undefined],
    ["6", undefined],
    ["8", 2],
  ]);
});

pure("trades and fair values keep the newest in event time, with a count; ids rise", () => {
  const records = [
    eventRecord(aTrade({ t: 10, price: 1 }), 1),
    eventRecord(aTrade({ sym: "MSFT", t: 10, price: 7 }), 2),
    eventRecord(aTrade({ t: 12, price: 2 }), 3),
    eventRecord(aTrade({ t: 11, price: 3 }), 4),
    eventRecord(aFairValue({ t: 11 }), 5),
  ];
  const { events, merged } = conflate(records);
  assertEquals(events.map(({ id, price, n }) => [id.split("-")[1], price, n]), [["2", 7, undefined], [
    "3",
    2,
    3,
  ], ["5", undefined, undefined]]);
  assertEquals(merged, 2);
});

pure("signals are told apart by their key", () => {
  const records = [1, 2, 3].map((n) => eventRecord(aSignal({ key: n === 3 ? "a" : `a${n}` }), n));
  assertEquals(conflate(records, true).events.length, 3);
  assertEquals(conflate([...records, eventRecord(aSignal({ key: "a" }), 4)], true).events.length, 3);
});

pure("a bar without vwap is merged without one rather than with a wrong one", () => {
  const first = eventRecord(aSecond({ vwap: undefined }), 1);
  const second = eventRecord(aSecond({ t: A_MONDAY + 1000, end: A_MONDAY + 2000 }), 2);
  assertEquals("vwap" in conflate([first, second]).events[0], false);
});
