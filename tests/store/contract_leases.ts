/** The right to write: compare-and-set, judged by the store's clock, never forgotten. */
import { assert, assertEquals } from "@std/assert";
import type { ContractCase } from "./contract.ts";

export const LEASE_CASES: readonly ContractCase[] = [
  {
    name: "nobody holds the lease at first",
    async fn({ store }) {
      assertEquals(await store.readLease(), undefined);
      assertEquals(await store.takeLease("one", 12, 1000), undefined);
      assertEquals(await store.renewLease(1, 1000), false);
      assertEquals(await store.releaseLease(1), false);
      assertEquals(await store.readLease(), undefined);
    },
  },
  {
    name: "a taken lease says owner, fence and until when by the store's clock",
    async fn({ store }) {
      const taken = await store.takeLease("one", 0, 5000);
      assert(taken !== undefined);
      assertEquals([taken.owner, taken.untilMs - taken.nowMs], ["one", 5000]);
      assert(taken.fence >= taken.nowMs - 1000 && Number.isSafeInteger(taken.fence));
      const read = await store.readLease();
      assert(read !== undefined && read.nowMs >= taken.nowMs);
      assertEquals({ ...read, nowMs: taken.nowMs }, taken);
    },
  },
  {
    name: "of those who saw the same fence one takes it, and the fence rises each time",
    async fn(bench) {
      const other = await bench.another();
      let seen = 0;
      for (let round = 0; round < 5; round++) {
        const takes = await Promise.all([
          bench.store.takeLease("one", seen, 1000),
          other.takeLease("two", seen, 1000),
          bench.store.takeLease("three", seen, 1000),
        ]);
        const won = takes.filter((lease) => lease !== undefined);
        assertEquals(won.length, 1);
        assert(won[0] !== undefined && won[0].fence > seen);
        seen = won[0].fence;
      }
    },
  },
  {
    name: "only its fence renews or releases a lease; releasing clears the owner and keeps the fence",
    async fn({ store }) {
      const taken = await store.takeLease("one", 0, 1000);
      assert(taken !== undefined);
      assertEquals(await store.renewLease(taken.fence - 1, 9000), false);
      assertEquals(await store.releaseLease(taken.fence + 1), false);
      assertEquals((await store.readLease())?.untilMs, taken.untilMs);
      assertEquals(await store.renewLease(taken.fence, 9000), true);
      const renewed = await store.readLease();
      assert(renewed !== undefined && renewed.untilMs >= taken.untilMs + 8000);
      assertEquals(await store.releaseLease(taken.fence), true);
      const released = await store.readLease();
      assertEquals([released?.owner, released?.fence], ["", taken.fence]);
      assertEquals(await store.renewLease(taken.fence, 9000), false);
      const next = await store.takeLease("two", taken.fence, 1000);
      assert(next !== undefined && next.fence > taken.fence);
      assertEquals(await store.releaseLease(taken.fence), false);
    },
  },
  {
    name: "a lease outlives its time: it is judged, not forgotten",
    async fn({ store }) {
      const taken = await store.takeLease("one", 0, 0);
      assert(taken !== undefined);
      const read = await store.readLease();
      assert(read !== undefined && read.untilMs <= read.nowMs);
      assertEquals(read.owner, "one");
      assertEquals(await store.renewLease(taken.fence, 1000), true);
    },
  },
];
