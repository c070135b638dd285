/** What a client may say wrongly on a socket, row by row: each has its defined answer, and the connection lives on. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readCommand } from "../../src/edge/deliver/client_commands.ts";
import { readQuery } from "../../src/edge/deliver/subscription_query.ts";
import { readStart } from "../../src/edge/deliver/subscription_ask.ts";
import { TickcastError } from "../../src/feed/error.ts";
import { aTrade } from "../support/event_factory.ts";
import { sessionScene } from "./session_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });
const sub = (rest: Record<string, unknown>) => JSON.stringify({ action: "subscribe", ...rest });
const symbols = (...list: string[]) => sub({ symbols: list });

const rows: readonly (readonly [what: string, text: string, code: string | undefined])[] = [
  ["nothing", "", "BAD_JSON"],
  ["null", "null", "BAD_REQUEST"],
  ["a number", "7", "BAD_REQUEST"],
  ["an array", "[]", "BAD_REQUEST"],
  ["cut JSON", '{"action":', "BAD_JSON"],
  ["10 000 levels", "[".repeat(10_000), "BAD_JSON"],
  ["10 000 levels, closed", "[".repeat(7_000) + "]".repeat(7_000), "BAD_JSON"],
  ["duplicate keys: the last counts", '{"action":"nope","action":"ping"}', undefined],
  ["__proto__", '{"__proto__":{"action":"ping"}}', "UNKNOWN_ACTION"],
  ["constructor", '{"action":"constructor"}', "UNKNOWN_ACTION"],
  ["a byte order mark", '\ufeff{"action":"ping"}', "BAD_JSON"],
  ["NaN", '{"action":"subscribe","max_hz":NaN}', "BAD_JSON"],
  ["1e400", '{"action":"subscribe","symbols":["A"],"max_hz":1e400}', "BAD_REQUEST"],
  ["a lone surrogate", symbols("\ud800"), "BAD_SYMBOL"],
  ["10 000 symbols", symbols(...Array<string>(10_000).fill("A")), "TOO_LARGE"],
  ["3 000 symbols", symbols(...Array<string>(3_000).fill("A")), "TOO_MANY_SYMBOLS"],
  ["a symbol of 10 KB", symbols("A".repeat(10_240)), "BAD_SYMBOL"],
  ["a symbol of 33 characters", symbols("A".repeat(33)), "BAD_SYMBOL"],
  ["an emoji", symbols("🚀"), "BAD_SYMBOL"],
  ["SQL", symbols("A'; DROP TABLE ticks;--"), "BAD_SYMBOL"],
  ["Redis and line breaks", symbols("A\r\nFLUSHALL\r\n"), "BAD_SYMBOL"],
  ["a regex bomb", symbols("(a+)+$"), "BAD_SYMBOL"],
  ["an empty symbol", symbols(""), "BAD_SYMBOL"],
  ["a star in the middle", symbols("A*B"), "BAD_SYMBOL"],
  ["lower case, which some shares have", symbols("BACpL"), undefined],
  ["patterns that swallow each other", symbols("A.*", "A.*", "A.AAPL"), undefined],
  ["symbols that are none", sub({ symbols: [1, null] }), "BAD_SYMBOL"],
  ["max_hz 0", sub({ symbols: ["A"], max_hz: 0 }), "BAD_REQUEST"],
  ["max_hz negative", sub({ symbols: ["A"], max_hz: -1 }), "BAD_REQUEST"],
  ["max_hz fractional", sub({ symbols: ["A"], max_hz: 0.5 }), undefined],
  ["max_hz 1e9", sub({ symbols: ["A"], max_hz: 1e9 }), "BAD_REQUEST"],
  ["an unknown mode", sub({ symbols: ["A"], mode: "newest" }), "BAD_REQUEST"],
  ["fields that are none", sub({ symbols: ["A"], fields: ["a b"] }), "BAD_REQUEST"],
  [
    "33 fields",
    sub({ symbols: ["A"], fields: Array.from({ length: 33 }, (_, n) => `f${n}`) }),
    "BAD_REQUEST",
  ],
  ["an unknown stream", sub({ streams: ["nope"], symbols: ["A"] }), "UNKNOWN_STREAM"],
  ["a stream called __proto__", sub({ streams: ["__proto__"], symbols: ["A"] }), "UNKNOWN_STREAM"],
  ["no stream", sub({ streams: [], symbols: ["A"] }), "BAD_REQUEST"],
  ["an id of 10 KB", sub({ symbols: ["A"], id: "x".repeat(10_240) }), "BAD_REQUEST"],
  ["a message of 17 KiB", sub({ symbols: ["A"], x: "x".repeat(17 * 1024) }), "TOO_LARGE"],
  [
    "unsubscribing what is not followed",
    JSON.stringify({ action: "unsubscribe", symbols: ["A"] }),
    undefined,
  ],
  ["an auth without a token", JSON.stringify({ action: "auth" }), "BAD_REQUEST"],
  ["a ping with a bad cursor", JSON.stringify({ action: "ping", cursor: "tick:" }), "BAD_CURSOR"],
];

for (const [what, text, code] of rows) {
  pure(`${what} is answered ${code ?? "as asked"}, and the socket lives on`, async () => {
    await using s = sessionScene();
    const client = s.client();
    client.say(text);
    await s.clock.advance(20);
    assertEquals(client.of("error").map((error) => error.code), code === undefined ? [] : [code]);
    client.say({ action: "subscribe", symbols: ["AAPL"], id: "after" });
    await s.clock.advance(20);
    await s.rig.writer.append("tick", [aTrade()]);
    await s.clock.advance(50);
    assertEquals([client.of("subscribed").at(-1)?.id, client.ids().length], ["after", 1]);
    assertEquals(client.socket.closeCode, undefined);
    assertEquals(JSON.stringify(client.of("error")).length < 600, true);
  });
}

pure("binary messages are refused, not read", async () => {
  await using s = sessionScene();
  const client = s.client();
  client.handlers.onMessage(new ArrayBuffer(8));
  await s.clock.advance(1);
  assertEquals(client.of("error").map(({ code }) => code), ["BAD_REQUEST"]);
});

pure("a thousand commands a second are refused after the first, and a flood is closed 4003", async () => {
  await using s = sessionScene();
  const client = s.client();
  for (let n = 0; n < 1000; n++) {
    client.say({ action: n % 2 ? "unsubscribe" : "subscribe", symbols: ["AAPL"] });
  }
  await s.clock.advance(1000);
  assertEquals(client.of("error").some(({ code }) => code === "RATE_LIMITED"), true);
  assertEquals(client.socket.closeCode, undefined);
  client.say({ action: "ping", id: 1 });
  await s.clock.advance(1);
  assertEquals(client.of("pong").length, 1);
  for (let n = 0; n < 3000; n++) client.say("{}");
  assertEquals(client.socket.closeCode, 4003);
});

pure("two subscribes in flight are carried out one after the other", async () => {
  await using s = sessionScene();
  const client = s.client();
  client.say({ action: "subscribe", symbols: ["AAPL"], id: 1 });
  client.say({ action: "subscribe", symbols: ["MSFT"], id: 1 });
  await s.clock.advance(20);
  assertEquals(client.of("subscribed").map(({ id }) => id), [1, 1]);
});

const cursors: readonly (readonly [what: string, text: string, answer: string])[] = [
  ["just a number", "0", "BAD_CURSOR"],
  ["a negative", "-1", "BAD_CURSOR"],
  ["a negative seq", "tick:k3f9a0b1--1", "BAD_CURSOR"],
  ["past 2^53", "tick:k3f9a0b1-9007199254740993", "BAD_CURSOR"],
  ["2^64", "tick:k3f9a0b1-18446744073709551616", "BAD_CURSOR"],
  ["an exponent", "tick:k3f9a0b1-1e3", "BAD_CURSOR"],
  ["a space", "tick:k3f9a0b1- 5", "BAD_CURSOR"],
  ["a NUL", "tick:k3f9a0b1-5\u0000", "BAD_CURSOR"],
  ["a line break", "tick:k3f9a0b1-5\r\nid: x", "BAD_CURSOR"],
  ["percent-encoded once more", "tick%3Ak3f9a0b1-5", "BAD_CURSOR"],
  ["10 KB", "tick:k3f9a0b1-5,".repeat(700), "BAD_CURSOR"],
  ["a list twice", "tick:k3f9a0b1-5,tick:k3f9a0b1-6", "BAD_CURSOR"],
  ["another stream's", "minute:k3f9a0b1-5", "now"],
  ["an old epoch", "tick:00000001-5", "gap epoch"],
  ["ahead of everything", "tick:zzzzzzzz-5", "gap epoch"],
  ["before everything", "tick:0-0", "all"],
  ["earliest", "earliest", "all"],
  ["empty", "", "now"],
];

for (const [what, cursor, answer] of cursors) {
  pure(`a cursor that is ${what} is answered: ${answer}`, async () => {
    await using s = sessionScene();
    await s.rig.writer.append("tick", [aTrade(), aTrade({ tid: "2" })]);
    const client = s.client();
    client.say({ action: "subscribe", symbols: ["*"], cursor });
    await s.clock.advance(2_500);
    await s.rig.writer.append("tick", [aTrade({ tid: "3" })]);
    await s.clock.advance(100);
    const [error] = client.of("error");
    const [gap] = client.of("gap");
    const seen = error ? error.code : gap ? `gap ${gap.cause}` : client.ids().length === 3 ? "all" : "now";
    assertEquals(seen, answer);
    if (gap !== undefined) assertEquals(gap.lost, null);
    if (error === undefined) assertEquals(client.ids().at(-1), `${s.rig.writer.heads.get("tick")?.epoch}-3`);
  });
}

const anything = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.json({ maxDepth: 6 }),
  fc.record({
    action: fc.constantFrom("subscribe", "unsubscribe", "ping", "auth", "x"),
    symbols: fc.oneof(
      fc.array(fc.string({ maxLength: 40 }), { maxLength: 10 }),
      fc.anything({ maxDepth: 2 }),
    ),
    streams: fc.oneof(fc.array(fc.constantFrom("tick", "minute", "nope")), fc.anything({ maxDepth: 1 })),
    cursor: fc.oneof(fc.string(), fc.constantFrom("earliest", "tick:0-0", "tick:k3f9a0b1-5")),
    max_hz: fc.oneof(fc.double(), fc.anything({ maxDepth: 1 })),
    mode: fc.oneof(fc.constantFrom("all", "latest"), fc.string()),
    fields: fc.oneof(fc.array(fc.string({ maxLength: 12 })), fc.constant(null)),
    token: fc.string(),
  }, { requiredKeys: [] }).map((value) =>
    JSON.stringify(value, (_, one) => typeof one === "bigint" ? String(one) : one)
  ),
);

const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 2000);

Deno.test("no text a client sends makes reading a command throw", () => {
  fc.assert(fc.property(anything, (text) => void readCommand(text)), { numRuns: RUNS });
});

Deno.test("no query makes reading it throw anything but its code", () => {
  const name = fc.constantFrom(
    "streams",
    "symbols",
    "cursor",
    "mode",
    "max_hz",
    "fields",
    "snapshot",
    "wait",
    "x",
  );
  const pairs = fc.array(fc.tuple(name, fc.string({ maxLength: 60, unit: "binary" })), { maxLength: 6 });
  fc.assert(
    fc.property(pairs, (parts) => {
      try {
        const url = new URL(`http://edge/?${new URLSearchParams(parts)}`);
        readStart(readQuery(url).cursor);
      } catch (error) {
        assertEquals(error instanceof TickcastError, true, String(error));
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test("no run of messages throws out of a handler or leaves a session that can't be used", async () => {
  await using s = sessionScene();
  await s.rig.writer.append("tick", [aTrade()]);
  await fc.assert(
    fc.asyncProperty(fc.array(anything, { maxLength: 8 }), async (texts) => {
      const client = s.client();
      for (const text of texts) client.say(text);
      await s.clock.advance(30);
      client.say({ action: "ping", id: "still" });
      assertEquals(
        client.of("pong").some(({ id }) => id === "still") || client.socket.closeCode !== undefined,
        true,
      );
      client.handlers.onClose();
    }),
    { numRuns: Math.ceil(RUNS / 20) },
  );
  assertEquals(s.rig.edge.hub.size, 0);
});
