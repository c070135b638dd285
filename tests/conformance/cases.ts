/**
 * The conformance kit: what any edge must do for its clients (`docs/protocol.md`), against any base URL where the `tick`
 * stream is moving. Nothing here knows how the server is built.
 */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { poll, SocketClient, StreamClient } from "../edge/test_clients.ts";
import { follow, type Transport, TRANSPORTS } from "./follow.ts";

/** One case. */
export interface Case {
  readonly name: string;
  run(base: string): Promise<void>;
}

type Listed = Record<string, unknown> & { readonly id: string; readonly sym: string; readonly type: string };

const positionOf = (id: string) => {
  const [, list, epoch, seq] = /^(?:(\d+)\.)?([0-9a-z]+)-(\d+)$/.exec(id) ?? [];
  return { list: list ?? "", epoch: epoch ?? "", seq: Number(seq) };
};

/** Ids rise strictly in each list. */
function assertRising(ids: readonly string[]): void {
  const last = new Map<string, { epoch: string; seq: number }>();
  for (const id of ids) {
    const { list, epoch, seq } = positionOf(id);
    const before = last.get(list);
    assert(
      before === undefined || epoch > before.epoch || (epoch === before.epoch && seq > before.seq),
      `${id} after ${JSON.stringify(before)}`,
    );
    last.set(list, { epoch, seq });
  }
}

const eventsOf = (messages: readonly Record<string, unknown>[]): Listed[] =>
  messages.flatMap(({ events }) => Array.isArray(events) ? events : []);

/** Events of the stream from `cursor` on, at least `count`, over one transport. */
async function read(base: string, transport: Transport, cursor: string, count: number): Promise<Listed[]> {
  await using following = follow(base, transport, { stream: "tick", cursor });
  await following.inbox.events(count);
  return eventsOf(following.inbox.of("events")).slice(0, count);
}

/** A cursor a little back, with at least `count` events after it. */
async function earlier(base: string, count: number): Promise<string> {
  await using socket = new SocketClient(base, "/ws/tick?symbols=*");
  const { cursor } = await socket.first("subscribed");
  await socket.events(count);
  return String(cursor);
}

function perTransport(name: string, run: (base: string, transport: Transport) => Promise<void>): Case[] {
  return TRANSPORTS.map((transport) => ({
    name: `${transport}: ${name}`,
    run: (base) => run(base, transport),
  }));
}

