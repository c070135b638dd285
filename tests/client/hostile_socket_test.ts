/** Everything a WebSocket server can do wrong, a line each, and what the client makes of it. */
import { assert, assertEquals } from "@std/assert";
import { events, face, hello, trade } from "./hostile_rig.ts";

interface Row {
  readonly name: string;
  /** What is said after `hello`; the events 1 and 2 come before and after it. */
  readonly say: readonly unknown[];
  /** Prices handed on; 1 and 2 unless told. */
  readonly prices?: readonly number[];
  readonly garbage?: number;
  readonly repeats?: number;
  /** `lost cause` of the gaps told. */
  readonly gaps?: readonly string[];
  /** Codes of errors told. */
  readonly errors?: readonly string[];
  /** The cursor afterwards. */
  readonly cursor?: string;
}

const gap = (over: Record<string, unknown>) => ({ type: "gap", stream: "tick", ...over });
const BAD = { garbage: 1, errors: ["BAD_MESSAGE"] };

const ROWS: readonly Row[] = [
  { name: "an empty frame", say: [""], ...BAD },
  { name: "half a frame of JSON", say: ['{"type":"events","stream":"tick","events":[{'], ...BAD },
  { name: "bytes", say: [new ArrayBuffer(3)], ...BAD },
  { name: "a number, a text, null, a list", say: ["7", '"x"', "null", "[]"], ...BAD, garbage: 4 },
  { name: "a hundred thousand open brackets", say: ["[".repeat(100_000)], ...BAD },
  { name: "a frame beyond the bound", say: [`"${"y".repeat(17 * 1024 * 1024)}"`], ...BAD },
  { name: "no type", say: [{ stream: "tick", events: [] }], ...BAD },
  { name: "a type of a newer server", say: [{ type: "future" }], ...BAD },
  {
    name: "fields and streams of a newer server",
    say: [
      { ...hello, protocol: "tickcast.v2", limits: { symbols: 1 } },
      { type: "heartbeat", streams: { tick: "live", option: "live" }, vector: [1] },
      { ...events(trade(3, { shape: { a: [1] }, price_scale: 2 })), columns: ["price"] },
      { ...events(trade(3)), stream: "option" },
    ],
    prices: [1, 3],
    repeats: 1,
  },
  {
    name: "types that are names of every object",
    say: [{ type: "constructor" }, { type: "__proto__" }],
    ...BAD,
    garbage: 2,
  },
  {
    name: "a type that is no text",
    say: [{ type: 1 }, { type: ["events"] }, { type: { a: 1 } }],
    ...BAD,
    garbage: 3,
  },
  { name: "events without a list", say: [{ type: "events", stream: "tick", events: { length: 1 } }], ...BAD },
  { name: "events of no stream", say: [{ type: "events", events: [trade(5)] }], ...BAD },
  {
    name: "events of a stream called __proto__",
    say: ['{"type":"events","stream":"__proto__","events":[]}'],
  },
  {
    name: "elements that are no events",
    say: [
      events(null, 3, "x", {}, [], { ...trade(5), t: "5" }, { ...trade(5), sym: 5 }, {
        ...trade(5),
        type: "gap",
      }),
    ],
    ...BAD,
    garbage: 8,
  },
  {
    name: "ids that are none of this service",
    say: [events(
      { ...trade(5), id: "x" },
      { ...trade(5), id: "aaaaaaaa-1e3" },
      { ...trade(5), id: "aaaaaaaa--5" },
      { ...trade(5), id: "AAAAAAAA-5" },
      { ...trade(5), id: "aaaaaaaa-99999999999999999" },
    )],
    repeats: 5,
  },
  {
    name: "an event that brings a prototype",
    say: [
      `{"type":"events","stream":"tick","events":[${
        JSON.stringify(trade(3)).replace("{", '{"__proto__":{"price":9},"constructor":{"prototype":{"x":1}},')
      }]}`,
    ],
    prices: [1, 3],
    repeats: 1,
  },
  {
    name: "the same frame three times",
    say: [events(trade(1)), events(trade(1)), events(trade(1))],
    repeats: 3,
  },
  { name: "a wrong order", say: [events(trade(5), trade(4)), events(trade(3))], prices: [1, 5], repeats: 3 },
  {
    name: "an older epoch without a word of a gap",
    say: [
      { type: "heartbeat", cursor: "tick:00000001-0" },
      events(trade(9, { id: "00000001-1" })),
    ],
    repeats: 1,
  },
  {
    name: "a cursor that goes back",
    say: [{ type: "heartbeat", cursor: "tick:aaaaaaaa-0" }],
    cursor: "tick:aaaaaaaa-9",
  },
  {
    name: "cursors that are no text",
    say: [
      { type: "heartbeat", cursor: 5 },
      { type: "subscribed", cursor: { a: 1 } },
      { type: "warning", code: "W", cursor: ["tick:aaaaaaaa-1"] },
      { ...events(), cursor: null },
      gap({ cursor: 7, lost: 1, cause: "slow" }),
    ],
    errors: ["W"],
    gaps: ["1 slow"],
  },
  {
    name: "cursors that are nonsense",
    say: ["%%%", "tick", "tick:", ":aaaaaaaa-1", "tick:aaaaaaaa-01", "TICK:aaaaaaaa-1", "x".repeat(1e5)]
      .map((cursor) => ({ type: "heartbeat", cursor })),
    cursor: "tick:aaaaaaaa-9",
  },
  {
    name: "ten thousand lists in one cursor",
    say: [{
      type: "heartbeat",
      cursor: Array.from({ length: 10_000 }, (_, n) => `tick.${n}:aaaaaaaa-1`).join(),
    }],
  },
  { name: "a gap of no stream", say: [{ type: "gap", lost: 3 }], ...BAD },
  {
    name: "gaps that lost nonsense",
    say: [
      gap({ lost: -5, cause: "slow" }),
      gap({ lost: 1.5, cause: "slow" }),
      gap({ lost: "9", cause: "slow" }),
      gap({ lost: 1e300, cause: "slow" }),
    ],
    gaps: ["null slow", "null slow", "null slow", "null slow"],
  },
  {
    name: "gaps of nothing that is what it should be",
    say: [
      gap({ after: 1, before: {}, from: "x", to: null, cause: 3 }),
      gap({ after: "aaaaaaaa-9", before: "aaaaaaaa-1", cause: "evicted" }),
    ],
    gaps: ["null unknown", "null evicted"],
  },
  { name: "a gap of another stream", say: [{ type: "gap", stream: "minute", lost: 1, cause: "slow" }] },
  {
    name: "states that are no states",
    say: [
      { type: "heartbeat", streams: 5 },
      { type: "heartbeat", streams: "live".repeat(1000) },
      { type: "heartbeat", streams: ["live"] },
      '{"type":"heartbeat","streams":{"__proto__":"live","tick":{}}}',
      { type: "pong", streams: null, time: "now" },
    ],
  },
  {
    name: "errors and warnings without words",
    say: [{ type: "error" }, { type: "warning", code: 1 }, { type: "error", code: {}, message: [] }],
    errors: ["UNKNOWN", "UNKNOWN", "UNKNOWN"],
  },
  {
    name: "a refused request",
    say: [{ type: "error", code: "UNKNOWN_SYMBOL", message: "no XYZ here", id: 3 }],
    errors: ["UNKNOWN_SYMBOL"],
  },
  {
    name: "snapshots of nonsense",
    say: [
      { type: "snapshot", stream: "tick", events: [{}, null, 5], last: true },
      { type: "snapshot", stream: "__proto__", events: [trade(7)] },
      { type: "snapshot", stream: "tick", cursor: 5, events: [trade(7)] },
    ],
  },
  {
    name: "greetings again and again",
    say: [hello, hello, { ...hello, heartbeat_ms: "x" }, { ...hello, edge: 5 }],
  },
  {
    name: "an answer to nothing",
    say: [{ type: "pong" }, { type: "unsubscribed" }, { type: "authenticated" }],
  },
];

