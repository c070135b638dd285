/** When a standby that takes the lease must not trust the lists it finds. */
import { assertEquals } from "@std/assert";
import type { Lease } from "../../src/feed/store.ts";
import { LeaseWatch } from "../../src/ingest/lease_watch.ts";

const lease = (untilMs: number, over: Partial<Lease> = {}): Lease => ({
  owner: "leader",
  fence: 7,
  untilMs,
  nowMs: untilMs,
  ...over,
});

type Look = readonly [Lease | undefined, number] | "missed";

const CASES: readonly {
  readonly when: string;
  readonly looks: readonly Look[];
  readonly expected: boolean;
}[] = [
  {
    when: "a leader dies while the store works",
    looks: [[lease(10), 1], [lease(20), 1], [lease(20), 1]],
    expected: false,
  },
  { when: "a process starts after a crash", looks: [[lease(10), 1]], expected: false },
  { when: "nobody ever led", looks: [[undefined, 1], [undefined, 2]], expected: false },
  {
    when: "the lease runs until earlier than it did",
    looks: [[lease(20), 1], [lease(10), 1]],
    expected: true,
  },
  {
    when: "the lease is an older one",
    looks: [[lease(20), 1], [lease(30, { fence: 6, owner: "" }), 1]],
    expected: true,
  },
  {
    when: "the connection broke between two looks and nobody renewed since",
    looks: [[lease(20), 1], [lease(20), 2]],
    expected: true,
  },
  {
    when: "a renewal may be from before the break",
    looks: [[lease(20), 1], [lease(30), 2], [lease(30), 2]],
    expected: true,
  },
  {
    when: "the leader lived on after the break and died later",
    looks: [[lease(20), 1], [lease(20), 2], [lease(30), 2]],
    expected: false,
  },
  { when: "a look went unanswered", looks: [[lease(20), 1], "missed", [lease(20), 1]], expected: true },
  {
    when: "the leader stopped cleanly after an outage",
    looks: [[lease(20), 1], "missed", [lease(20, { owner: "" }), 1]],
    expected: false,
  },
];

for (const { when, looks, expected } of CASES) {
  Deno.test({
    name: `lists ${expected ? "begin again" : "go on"} under a new leader when ${when}`,
    permissions: "none",
    fn() {
      const watch = new LeaseWatch();
      let last: Lease | undefined;
      for (const look of looks) {
        if (look === "missed") watch.missed();
        else {
          last = look[0];
          watch.see(...look);
        }
      }
      assertEquals([watch.mayHaveGoneBack(last), watch.mayHaveGoneBack(last)], [expected, false]);
    },
  });
}