/** Every case. */
export const CASES: readonly Case[] = [
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
    "only the symbols asked for come, and the cursor moves past the others",
    async (base, transport) => {
      const cursor = await earlier(base, 40);
      const all = await read(base, "ws", cursor, 40);
      const sym = all[0]?.sym ?? "";
      await using following = follow(base, transport, { stream: "tick", cursor, symbols: sym });
      await following.inbox.events(1);
      const got = eventsOf(following.inbox.of("events"));
      assert(got.every((event) => event.sym === sym));
      const wanted = all.filter((event) => event.sym === sym).map(({ id }) => id);
      const common = Math.min(wanted.length, got.length);
      assertEquals(got.slice(0, common).map(({ id }) => id), wanted.slice(0, common));
    },
  ),
  ...perTransport("fields cut events down, id, type, sym and t stay", async (base, transport) => {
    const cursor = await earlier(base, 5);
    await using following = follow(base, transport, {
      stream: "tick",
      cursor,
      fields: "nothing_of_the_kind",
    });
    await following.inbox.events(5);
    for (const event of eventsOf(following.inbox.of("events"))) {
      assertEquals(Object.keys(event).sort(), ["id", "sym", "t", "type"]);
    }
  }),
  ...perTransport(
    "latest gives at most one event of a type and symbol a frame, and counts the others",
    async (base, transport) => {
      const cursor = await earlier(base, 60);
      await using following = follow(base, transport, { stream: "tick", cursor, mode: "latest" });
      await following.inbox.events(2);
      const [frame] = following.inbox.of("events");
      const events = eventsOf(frame === undefined ? [] : [frame]);
      const late = events.filter((event) => "rev" in event || "synthetic" in event);
      const keys = events.filter((event) => !late.includes(event)).map(({ type, sym }) => `${type}:${sym}`);
      assert(new Set(keys).size === keys.length || keys.some((key) => key.startsWith("second")));
      assertRising(events.map(({ id }) => id));
    },
  ),
  ...perTransport(
    "a cursor of an epoch that never was is a gap nobody can count, and the stream goes on",
    async (base, transport) => {
      await using following = follow(base, transport, { stream: "tick", cursor: "tick:00000001-7" });
      const gap = await following.inbox.first("gap");
      assertEquals([gap.stream, gap.lost], ["tick", null]);
      await following.inbox.events(1);
    },
  ),
  ...perTransport(
    "a cursor ahead of everything is a gap within 2 s, and the stream goes on",
    async (base, transport) => {
      await using following = follow(base, transport, { stream: "tick", cursor: "tick:zzzzzzzz-7" });
      const gap = await following.inbox.first("gap");
      assertEquals([gap.cause, gap.lost], ["epoch", null]);
      await following.inbox.events(1);
    },
  ),
  ...perTransport("earliest begins with the oldest event still held", async (base, transport) => {
    await using following = follow(base, transport, { stream: "tick", cursor: "earliest" });
    await following.inbox.events(20);
    assertRising(following.inbox.ids());
  }),
  {
    name: "ws: hello first, the subprotocol selected, a token never echoed",
    async run(base) {
      await using socket = new SocketClient(base, "/ws/tick", ["bearer.secret", "tickcast.v1"]);
      const { protocol } = await socket.first("hello");
      assertEquals([protocol, socket.socket.protocol], ["tickcast.v1", "tickcast.v1"]);
    },
  },
  {
    name: "ws: ping is answered with cursor, states and time",
    async run(base) {
      await using socket = new SocketClient(base, "/ws/tick?symbols=*");
      await socket.first("subscribed");
      await socket.say({ action: "ping", id: 9 });
      const pong = await socket.first("pong");
      assertEquals([pong.id, typeof pong.time, typeof pong.cursor, typeof pong.streams], [
        9,
        "number",
        "string",
        "object",
      ]);
    },
  },
  {
    name: "ws: what is wrong is an error with a code, and the socket lives on",
    async run(base) {
      await using socket = new SocketClient(base, "/ws/tick");
      const wrong = [
        "{",
        "null",
        '{"action":"dance"}',
        '{"action":"subscribe","symbols":["\\r\\n"]}',
        '{"action":"subscribe","streams":["nope"]}',
        '{"action":"subscribe","cursor":"x"}',
      ];
      for (const text of wrong) await socket.say(text);
      await socket.until("six errors", () => socket.of("error").length === wrong.length);
      assertEquals(socket.of("error").map(({ code }) => code), [
        "BAD_JSON",
        "BAD_REQUEST",
        "UNKNOWN_ACTION",
        "BAD_SYMBOL",
        "UNKNOWN_STREAM",
        "BAD_CURSOR",
      ]);
      await socket.say({ action: "subscribe", symbols: ["*"] });
      await socket.events(1);
    },
  },
  {
    name: "ws: subscriptions add up, unsubscribing ends them",
    async run(base) {
      await using socket = new SocketClient(base, "/ws");
      await socket.say({ action: "subscribe", streams: ["tick"], symbols: ["AAPL*"], id: "a" });
      await socket.say({ action: "subscribe", streams: ["tick"], symbols: ["M*"], mode: "latest", id: "b" });
      await socket.say({ action: "subscribe", streams: ["tick"], cursor: "earliest", id: "c" });
      await socket.say({ action: "unsubscribe", streams: ["tick"], id: "d" });
      await socket.first("unsubscribed");
      const held = socket.of("subscribed").at(-1)?.subscriptions;
      assertEquals(Array.isArray(held) && held.map(({ stream, symbols, mode }) => [stream, symbols, mode]), [[
        "tick",
        ["AAPL*", "M*"],
        "latest",
      ]]);
      assertEquals(socket.of("error").map(({ code, id }) => [code, id]), [["CURSOR_IN_USE", "c"]]);
    },
  },
  {
    name: "ws: a snapshot comes in parts, the last marked, and live events go on after its cursor",
    async run(base) {
      await using socket = new SocketClient(base, "/ws/tick");
      await socket.say({ action: "subscribe", symbols: ["*"], snapshot: true });
      await socket.until("the last part", () => socket.of("snapshot").some(({ last }) => last === true));
      await socket.events(3);
      const parts = socket.of("snapshot");
      assert(parts.every((part) => JSON.stringify(part).length <= 64_000));
      const truth = new Map(
        String(parts[0]?.cursor).split(",").map((part) => {
          const { list, epoch, seq } = positionOf(part.slice(part.indexOf(":") + 1));
          const name = part.slice(0, part.indexOf(":"));
          return [name.includes(".") ? name.slice(name.indexOf(".") + 1) : list, { epoch, seq }];
        }),
      );
      const [first] = socket.ids();
      const { list, epoch, seq } = positionOf(first ?? "");
      assertEquals([epoch, seq], [truth.get(list)?.epoch, (truth.get(list)?.seq ?? 0) + 1]);
    },
  },
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
    name: "poll: answers end at multiples of 100 where they can, and those never change",
    async run(base) {
      const { cursor } = await poll(base, "/events/tick?cursor=earliest");
      if (cursor.includes(",")) return;
      const path = `/events/tick?cursor=${cursor}`;
      const [once, again] = [await fetch(`${base}${path}`), await fetch(`${base}${path}`)];
      const [a, b] = [await once.json(), await again.json()];
      const seq = Number(a.cursor.split("-")[1]);
      const isWindow = a.gap === null && a.events.length > 0 && seq % 100 === 0;
      assertEquals(once.headers.get("cache-control")?.includes("immutable"), isWindow);
      if (!isWindow) return;
      assertEquals(a.cursor === b.cursor && JSON.stringify(a) === JSON.stringify(b), a.cursor === b.cursor);
      const known = await fetch(`${base}${path}`, {
        headers: { "if-none-match": once.headers.get("etag") ?? "" },
      });
      await known.body?.cancel();
      assert(known.status === 304 || known.status === 200);
    },
  },
  {
    name: "poll: without a cursor it answers with one at once; wait waits for events",
    async run(base) {
      const now = await poll(base, "/events/tick");
      assertMatch(now.cursor, /^tick/);
      const later = await poll(base, `/events/tick?cursor=${now.cursor}&wait=5`);
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
  {
    name: "a plain GET of a socket is told to upgrade",
    async run(base) {
      const response = await fetch(`${base}/ws`);
      await response.body?.cancel();
      assert(response.status === 426 || response.status === 503);
    },
  },
];
