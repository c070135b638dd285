/** What a program at the Massive-compatible door may cost, and how it learns that it went too far. */
import { assert, assertEquals } from "@std/assert";
import { anonymous } from "../../../src/edge/admit/principal.ts";
import * as status from "../../../src/edge/massive/massive_status.ts";
import { type ErrorCode, TickcastError } from "../../../src/feed/error.ts";
import { massiveScene } from "./massive_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const MAX_BUFFERED_BYTES = 1024 * 1024;
const MANY_PAIRS = Array.from({ length: 1900 }, (_, n) => `T.A${n.toString(36)}`).join(",");

pure("a program that reads no answers to its commands is cut at the bound of any client", async () => {
  const { clock, rig, socket, handlers, say, end } = massiveScene();
  await say("auth", "any");
  socket.isStalled = true;
  for (let second = 0; second < 60; second++) {
    for (const action of ["subscribe", "unsubscribe", "subscribe", "unsubscribe"]) {
      handlers.onMessage(JSON.stringify({ action, params: MANY_PAIRS }));
    }
    await clock.advance(1_000);
  }
  assert(socket.bufferedAmount < 2 * MAX_BUFFERED_BYTES, `${socket.bufferedAmount} bytes wait`);
  assertEquals([socket.terminated, rig.edge.counters.slowClosed, rig.edge.counters.active.massive], [
    1,
    1,
    0,
  ]);
  await end();
});

pure("a program that reads none of many refusals is cut at the same bound", async () => {
  const { clock, rig, socket, handlers, end } = massiveScene({
    settings: { clientMaxBufferedBytes: 16_384 },
  });
  socket.isStalled = true;
  for (let n = 0; n < 900; n++) handlers.onMessage('{"action":"dance"}');
  await clock.advance(2_000);
  assert(socket.bufferedAmount < 2 * 16_384, `${socket.bufferedAmount} bytes wait`);
  assertEquals([socket.terminated, rig.edge.counters.slowClosed], [1, 1]);
  await end();
});

pure("a program that was handed more than the bound at once is cut though nothing follows", async () => {
  const { clock, rig, socket, say, end } = massiveScene();
  await say("auth", "any");
  await say("subscribe", "T.AAPL");
  socket.bufferedAmount = MAX_BUFFERED_BYTES;
  await clock.advance(3_000);
  assertEquals([socket.terminated, rig.edge.counters.slowClosed], [0, 0]);
  socket.bufferedAmount = MAX_BUFFERED_BYTES + 1;
  await clock.advance(3_000);
  assertEquals([socket.terminated, rig.edge.counters.slowClosed], [1, 1]);
  await end();
});

pure("every message is answered or refused in words: none over the allowance vanishes", async () => {
  const { clock, rig, socket, handlers, say, end } = massiveScene();
  await say("auth", "any");
  await clock.advance(5_000);
  for (let n = 0; n < 300; n++) {
    handlers.onMessage(JSON.stringify({ action: "subscribe", params: `T.S${n}` }));
  }
  await clock.advance(1_000);
  const messages = socket.told.slice(2).map(({ message }) => String(message));
  const { message: refusal } = JSON.parse(status.TOO_MANY_MESSAGES);
  assertEquals(messages.filter((text) => text.startsWith("subscribed to: ")).length, 200);
  assertEquals(messages.filter((text) => text === refusal).length, 100);
  assertEquals([socket.terminated, rig.edge.counters.drops.get("massive_flood")], [0, 100]);
  await say("subscribe", "T.S250");
  assertEquals(socket.told.at(-1), JSON.parse(status.subscribedTo("T.S250")));
  await end();
});

pure("after a thousand refused messages the connection is cut", async () => {
  const { clock, rig, socket, handlers, end } = massiveScene();
  for (let n = 0; n < 5_000; n++) handlers.onMessage('{"action":"dance"}');
  await clock.advance(100);
  const refused = socket.sent.filter((text) => text === `[${status.TOO_MANY_MESSAGES}]`).length;
  assertEquals([socket.terminated, refused], [1, 1000]);
  assertEquals(rig.edge.counters.drops.get("massive_flood"), 1001);
  await end();
});

const judged = (code: ErrorCode) =>
  massiveScene({
    authenticate: () => Promise.reject(new TickcastError(code, "Cannot judge as the test says so")),
  });

pure(
  "a token that can't be judged just now is not called bad: the connection drops and nothing is said",
  async () => {
    for (const code of ["KEYS_UNAVAILABLE", "STORE_UNAVAILABLE"] as const) {
      const { rig, socket, say, end } = judged(code);
      await say("auth", "a good one");
      assertEquals([socket.sent, socket.terminated], [[`[${status.CONNECTED}]`], 1], code);
      assertEquals(rig.edge.counters.refused.get(code), 1);
      await end();
    }
  },
);

pure("a token that is bad or has ended is told so", async () => {
  for (const code of ["UNAUTHORIZED", "AUTH_EXPIRED", "FORBIDDEN"] as const) {
    const { socket, say, end } = judged(code);
    await say("auth", "a bad one");
    assertEquals([socket.sent.at(-1), socket.terminated], [`[${status.BAD_KEY}]`, 1], code);
    await end();
  }
});

pure("a token whose subject holds all its connections is told so and closed with 1008", async () => {
  const { rig, socket, say, end } = massiveScene({
    settings: { maxConnectionsPerToken: 1 },
    authenticate: { ...anonymous("premium"), subject: "bob" },
  });
  using _place = rig.edge.core.subjects.take("bob");
  await say("auth", "any");
  assertEquals([socket.sent.at(-1), socket.closed], [`[${status.MAX_CONNECTIONS}]`, 1008]);
  await end();
});
