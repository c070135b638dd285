/** Lists lost, flushed, failed over, spoiled: the append must notice and never pass an old position for a good one. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { TickcastError } from "../../src/feed/error.ts";
import { encodeEvent } from "../../src/feed/event_text.ts";
import { aGap } from "../support/event_factory.ts";
import { lead, tidsOf, Writer } from "./appending.ts";
import type { ContractCase, ListKey } from "./contract.ts";

const SPOILABLE: readonly ListKey[] = ["list", "head", "last", "lease"];

export const DAMAGE_CASES: readonly ContractCase[] = [
  {
    name: "a lost list begins a new epoch with the next append, though the head is still there",
    async fn(bench) {
      const writer = new Writer(bench.store, await lead(bench.store));
      await writer.write(40);
      const before = writer.position.epoch;
      await bench.loseList("tick");
      assertEquals(await bench.store.readTail("tick", 5), { head: undefined, elements: [] });
      const reply = writer.followed(await bench.store.append(writer.request(2)));
      assert(reply.fresh && reply.epoch > before);
      assertEquals(tidsOf((await bench.store.readTail("tick", 50)).elements), [41, 42]);
      assertEquals((await bench.store.readLatest("tick", undefined)).elements.length, 2);
    },
  },
  {
    name: "a batch whose list was lost after it was applied is written again, in a new epoch",
    async fn(bench) {
      const writer = new Writer(bench.store, await lead(bench.store));
      await writer.write(3);
      const request = writer.request(2);
      const first = await bench.store.append(request);
      await bench.loseList("tick");
      const again = await bench.store.append(request);
      assert(first.outcome === "applied" && again.outcome === "applied");
      assert(again.fresh && again.epoch > first.epoch);
      assertEquals(tidsOf((await bench.store.readTail("tick", 9)).elements), [4, 5]);
    },
  },
  {
    name: "a flushed store fences the writer off; with a new lease it begins an epoch past the one it knew",
    async fn(bench) {
      const writer = new Writer(bench.store, await lead(bench.store));
      await writer.write(40);
      const before = writer.position;
      await bench.flush();
      assertEquals(await bench.store.append(writer.request(1)), { outcome: "fenced", fence: 0 });
      const lease = await bench.store.takeLease("test", 0, 10_000);
      assert(lease !== undefined);
      writer.fence = lease.fence;
      const reply = writer.followed(await bench.store.append(writer.request(1)));
      assert(reply.fresh && reply.epoch > before.epoch);
    },
  },
  {
    name: "a failover to a copy 60 events old begins a new epoch with the next append",
    async fn(bench) {
      const writer = new Writer(bench.store, await lead(bench.store));
      await writer.write(1100);
      const failOver = await bench.copy();
      await writer.write(60);
      const before = writer.position;
      await failOver();
      assertEquals((await bench.store.readTail("tick", 1)).head?.seq, 1100);
      const reply = writer.followed(await bench.store.append(writer.request(3)));
      assert(reply.fresh && reply.epoch > before.epoch);
      const { head, elements } = await bench.store.readTail("tick", 2000);
      assertEquals([head?.seq, tidsOf(elements)], [3, [1161, 1162, 1163]]);
    },
  },
  {
    name: "a failover to a copy from before the lease fences the writer off until it takes it again",
    async fn(bench) {
      const first = await lead(bench.store, "one");
      const failOver = await bench.copy();
      const writer = new Writer(bench.store, await lead(bench.store, "two"));
      await writer.write(2);
      await failOver();
      assertEquals(await bench.store.append(writer.request(1)), { outcome: "fenced", fence: first });
      writer.fence = await lead(bench.store, "two");
      const reply = writer.followed(await bench.store.append(writer.request(1)));
      assert(reply.fresh && reply.epoch.length === 8);
    },
  },
  {
    name: "another type at any key is refused in words, and nothing is written anywhere",
    async fn(bench) {
      if (bench.spoil === undefined) return;
      for (const [n, key] of SPOILABLE.entries()) {
        const list = `tick.${n}`;
        const writer = new Writer(bench.store, await lead(bench.store), list);
        await writer.write(5);
        const others = await bench.copy();
        await bench.spoil(key, list);
        const error = await assertRejects(() => bench.store.append(writer.request(2)), TickcastError);
        assertEquals(error.code, "STORE_REFUSED");
        assert(error.message.includes("type"), error.message);
        if (key !== "list") assertEquals(await bench.lengthEvents(list), 5);
        if (key === "last") assertEquals((await bench.store.readTail(list, 1)).head?.seq, 5);
        await others();
        assertEquals(writer.followed(await bench.store.append(writer.request(1))).firstSeq, 6);
      }
    },
  },
  {
    name: "a spoiled last stops even a gap alone from beginning a new epoch",
    async fn(bench) {
      if (bench.spoil === undefined) return;
      const writer = new Writer(bench.store, await lead(bench.store));
      await writer.write(5);
      await bench.spoil("last", "tick");
      writer.position = { ...writer.position, seq: 99 };
      const request = writer.request(0, { bodies: [encodeEvent(aGap())] });
      await assertRejects(() => bench.store.append(request), TickcastError);
      assertEquals(await bench.lengthEvents("tick"), 5);
    },
  },
  {
    name: "a spoiled last stops a new epoch too, before the list is emptied",
    async fn(bench) {
      if (bench.spoil === undefined) return;
      const writer = new Writer(bench.store, await lead(bench.store));
      await writer.write(5);
      await bench.spoil("last", "tick");
      writer.position = { ...writer.position, seq: 99 };
      await assertRejects(() => bench.store.append(writer.request(1)), TickcastError);
      assertEquals(await bench.lengthEvents("tick"), 5);
    },
  },
];
