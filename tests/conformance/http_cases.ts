/** Event streams, polls and snapshots where they are HTTP: headers, statuses, what may be kept. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { ownTime } from "../support/own_time.ts";
import { poll, SocketClient, StreamClient } from "../edge/test_clients.ts";
import { type Case, earlier, read } from "./case.ts";

/** Matches no symbol there is, and is none that a plan could lack. */
const NOBODY = "ZZZZZZZ.Z*";
/** What is promised, and what a loaded machine may add. */
const TOLD_WITHIN_MS = 2_000 + 1_500;
const TRIES_MAX = 20;
/** The longest there is: whoever waits for events has them long before, unless the machine stands still. */
const WAIT_SECONDS = 25;

interface Kept {
  readonly response: Response;
  readonly text: string;
}

async function ask(base: string, path: string, etag?: string): Promise<Kept> {
  const response = await fetch(
    `${base}${path}`,
    etag === undefined ? {} : { headers: { "if-none-match": etag } },
  );
  return { response, text: await response.text() };
}

/** A tag is answered 304 as long as the answer is the same; one that has grown meanwhile is tried again. */
async function assertTagHolds(base: string, path: string): Promise<void> {
  for (let n = 0; n < TRIES_MAX; n++) {
    const once = await ask(base, path);
    const etag = once.response.headers.get("etag") ?? "";
    assertMatch(etag, /^"[^"]+"$/);
    const again = await ask(base, path, etag);
    if (again.response.status === 304) return assertEquals(again.text, "");
    assertEquals(again.response.status, 200);
    assertNotEquals(again.response.headers.get("etag"), etag, "the same answer came again");
    assertNotEquals(again.text, once.text);
  }
  throw new Error(`the answer to ${path} changed ${TRIES_MAX} times in a row`);
}

/** See the file comment. */
export const HTTP_CASES: readonly Case[] = [
  {
    name: "sse: headers keep proxies from buffering, retry and id are told before any event",
    async run(base) {
      await using stream = new StreamClient(base, "/sse/tick");
      await stream.first("subscribed");
      assertMatch(stream.headers.get("content-type") ?? "", /^text\/event-stream/);
      assertMatch(stream.headers.get("cache-control") ?? "", /no-transform/);
      assert((stream.retryMs ?? 0) > 0 && stream.lastEventId.startsWith("tick"));
    },
  },
  {
    name: "sse: Last-Event-ID wins over the query",
    async run(base) {
      const cursor = await earlier(base, 5);
      await using stream = new StreamClient(base, "/sse/tick?cursor=earliest", { "last-event-id": cursor });
      const ids = await stream.events(5);
      assertEquals(ids.slice(0, 5), (await read(base, "ws", cursor, 5)).map(({ id }) => id));
    },
  },
  {
    name: "ws and sse: who gets nothing of a stream that moves is told its cursor within 2 s",
    async run(base) {
      await using socket = new SocketClient(base, `/ws/tick?symbols=${NOBODY}`);
      await using stream = new StreamClient(base, `/sse/tick?symbols=${NOBODY}`);
      const began = String((await socket.first("subscribed")).cursor);
      const streamBegan = String((await stream.first("subscribed")).cursor);
      const ownMs = ownTime();
      await Promise.all([
        socket.first("heartbeat"),
        stream.until("an id of its own", () => stream.lastEventId !== streamBegan),
      ]);
      const tookMs = ownMs();
      assert(tookMs <= TOLD_WITHIN_MS, `told after ${tookMs} ms`);
      const [beat] = socket.of("heartbeat");
      assertEquals([typeof beat?.time, typeof beat?.streams], ["number", "object"]);
      assertNotEquals(beat?.cursor, began);
      assertEquals([socket.ids(), stream.ids(), stream.of("heartbeat")], [[], [], []]);
    },
  },
  {
    name: "sse and poll: an unknown stream is 404, a bad cursor 400, both with a code",
    async run(base) {
      for (
        const [path, status, code] of [
          ["/sse/nope", 404, "UNKNOWN_STREAM"],
          ["/events/nope", 404, "UNKNOWN_STREAM"],
          ["/sse/tick?cursor=x", 400, "BAD_CURSOR"],
          ["/events/tick?cursor=x", 400, "BAD_CURSOR"],
        ] as const
      ) {
        const response = await fetch(`${base}${path}`);
        assertEquals([response.status, (await response.json()).error.code], [status, code]);
      }
    },
  },
  {
    name: "poll: answers of one list end at multiples of 100 where they can, and those never change",
    async run(base) {
      const { cursor } = await poll(base, "/events/tick");
      const path = `/events/tick?cursor=${cursor}`;
      if (cursor.includes(",")) {
        await read(base, "poll", cursor, 300);
        const { response } = await ask(base, path);
        return assertEquals(response.headers.get("cache-control"), "no-cache");
      }
      await read(base, "poll", cursor, 120);
      const [once, again] = [await ask(base, path), await ask(base, path)];
      const [a, b] = [once, again].map(({ text }) => JSON.parse(text));
      assertEquals([Number(a.cursor.split("-")[1]) % 100, a.gap], [0, null]);
      assertMatch(once.response.headers.get("cache-control") ?? "", /max-age=31536000, immutable/);
      // A later answer may reach further; what both reach is the same.
      assertEquals(b.events.slice(0, a.events.length), a.events);
    },
  },
  {
    name: "poll: a tag is answered 304 as long as the answer is the same",
    async run(base) {
      const { cursor } = await poll(base, "/events/tick");
      await read(base, "poll", cursor, 120);
      await assertTagHolds(base, `/events/tick?cursor=${cursor}`);
    },
  },
  {
    name: "poll: without a cursor it answers with one at once; wait waits for events",
    async run(base) {
      const now = await poll(base, "/events/tick");
      assertMatch(now.cursor, /^tick/);
      const later = await poll(base, `/events/tick?cursor=${now.cursor}&wait=${WAIT_SECONDS}`);
      assert(later.events.length > 0 || later.gap !== null);
    },
  },
  {
    name: "snapshot: the latest event of each symbol, with the cursor it is true at",
    async run(base) {
      const snapshot = await poll(base, "/snapshot/tick");
      const keys = snapshot.events.map((event) => `${Reflect.get(event, "type")}:${event.sym}`);
      assertEquals([new Set(keys).size, snapshot.cursor.startsWith("tick")], [keys.length, true]);
    },
  },
];
