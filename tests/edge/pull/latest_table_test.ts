import { assertEquals } from "@std/assert";
import type { ListStore, ListTail } from "../../../src/feed/store.ts";
import { symbolPatterns } from "../../../src/feed/symbol.ts";
import { LatestTable } from "../../../src/edge/pull/latest_table.ts";
import { aTrade } from "../../support/event_factory.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { EPOCH, eventRecord, hole, tradeLog } from "../log_factory.ts";

const ALL = symbolPatterns(["*"]);
const position = (seq: number) => ({ epoch: EPOCH, seq });
const never = new AbortController().signal;

/** A store whose reads of the latest events a test answers, one after the other. */
function aStore() {
  const reads: (PromiseWithResolvers<ListTail> & { readonly signal: AbortSignal | undefined })[] = [];
  const store: Pick<ListStore, "readLatest"> = {
    readLatest(_list, _fields, signal) {
      const read = { ...Promise.withResolvers<ListTail>(), signal };
      signal?.addEventListener("abort", () => read.reject(signal.reason));
      reads.push(read);
      return read.promise;
    },
  };
  return { store, reads };
}

function scene(held = 1) {
  const clock = new ManualClock();
  const { store, reads } = aStore();
  const log = tradeLog(1, held);
  return { clock, reads, log, table: new LatestTable(store, log, clock) };
}

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });
const answer = (seq: number, elements: readonly string[]): ListTail => ({
  head: { ...position(seq), pullMs: 10 },
  elements: [...elements],
});

pure("who leaves while the latest events are read leaves the others their snapshot", async () => {
  const { table, reads, log } = scene();
  const leaving = new AbortController();
  const left = table.load(leaving.signal).catch((error) => error);
  const stays = table.load(never);
  leaving.abort("gone");
  assertEquals(await left, "gone");
  reads[0]?.resolve(answer(1, [log.at(0)?.text ?? ""]));
  await stays;
  assertEquals([reads.length, table.texts(ALL)?.length], [1, 1]);
});

pure("a caller's own end ends its wait, whoever began the read", async () => {
  const { table, reads } = scene();
  const first = table.load(never);
  const own = new AbortController();
  const second = table.load(own.signal).catch((error) => error);
  own.abort("gone");
  assertEquals(await second, "gone");
  reads[0]?.resolve(answer(1, []));
  await first;
});

pure(
  "a read during which something went missing is read again: the snapshot is true at its cursor",
  async () => {
    const { table, reads, log } = scene();
    const loading = table.load(never);
    const old = log.at(0)?.text ?? "";
    // While the store's answer is on its way the list ran on, past what could be read: a newer trade was in the hole.
    const missing = hole(position(1), position(501), 499);
    log.append(missing);
    if (missing.missing) table.noteMissing(missing.missing);
    reads[0]?.resolve(answer(1, [old]));
    await settle();
    const newer = eventRecord(aTrade({ tid: "newer", price: 2, t: 1_800_000_000_000 }), 400).text;
    reads[1]?.resolve(answer(500, [newer]));
    await loading;
    assertEquals([reads.length, table.texts(ALL)], [2, [newer]]);
  },
);

pure("a read that is never answered is given up after ten seconds", async () => {
  const { table, clock, reads } = scene();
  const loading = table.load(never).catch((error) => error.code);
  await clock.advance(9_999);
  assertEquals(reads[0]?.signal?.aborted, false);
  await clock.advance(1);
  assertEquals([await loading, clock.pending], ["STORE_UNAVAILABLE", 0]);
});

pure("the end of a feed ends the reads of its latest events", async () => {
  const { table, clock } = scene();
  const loading = table.load(never).catch((error) => error.name);
  table[Symbol.dispose]();
  assertEquals([await loading, clock.pending], ["AbortError", 0]);
});

pure("an element that is no object in one line never comes into a snapshot", async () => {
  const { table, reads, log } = scene(3);
  const good = log.at(2)?.text ?? "";
  const of = (sym: string) => eventRecord(aTrade({ sym, tid: sym }), 3).text;
  const broken = [
    `${of("HALF").slice(0, -1)}`,
    of("LINES").replace(",", ",\n"),
    of("RETURN").replace(",", ",\r"),
  ];
  const loading = table.load(never);
  reads[0]?.resolve(answer(3, [good, ...broken]));
  await loading;
  assertEquals(table.texts(ALL), [good]);
});
