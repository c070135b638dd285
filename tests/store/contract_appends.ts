/** The append of the contract: fence, expected head, batch token, cap, ids. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { eventId } from "../../src/feed/cursor.ts";
import { TickcastError } from "../../src/feed/error.ts";
import { encodeEvent } from "../../src/feed/event_text.ts";
import { aGap, aMinute } from "../support/event_factory.ts";
import { aRequest, CAP_EVENTS, idsOf, lead, tidsOf, trades, Writer } from "./appending.ts";
import type { ContractCase } from "./contract.ts";

export const APPEND_CASES: readonly ContractCase[] = [
  {
    name: "the first append begins an epoch at seq 1 and stamps every event",
    async fn({ store }) {
      const fence = await lead(store);
      const bodies = trades(3);
      const reply = await store.append(aRequest({ fence, bodies, pullMs: 125 }));
      assert(reply.outcome === "applied");
      assertEquals([reply.firstSeq, reply.lastSeq, reply.fresh], [1, 3, true]);
      const tail = await store.readTail("tick", 10);
      assertEquals(tail.head, { epoch: reply.epoch, seq: 3, pullMs: 125 });
      assertEquals(
        tail.elements,
        bodies.map((body, n) => `{"id":"${reply.epoch}-${n + 1}",${body.text.slice(1)}`),
      );
    },
  },
  {
    name: "appends continue the epoch and rise by one",
    async fn({ store }) {
      const writer = new Writer(store, await lead(store));
      await writer.write(5);
      const reply = writer.followed(await store.append(writer.request(7)));
      assertEquals([reply.firstSeq, reply.lastSeq, reply.fresh], [6, 12, false]);
      assertEquals(
        idsOf((await store.readTail("tick", 12)).elements),
        Array.from({ length: 12 }, (_, n) => `${reply.epoch}-${n + 1}`),
      );
    },
  },
  {
    name: "elements are the body's text verbatim, whatever characters are in it",
    async fn({ store }) {
      const fence = await lead(store);
      const body = encodeEvent(
        aMinute({ note: 'é 漢字 🜚 "quoted" \\ \u2028 \n %s %d $1 \u0000', big: 1e21, tiny: 5e-324 }),
      );
      await store.append(aRequest({ list: "minute", fence, bodies: [body] }));
      const { elements } = await store.readTail("minute", 1);
      assertEquals(elements[0]?.slice(elements[0].indexOf(",") + 1), body.text.slice(1));
    },
  },
  {
    name: "events of list n of a split stream carry the list in their id",
    async fn({ store }) {
      const writer = new Writer(store, await lead(store), "tick.3");
      await writer.write(2);
      const { head, elements } = await store.readTail("tick.3", 5);
      assert(head !== undefined);
      assertEquals(idsOf(elements), [1, 2].map((seq) => eventId("tick.3", { epoch: head.epoch, seq })));
      assert(idsOf(elements)[0]?.startsWith("3."));
      assertEquals((await store.readTail("tick", 5)).head, undefined);
      assertEquals((await store.readLatest("tick.3", ["trade:MSFT"])).elements, elements.slice(1));
    },
  },
  {
    name: "a list never holds more than its cap, and keeps the newest",
    async fn(bench) {
      const writer = new Writer(bench.store, await lead(bench.store));
      for (let n = 0; n < 7; n++) {
        await writer.write(450);
        assert(await bench.lengthEvents("tick") <= CAP_EVENTS);
      }
      const { head, elements } = await bench.store.readTail("tick", 5000);
      assertEquals([head?.seq, elements.length], [3150, CAP_EVENTS]);
      assertEquals(tidsOf(elements), Array.from({ length: CAP_EVENTS }, (_, n) => 2151 + n));
    },
  },
  {
    name: "a cap of its own holds for a list that has one",
    async fn(bench) {
      const writer = new Writer(bench.store, await lead(bench.store), "heatmap", 200);
      await writer.write(450);
      assertEquals(await bench.lengthEvents("heatmap"), 200);
      assertEquals((await bench.store.readTail("heatmap", 200)).elements.length, 200);
    },
  },
  {
    name: "a batch the writer should never have made is refused loudly and nothing is written",
    async fn({ store }) {
      const fence = await lead(store);
      const big = encodeEvent(aMinute({ note: "é".repeat(600_000) }));
      const bad = [
        { bodies: trades(501) },
        { bodies: [] },
        { bodies: [big] },
        { batch: "" },
        { expected: { epoch: "0", seq: 0.5 } },
      ];
      for (const over of bad) {
        await assertRejects(() => store.append(aRequest({ fence, ...over })), RangeError);
      }
      assertEquals(await store.readTail("tick", 1), { head: undefined, elements: [] });
    },
  },
  {
    name: "a batch of nearly 1 MiB goes through",
    async fn({ store }) {
      const fence = await lead(store);
      const bodies = Array.from({ length: 10 }, () => encodeEvent(aMinute({ note: "x".repeat(100_000) })));
      const reply = await store.append(aRequest({ fence, bodies }));
      assertEquals(reply.outcome, "applied");
      assertEquals(
        (await store.readTail("tick", 10)).elements.at(-1)?.slice(-30),
        bodies[9]?.text.slice(-30),
      );
    },
  },
  {
    name: "a stale fence writes nothing and is told the present one",
    async fn({ store }) {
      const old = await lead(store, "one");
      const writer = new Writer(store, old);
      await writer.write(4);
      const fence = await lead(store, "two");
      assertEquals(await store.append(writer.request(1)), { outcome: "fenced", fence });
      assertEquals((await store.readTail("tick", 9)).elements.length, 4);
      const next = new Writer(store, fence);
      next.position = writer.position;
      assertEquals(next.followed(await store.append(next.request(1))).firstSeq, 5);
    },
  },
  {
    name: "a fence nobody ever took writes nothing",
    async fn({ store }) {
      assertEquals(await store.append(aRequest({ fence: 7 })), { outcome: "fenced", fence: 0 });
      const fence = await lead(store);
      assertEquals(await store.append(aRequest({ fence: fence + 1 })), { outcome: "fenced", fence });
      assertEquals((await store.readTail("tick", 1)).head, undefined);
    },
  },
  {
    name: "a batch applied already answers its ids again and is not written twice",
    async fn({ store }) {
      const writer = new Writer(store, await lead(store));
      for (const count of [3, 1, 500]) {
        const request = writer.request(count);
        const first = writer.followed(await store.append(request));
        assertEquals(await store.append(request), first);
        assertEquals(await store.append(request), first);
      }
      const { elements } = await store.readTail("tick", CAP_EVENTS);
      assertEquals(tidsOf(elements), Array.from({ length: 504 }, (_, n) => n + 1));
    },
  },
  {
    name: "a late request whose batch was overtaken is refused with the head",
    async fn({ store }) {
      const writer = new Writer(store, await lead(store));
      await writer.write(2);
      const late = writer.request(1);
      writer.followed(await store.append(late));
      await writer.write(3);
      const { epoch } = writer.position;
      assertEquals(await store.append(late), { outcome: "behind", head: { epoch, seq: 6 } });
      assertEquals((await store.readTail("tick", 9)).elements.length, 6);
    },
  },
  {
    name: "an expected head ahead of the list begins a new epoch and empties the list",
    async fn({ store }) {
      const writer = new Writer(store, await lead(store));
      await writer.write(6);
      const { epoch } = writer.position;
      writer.position = { epoch, seq: 7 };
      const reply = writer.followed(await store.append(writer.request(2)));
      assertEquals([reply.firstSeq, reply.lastSeq, reply.fresh], [1, 2, true]);
      assert(reply.epoch > epoch);
      const { elements } = await store.readTail("tick", 9);
      assertEquals(tidsOf(elements), [7, 8]);
      const latest = await store.readLatest("tick", undefined);
      assertEquals(tidsOf(latest.elements).sort(), [7, 8]);
    },
  },
  {
    name: "an expected head of another epoch, older, newer or none, begins a new epoch past both",
    async fn({ store }) {
      const writer = new Writer(store, await lead(store));
      let last = "";
      for (const epoch of ["00000001", "k0000000", "yyyyyyyy"]) {
        await writer.write(2);
        last = writer.position.epoch;
        writer.position = { epoch, seq: 2 };
        const reply = writer.followed(await store.append(writer.request(1)));
        assertEquals([reply.firstSeq, reply.fresh], [1, true]);
        assert(reply.epoch > last && reply.epoch > epoch);
        assertEquals(reply.epoch.length, 8);
      }
      const blind = await store.append(aRequest({ fence: writer.fence }));
      assert(blind.outcome === "applied" && blind.fresh && blind.epoch > last);
    },
  },
  {
    name: "an epoch that none can follow is refused in words, and the list stays as it is",
    async fn(bench) {
      const writer = new Writer(bench.store, await lead(bench.store));
      await writer.write(2);
      const request = writer.request(1, { expected: { epoch: "zzzzzzzz", seq: 1 } });
      const error = await assertRejects(() => bench.store.append(request), TickcastError);
      assertEquals([error.code, error.message.includes("clock")], ["STORE_REFUSED", true]);
      assertEquals(await bench.lengthEvents("tick"), 2);
    },
  },
  {
    name: "the first batch of an epoch answers its ids again too",
    async fn({ store }) {
      const fence = await lead(store);
      const request = aRequest({ fence, bodies: trades(4) });
      const first = await store.append(request);
      assertEquals(await store.append(request), first);
      assertEquals((await store.readTail("tick", 9)).elements.length, 4);
    },
  },
  {
    name: "a gap takes its place in the list and is not in last",
    async fn({ store }) {
      const fence = await lead(store);
      const bodies = [...trades(1), encodeEvent(aGap({ lost: 3 })), ...trades(1, 9)];
      const reply = await store.append(aRequest({ fence, bodies }));
      assert(reply.outcome === "applied");
      assertEquals(reply.lastSeq, 3);
      const gapOnly = await store.append(
        aRequest({ fence, expected: { epoch: reply.epoch, seq: 3 }, bodies: [encodeEvent(aGap())] }),
      );
      assert(gapOnly.outcome === "applied" && gapOnly.lastSeq === 4);
      assertEquals((await store.readTail("tick", 4)).elements.map((e) => JSON.parse(e).type), [
        "trade",
        "gap",
        "trade",
        "gap",
      ]);
      assertEquals((await store.readLatest("tick", undefined)).elements.length, 1);
    },
  },
];