for (const row of ROWS) {
  Deno.test({
    name: `a server's socket says ${row.name}, and the client says what it must and goes on`,
    permissions: "none",
    async fn() {
      using told = face("websocket");
      told.net.onSocket = (socket) => {
        socket.accept();
        socket.say(hello, { type: "subscribed", cursor: "tick:aaaaaaaa-0" }, events(trade(1)));
        socket.say(...row.say);
        const cursor = row.cursor ?? "tick:aaaaaaaa-9";
        socket.say({ ...events(trade(2)), cursor });
      };
      await told.net.run();
      assertEquals(told.prices, row.prices ?? [1, 2]);
      assertEquals(told.errors.map(({ code }) => code), row.errors ?? []);
      assertEquals(told.gaps.map(({ lost, cause }) => `${lost} ${cause}`), row.gaps ?? []);
      const { garbage, repeats } = told.client.stats;
      assertEquals([garbage, repeats], [row.garbage ?? 0, row.repeats ?? 0]);
      assertEquals(told.client.status.state, "open");
      assert(told.client.cursor.length < 4096, "a cursor that no server takes");
      assert(told.errors.every(({ message }) => typeof message === "string"));
      assertEquals(Reflect.get({}, "x"), undefined);
      assertEquals(told.net.sockets.length, 1);
    },
  });
}
