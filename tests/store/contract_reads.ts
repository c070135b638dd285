/** Reading tails and latest events. */
import { assert, assertEquals } from "@std/assert";
import { encodeEvent } from "../../src/feed/event_text.ts";
import type { PullIntervalRequest } from "../../src/feed/store.ts";
import { A_MONDAY, aMinute, aSecond, aTrade } from "../support/event_factory.ts";
import { aRequest, lead, tidsOf, Writer } from "./appending.ts";
import type { ContractCase } from "./contract.ts";

export const READ_CASES: readonly ContractCase[] = [
  {
    name: "a list nobody wrote has no head, no elements and no latest events",
    async fn({ store }) {
      const nothing = { head: undefined, elements: [] };
      assertEquals(await store.readTail("minute", 5), nothing);
      assertEquals(await store.readTail("minute", 0), nothing);
      assertEquals(await store.readLatest("minute", undefined), nothing);
      assertEquals(await store.readLatest("minute", ["minute:AAPL"]), nothing);
    },
  },
  {
    name: "a tail is the newest elements, oldest first, the last of them at the head",
    async fn({ store }) {
      const writer = new Writer(store, await lead(store));
      await writer.write(20);
      const { head, elements } = await store.readTail("tick", 3);
      assertEquals([head?.seq, tidsOf(elements)], [20, [18, 19, 20]]);
      assertEquals(await store.readTail("tick", 0), { head, elements: [] });
      assertEquals((await store.readTail("tick", 21)).elements.length, 20);
    },
  },
  {
    name: "a pull interval of its own changes that of the head, and nothing where head or fence are others",
    async fn({ store }) {
      const writer = new Writer(store, await lead(store));
      const ask = (over: Partial<PullIntervalRequest> = {}) => {
        const { list, fence, position: expected } = writer;
        return store.setPullInterval({ list, fence, expected, pullMs: 2000, ...over });
      };
      assertEquals([await ask(), (await store.readTail("tick", 0)).head], ["moved", undefined]);
      await writer.write(3);
      const late = writer.position;
      const before = await store.readTail("tick", 3);
      assertEquals(await ask(), "written");
      const { head, elements } = await store.readTail("tick", 3);
      assertEquals(head, { ...late, pullMs: 2000 });
      assertEquals(elements, before.elements);
      await writer.write(1);
      assertEquals((await store.readTail("tick", 0)).head, { ...writer.position, pullMs: 250 });
      assertEquals(await ask({ expected: late }), "moved");
      assertEquals(await ask({ expected: { ...writer.position, epoch: "00000000" } }), "moved");
      assertEquals(await ask({ fence: writer.fence - 1 }), "fenced");
      assertEquals((await store.readTail("tick", 0)).head?.pullMs, 250);
    },
  },
  {
    name: "the pull interval in the head is the last append's",
    async fn({ store }) {
      const writer = new Writer(store, await lead(store));
      for (const pullMs of [10, 250, 5000]) {
        writer.followed(await store.append(writer.request(1, { pullMs })));
        assertEquals((await store.readTail("tick", 0)).head?.pullMs, pullMs);
      }
    },
  },
  {
    name: "latest is the event with the greatest time of each type and symbol, the later of equals",
    async fn({ store }) {
      const fence = await lead(store);
      const at = (t: number, tid: string, sym = "AAPL") => encodeEvent(aTrade({ t: A_MONDAY + t, tid, sym }));
      const writer = new Writer(store, fence);
      const append = async (bodies: ReturnType<typeof at>[]) =>
        writer.followed(await store.append(writer.request(0, { bodies })));
      await append([at(5, "1"), at(3, "2"), at(5, "3"), at(1, "4", "MSFT")]);
      const latest = async () => (await store.readLatest("tick", ["trade:AAPL", "trade:MSFT"])).elements;
      assertEquals(tidsOf(await latest()), [3, 4]);
      await append([at(4, "5"), at(2, "6", "MSFT")]);
      assertEquals(tidsOf(await latest()), [3, 6]);
      await append([at(5, "7")]);
      assertEquals(tidsOf(await latest()), [7, 6]);
    },
  },
  {
    name: "latest keeps types of one symbol apart and says the head it is true at",
    async fn({ store }) {
      const writer = new Writer(store, await lead(store));
      const bodies = [encodeEvent(aTrade()), encodeEvent(aSecond()), encodeEvent(aSecond({ sym: "MSFT" }))];
      writer.followed(await store.append(writer.request(0, { bodies })));
      const all = await store.readLatest("tick", undefined);
      assertEquals(all.elements.length, 3);
      assertEquals(all.head, { ...writer.position, pullMs: 250 });
      const some = await store.readLatest("tick", ["second:MSFT", "second:NONE", "trade:AAPL"]);
      assertEquals(some.elements.map((e) => JSON.parse(e).type), ["second", "trade"]);
      assertEquals(await store.readLatest("tick", []), { head: all.head, elements: [] });
    },
  },
  {
    name: "latest of thousands of symbols can be read at once",
    async fn({ store }) {
      const writer = new Writer(store, await lead(store), "minute");
      for (let n = 0; n < 10; n++) {
        const bodies = Array.from(
          { length: 500 },
          (_, k) => encodeEvent(aMinute({ sym: `S${n * 500 + k}` })),
        );
        writer.followed(await store.append(writer.request(0, { bodies })));
      }
      assertEquals((await store.readLatest("minute", undefined)).elements.length, 5000);
      const fields = Array.from({ length: 9000 }, (_, n) => `minute:S${n}`);
      assertEquals((await store.readLatest("minute", fields)).elements.length, 5000);
    },
  },
  {
    name: "a corrected bar replaces the first one in latest",
    async fn({ store }) {
      const fence = await lead(store);
      const bodies = [encodeEvent(aMinute({ close: 1 })), encodeEvent(aMinute({ close: 2, rev: 1 }))];
      await store.append(aRequest({ list: "minute", fence, bodies }));
      const { elements } = await store.readLatest("minute", undefined);
      assertEquals(elements.map((e) => JSON.parse(e).close), [2]);
    },
  },
  {
    name: "an aborted call rejects with the signal's reason and never resolves",
    async fn({ store }) {
      const reason = new Error("enough");
      const outcomes = await Promise.allSettled([
        store.readTail("tick", 5, AbortSignal.abort(reason)),
        store.readLatest("tick", undefined, AbortSignal.abort(reason)),
        store.append(aRequest({}), AbortSignal.abort(reason)),
        store.readLease(AbortSignal.abort(reason)),
        store.readNote("plan", AbortSignal.abort(reason)),
        store.loadFold("minute", AbortSignal.abort(reason)),
        store.takeCommands(1, AbortSignal.abort(reason)),
        store.readUniverse("x", AbortSignal.abort(reason)),
        store.ping(AbortSignal.abort(reason)),
      ]);
      for (const outcome of outcomes) assert(outcome.status === "rejected" && outcome.reason === reason);
    },
  },
  {
    name: "a store that was closed rejects everything",
    async fn(bench) {
      const other = await bench.another();
      await other.ping();
      await other[Symbol.asyncDispose]();
      const outcomes = await Promise.allSettled([other.readTail("tick", 1), other.ping(), other.readLease()]);
      for (const outcome of outcomes) {
        assert(outcome.status === "rejected" && outcome.reason.code === "STORE_UNAVAILABLE");
      }
    },
  },
];
