/** Notes, commands and answers, folds, tickets, universes. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { TickcastError } from "../../src/feed/error.ts";
import { lead } from "./appending.ts";
import type { ContractCase } from "./contract.ts";

const TEXT = JSON.stringify({ note: 'é 漢字 🜚 "quoted" \\ \n', n: "00123", big: "12345678901234567890" });

export const SHELF_CASES: readonly ContractCase[] = [
  {
    name: "notes are text in, the same text out, whatever they look like",
    async fn({ store }) {
      for (const text of [TEXT, "123", "true", "null", "1.0", '"quoted"', "[1]", "", "OK", "é"]) {
        await store.writeNote("plan", text, undefined);
        assertEquals(await store.readNote("plan"), text);
      }
      await store.deleteNote("plan");
      assertEquals(await store.readNote("plan"), undefined);
    },
  },
  {
    name: "a note with a time to live goes, one without stays",
    async fn(bench) {
      const { store } = bench;
      await store.writeNote("health:edge:a", "a", 30_000);
      await store.writeNote("health:ingest", "b", undefined);
      await bench.expire("health:edge:a", 30_000);
      assertEquals(await store.readNote("health:edge:a"), undefined);
      assertEquals(await store.readNote("health:ingest"), "b");
      assertEquals(await store.readNotes("health:", 10), new Map([["health:ingest", "b"]]));
      await store.writeNote("health:edge:a", "again", 30_000);
      await store.writeNote("health:edge:a", "for good", undefined);
      await assertRejects(() => bench.expire("health:edge:a", 30_000));
    },
  },
  {
    name: "notes are found by prefix, by name, at most so many; * and ? in it are letters",
    async fn({ store }) {
      for (const id of ["c", "a", "b"]) await store.writeNote(`health:edge:${id}`, id.toUpperCase(), 60_000);
      await store.writeNote("health:ingest", "I", undefined);
      const found = (prefix: string, limit: number) =>
        store.readNotes(prefix, limit).then((notes) => [...notes].flat());
      assertEquals(await found("health:edge:", 9), [
        ...["health:edge:a", "A", "health:edge:b", "B"],
        ...["health:edge:c", "C"],
      ]);
      assertEquals(await found("health:edge:", 1), ["health:edge:a", "A"]);
      assertEquals((await found("health:", 9)).length, 8);
      for (const none of ["health:*", "health:?dge:", "health:[e]dge:", "ealth"]) {
        assertEquals(await found(none, 9), []);
      }
    },
  },
  {
    name: "commands are taken in the order they came, once",
    async fn(bench) {
      const other = await bench.another();
      for (const text of ["1", TEXT, "3"]) await other.sendCommand(text);
      assertEquals(await bench.store.takeCommands(2), ["1", TEXT]);
      assertEquals(await bench.store.takeCommands(2), ["3"]);
      assertEquals(await bench.store.takeCommands(2), []);
    },
  },
  {
    name: "a hundred commands may wait, no more",
    async fn({ store }) {
      for (let n = 0; n < 100; n++) await store.sendCommand(String(n));
      const error = await assertRejects(() => store.sendCommand("too many"), TickcastError);
      assertEquals(error.code, "OVERLOADED");
      assertEquals((await store.takeCommands(1000)).length, 100);
      await store.sendCommand("fits again");
    },
  },
  {
    name: "an answer is kept under its command's id for its time",
    async fn(bench) {
      await bench.store.writeAnswer("c1", TEXT, 30_000);
      assertEquals(await bench.store.readAnswer("c1"), TEXT);
      assertEquals(await bench.store.readAnswer("c2"), undefined);
      await bench.expire("control:c1", 30_000);
      assertEquals(await bench.store.readAnswer("c1"), undefined);
    },
  },
  {
    name: "a fold is saved by what changed, with the cursor it is true at",
    async fn({ store }) {
      const fence = await lead(store);
      assertEquals(await store.loadFold("minute"), { cursor: undefined, states: new Map() });
      assert(await store.saveFold("minute", fence, new Map([["AAPL", TEXT], ["MSFT", "2"]]), "minute:a-1"));
      assert(
        await store.saveFold(
          "minute",
          fence,
          new Map([["MSFT", undefined], ["X:BTC-USD", "3"]]),
          "minute:a-2",
        ),
      );
      assertEquals(await store.loadFold("minute"), {
        cursor: "minute:a-2",
        states: new Map([["AAPL", TEXT], ["X:BTC-USD", "3"]]),
      });
      assert(await store.saveFold("minute", fence, new Map(), "minute:a-3"));
      assertEquals((await store.loadFold("minute")).cursor, "minute:a-3");
      assertEquals((await store.loadFold("tick")).states.size, 0);
    },
  },
  {
    name: "a fold is not saved under a stale fence",
    async fn({ store }) {
      const old = await lead(store, "one");
      const fence = await lead(store, "two");
      assert(await store.saveFold("minute", fence, new Map([["A", "1"]]), "c1"));
      assertEquals(await store.saveFold("minute", old, new Map([["A", "2"], ["B", "3"]]), "c2"), false);
      assertEquals(await store.loadFold("minute"), { cursor: "c1", states: new Map([["A", "1"]]) });
    },
  },
  {
    name: "a fold of thousands of symbols is saved and loaded whole; one too large is refused",
    async fn({ store }) {
      const fence = await lead(store);
      const states = new Map(
        Array.from({ length: 12_000 }, (_, n) => [`S${n}`, `${n}`.padEnd(60, "x")] as const),
      );
      assert(await store.saveFold("tick", fence, states, "c"));
      assertEquals((await store.loadFold("tick")).states, states);
      const gone = new Map(Array.from({ length: 11_000 }, (_, n) => [`S${n}`, undefined] as const));
      assert(await store.saveFold("tick", fence, gone, "d"));
      assertEquals((await store.loadFold("tick")).states.size, 1000);
      const huge = new Map([["A", "x".repeat(9 * 1024 * 1024)]]);
      const error = await assertRejects(() => store.saveFold("tick", fence, huge, "e"), TickcastError);
      assertEquals(error.code, "TOO_LARGE");
    },
  },
  {
    name: "a ticket is given once, and only in its time",
    async fn(bench) {
      await bench.store.putTicket("t1", TEXT, 30_000);
      await bench.store.putTicket("t2", "late", 30_000);
      const other = await bench.another();
      const taken = await Promise.all([bench.store.takeTicket("t1"), other.takeTicket("t1")]);
      assertEquals(taken.filter((text) => text !== undefined), [TEXT]);
      await bench.expire("ticket:t2", 30_000);
      assertEquals(await bench.store.takeTicket("t2"), undefined);
      assertEquals(await bench.store.takeTicket("never"), undefined);
    },
  },
  {
    name: "a universe is its members, sorted",
    async fn(bench) {
      assertEquals(await bench.store.readUniverse("tech_leaders:top_20"), []);
      await bench.addUniverse("tech_leaders:top_20", ["MSFT", "AAPL", "BRK.B"]);
      assertEquals(await bench.store.readUniverse("tech_leaders:top_20"), ["AAPL", "BRK.B", "MSFT"]);
    },
  },
  {
    name: "usage counts what was done",
    async fn({ store }) {
      const before = store.usage();
      await store.ping();
      await store.writeNote("plan", "x", undefined);
      const after = store.usage();
      assertEquals([after.requests - before.requests, after.commands - before.commands], [2, 2]);
      assertEquals(after.failures, before.failures);
    },
  },
];
