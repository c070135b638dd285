import { assertEquals } from "@std/assert";
import { ORIGIN, type Position } from "../../../src/feed/cursor.ts";
import { encodeEvent, stampBody } from "../../../src/feed/event_text.ts";
import type { ListStore, ListTail } from "../../../src/feed/store.ts";
import { EdgeCounters } from "../../../src/edge/edge_counters.ts";
import type { LogRecord } from "../../../src/edge/pull/log_record.ts";
import { TailReader } from "../../../src/edge/pull/tail_reader.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { aTrade } from "../../support/event_factory.ts";

const EPOCH = "k3f9a0b1";

/** A list that grows by `growth` events every time it is read. */
function growingList(start: number, growth: number): ListStore & { readonly reads: number[] } {
  const reads: number[] = [];
  let head = start;
  const element = (seq: number) =>
    stampBody(`${EPOCH}-${seq}`, encodeEvent(aTrade({ tid: String(seq) })).text);
  const unused = () => Promise.reject(new Error("not part of this test"));
  return {
    reads,
    readTail(_list, count): Promise<ListTail> {
      reads.push(count);
      head += growth;
      const size = Math.min(count, head);
      return Promise.resolve({
        head: { epoch: EPOCH, seq: head, pullMs: 10 },
        elements: Array.from({ length: size }, (_, n) => element(head - size + 1 + n)),
      });
    },
    append: unused,
    setPullInterval: unused,
    readLatest: unused,
    hints: () => {
      throw new Error("not part of this test");
    },
  };
}

function reading(store: ListStore) {
  const positions: number[] = [];
  const reader = new TailReader({
    name: "tick",
    index: 0,
    capEvents: 1000,
    store,
    counters: new EdgeCounters(new ManualClock()),
    sink: {
      begin: () => {},
      append: (record) => void positions.push(record.missing === undefined ? record.seq : -record.seq),
      isLate: () => false,
    },
  });
  return { reader, positions };
}

for (const growth of [1, 6, 40, 200]) {
  Deno.test({
    name: `a list that grows by ${growth} events between two reads is read without a hole`,
    permissions: "none",
    async fn() {
      const store = growingList(1, growth);
      const { reader, positions } = reading(store);
      const signal = new AbortController().signal;
      const hints: Position[] = [ORIGIN, ORIGIN, { epoch: EPOCH, seq: growth * 2 + 3 }, ORIGIN];
      for (const hint of hints) await reader.read(hint, signal);
      assertEquals(positions, Array.from({ length: reader.seen.seq }, (_, n) => n + 1));
    },
  });
}

Deno.test({
  name: "what has left even the whole list is told as one gap, and reading ends at the list's cap",
  permissions: "none",
  async fn() {
    const store = growingList(1, 1500);
    const { reader, positions } = reading(store);
    const signal = new AbortController().signal;
    await reader.read(ORIGIN, signal);
    await reader.read(ORIGIN, signal);
    assertEquals(reader.gaps, 1);
    assertEquals(positions.filter((seq) => seq < 0).length, 1);
    assertEquals(Math.max(...store.reads), 1000);
  },
});

Deno.test({
  name: "a list that went back and came on under the same ids is told as a gap nobody can count, once",
  permissions: "none",
  async fn() {
    const clock = new ManualClock();
    const element = (seq: number, life: string) =>
      stampBody(`${EPOCH}-${seq}`, encodeEvent(aTrade({ tid: `${life}${seq}` })).text);
    let list: string[] = [];
    const store: ListStore = {
      ...growingList(0, 0),
      readTail: (_list, count) =>
        Promise.resolve({
          head: { epoch: EPOCH, seq: list.length, pullMs: 10 },
          elements: list.slice(Math.max(0, list.length - count)),
        }),
    };
    const records: LogRecord[] = [];
    const reader = new TailReader({
      name: "tick",
      index: 0,
      capEvents: 1000,
      store,
      counters: new EdgeCounters(clock),
      sink: { begin: () => {}, append: (record) => void records.push(record), isLate: () => false },
    });
    const signal = new AbortController().signal;
    const grow = async (to: number, life: string) => {
      while (list.length < to) list.push(element(list.length + 1, life));
      await reader.read({ epoch: EPOCH, seq: to }, signal);
    };
    await grow(5, "old");
    await grow(20, "old");
    list = list.slice(0, 12);
    await grow(15, "new");
    await grow(20, "new");
    assertEquals(records.length, 20, "nothing new is seen while the list is behind");
    await grow(23, "new");
    await grow(30, "new");
    const gaps = records.filter((record) => record.missing !== undefined);
    assertEquals(
      gaps.map(({ missing }) => [missing?.after.seq, missing?.before.seq, missing?.lost, missing?.cause]),
      [[20, 21, null, "epoch"]],
    );
    const delivered = records.filter((record) => record.missing === undefined).map((record) => record.seq);
    assertEquals(delivered, Array.from({ length: 30 }, (_, n) => n + 1), "ids rise and nothing comes twice");
  },
});
