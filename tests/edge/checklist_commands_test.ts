/** What a client may say wrongly on a socket, row by row: each has its defined answer, and the connection lives on. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readCommand } from "../../src/edge/deliver/client_commands.ts";
import { readQuery } from "../../src/edge/deliver/subscription_query.ts";
import { readStart } from "../../src/edge/deliver/subscription_ask.ts";
import { TickcastError } from "../../src/feed/error.ts";
import { aTrade } from "../support/event_factory.ts";
import { COMMAND_ROWS, CURSOR_ROWS } from "./checklist_rows.ts";
import { sessionScene } from "./session_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });
for (const [what, text, code] of COMMAND_ROWS) {
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

for (const [what, cursor, answer] of CURSOR_ROWS) {
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
