import { assert, assertEquals } from "@std/assert";
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

/** A list that a test writes by hand, and what was asked of it. */
function writtenList() {
  const list = { elements: [] as string[], head: 0, asked: [] as number[] };
  const store: ListStore = {
    ...growingList(0, 0),
    readTail(_list, count) {
      list.asked.push(count);
      if (list.asked.length > 10_000) return Promise.reject(new Error("it reads without end"));
      return Promise.resolve({
        head: list.head === 0 ? undefined : { epoch: EPOCH, seq: list.head, pullMs: 250 },
        elements: count === 0 ? [] : list.elements.slice(-count),
      });
    },
  };
  const add = (count: number) => {
    for (let n = 0; n < count; n++) {
      list.elements.push(
        stampBody(`${EPOCH}-${++list.head}`, encodeEvent(aTrade({ tid: `${list.head}` })).text),
      );
    }
    list.elements.splice(0, Math.max(0, list.elements.length - 1000));
  };
  const { reader, positions } = reading(store);
  const read = () => reader.read(ORIGIN, new AbortController().signal);
  return { list, reader, positions, add, read };
}

Deno.test({
  name: "a list that rests is soon asked for its head alone, whatever it held when it was first read",
  permissions: "none",
  async fn() {
    const { list, add, read } = writtenList();
    add(1000);
    await read();
    for (let n = 0; n < 3; n++) await read();
    assertEquals(list.asked, [1000, 0, 0, 0]);
    for (let n = 0; n < 20; n++) {
      add(5);
      await read();
    }
    list.asked.length = 0;
    for (let n = 0; n < 10; n++) await read();
    assertEquals(list.asked.slice(-4), [0, 0, 0, 0]);
  },
});

Deno.test({
  name: "what was lost in a hole does not have later reads ask for more",
  permissions: "none",
  async fn() {
    const { list, add, read } = writtenList();
    add(10);
    await read();
    add(6_000);
    await read();
    list.asked.length = 0;
    for (let n = 0; n < 12; n++) await read();
    assertEquals([list.asked.at(-1), list.asked.every((count) => count < 300)], [0, true]);
    list.asked.length = 0;
    for (let n = 0; n < 30; n++) {
      add(5);
      await read();
    }
    assert(list.asked.slice(-10).every((count) => count < 15), `asked for ${list.asked}`);
  },
});

for (
  const [what, text] of [["no JSON", "junk"], ["of no number", '{"id":"a-b","type":"trade","sym":"A","t":1}']]
) {
  Deno.test({
    name: `elements that are ${what} among the newest cost a few wider reads, and no event`,
    permissions: "none",
    async fn() {
      const { list, positions, reader, add, read } = writtenList();
      add(3);
      await read();
      for (let n = 0; n < 40; n++) {
        add(3);
        await read();
      }
      list.asked.length = 0;
      list.elements.push(...Array.from({ length: 990 }, () => String(text)));
      add(1);
      await read();
      assertEquals([positions.at(-1), reader.gaps, list.asked.length <= 10], [124, 0, true]);
      assertEquals(list.asked.every((count, n) => n === 0 || count > (list.asked[n - 1] ?? 0)), true);
    },
  });
}
