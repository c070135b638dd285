/** Where a client begins, and that it goes on from there: cursors, gaps, one stream or several. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { poll, SocketClient, StreamClient } from "../edge/test_clients.ts";
import { type Case, earlier, eventsOf, perTransport, read } from "./case.ts";
import { follow, type Transport, TRANSPORTS } from "./follow.ts";
import { assertRising, everyList } from "./positions.ts";

/** A cursor that is ahead is held so long for what it may wait for, less what clocks differ by. */
const HELD_MS = 1_900;

/** From this cursor on a gap nobody can count is told, and then events come. */
async function assertLost(base: string, transport: Transport, cursor: string): Promise<void> {
  await using following = follow(base, transport, { stream: "tick", cursor });
  const gap = await following.inbox.first("gap");
  assertEquals([gap.stream, gap.cause, gap.lost], ["tick", "epoch", null]);
  await following.inbox.events(1);
  assertRising(following.inbox.ids());
}

/** Ids of the first events after a cursor, past what a poll tells of gaps: one an answer, and no events while more follow. */
async function oldest(base: string, cursor: string): Promise<readonly string[]> {
  let answer = await poll(base, `/events/tick?cursor=${cursor}`);
  while (answer.events.length === 0 && answer.gap !== null) {
    answer = await poll(base, `/events/tick?cursor=${answer.cursor}`);
  }
  return answer.events.map(({ id }) => id);
}

/** See the file comment. */
export const FOLLOWING_CASES: readonly Case[] = [
  ...perTransport("the cursor comes before any event", async (base, transport) => {
    await using following = follow(base, transport, { stream: "tick" });
    const { cursor } = await following.inbox.first("subscribed");
    assertMatch(String(cursor), /^tick(\.\d+)?:[0-9a-z]+-\d+/);
    await following.inbox.events(5);
    const types = following.inbox.messages.map(({ type }) => type);
    assert(types.indexOf("subscribed") < types.indexOf("events"));
    assertRising(following.inbox.ids());
  }),
  {
    name: "from one cursor all transports give the same events, value for value",
    async run(base) {
      const cursor = await earlier(base, 20);
      const [ws, sse, polled] = await Promise.all(
        TRANSPORTS.map((transport) => read(base, transport, cursor, 20)),
      );
      assertEquals(sse, ws);
      assertEquals(polled, ws);
    },
  },
  ...perTransport(
    "a cursor taken on one connection goes on on the next without hole or repeat",
    async (base, transport) => {
      const whole = await earlier(base, 30);
      const all = (await read(base, "ws", whole, 30)).map(({ id }) => id);
      const first = follow(base, transport, { stream: "tick", cursor: whole });
      await first.inbox.events(5);
      await first[Symbol.asyncDispose]();
      const had = first.inbox.ids();
      const cursor = first.inbox.of("events").at(-1)?.cursor;
      await using second = follow(base, transport, { stream: "tick", cursor: String(cursor) });
      await second.inbox.events(10);
      const both = [...had, ...second.inbox.ids()];
      const common = Math.min(all.length, both.length);
      assertEquals(both.slice(0, common), all.slice(0, common));
      assertRising(both);
    },
  ),
  ...perTransport("events have the common fields and gaps are never among them", async (base, transport) => {
    await using following = follow(base, transport, { stream: "tick" });
    await following.inbox.events(20);
    for (const event of eventsOf(following.inbox.of("events"))) {
      assertNotEquals(event.type, "gap");
      assert(
        Number.isSafeInteger(event.t) && Number.isSafeInteger(event.rx) && typeof event.sym === "string",
      );
    }
  }),
  ...perTransport(
    "a cursor of an epoch that never was is a gap nobody can count, and the stream goes on",
    (base, transport) => assertLost(base, transport, "tick:00000001-7"),
  ),
  {
    name:
      "over all transports at once: a cursor ahead of everything is a gap after 2 s, and the stream goes on",
    async run(base) {
      const ahead = (await poll(base, "/events/tick")).cursor.replace(/:[^,]+/, ":zzzzzzzz-7");
      const since = performance.now();
      await Promise.all(TRANSPORTS.map((transport) => assertLost(base, transport, ahead)));
      const tookMs = performance.now() - since;
      assert(tookMs >= HELD_MS, `told after ${tookMs} ms`);
    },
  },
  ...perTransport(
    "earliest begins with the oldest event still held, and leaves none out",
    async (base, transport) => {
      const cursor = await earlier(base, 20);
      const since = (await read(base, "poll", cursor, 20)).map(({ id }) => id);
      // What is before everything begins at the same place.
      const held = await oldest(base, everyList(cursor, "0-0"));
      await using following = follow(base, transport, { stream: "tick", cursor: "earliest" });
      const { inbox } = following;
      await inbox.until("what came since", () => inbox.ids().includes(since.at(-1) ?? ""));
      const ids = inbox.ids();
      assertRising(ids);
      assertEquals(inbox.of("gap"), []);
      assertEquals(since.filter((id) => !ids.includes(id)), []);
      // What was let go of meanwhile moved the beginning on, and nothing else may.
      const begins = (await oldest(base, everyList(cursor, "0-0")))[0] ?? "";
      const from = held.indexOf(ids[0] ?? "");
      const latest = held.includes(begins) ? held.indexOf(begins) : held.length;
      assert(from >= 0 && from <= latest, `${ids[0]} is none of ${held.slice(0, latest + 1)}`);
      const common = Math.min(held.length - from, ids.length);
      assertEquals(ids.slice(0, common), held.slice(from, from + common));
    },
  ),
  {
    name: "ws and sse: one cursor speaks of all streams that are followed, and each goes on at its own place",
    async run(base) {
      const open = [
        (cursor: string) => new SocketClient(base, `/ws?streams=tick,minute&symbols=*${cursor}`),
        (cursor: string) => new StreamClient(base, `/sse?streams=tick,minute${cursor}`),
      ];
      for (const one of open) {
        await using first = one("");
        const whole = String((await first.first("subscribed")).cursor);
        const [tick, minute] = ["tick", "minute"].map((stream) =>
          whole.split(",").filter((part) => part.startsWith(`${stream}:`) || part.startsWith(`${stream}.`))
            .join()
        );
        assert(tick !== "" && minute !== "" && whole === `${tick},${minute}`, whole);
        await first.events(20);
        await using second = one(`&cursor=${whole}`);
        await second.events(20);
        const idsOf = (inbox: typeof first, stream: string) =>
          eventsOf(inbox.of("events").filter((message) => message.stream === stream)).map(({ id }) => id);
        const expected = (await read(base, "poll", tick ?? "", 10)).map(({ id }) => id);
        assertEquals(idsOf(second, "tick").slice(0, 10), expected);
        const minutes = (await poll(base, `/events/minute?cursor=${minute}`)).events.map(({ id }) => id);
        for (const inbox of [first, second]) {
          const got = idsOf(inbox, "minute");
          assertEquals(got, minutes.slice(0, got.length));
        }
        assertEquals([first.of("gap"), second.of("gap")], [[], []]);
      }
    },
  },
];
