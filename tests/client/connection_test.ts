import { assert, assertEquals } from "@std/assert";
import { settle } from "../support/manual_clock.ts";
import { aRig, nextTry, opened, retry } from "./connection_rig.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

test("three failures of WebSocket fall back to SSE, then polling, and the sixth failure in a row gives up", async () => {
  using rig = aRig();
  rig.connection.start();
  for (let n = 0; n < 6; n++) {
    await nextTry(rig);
    rig.links.last.handlers.onDown(retry);
  }
  assertEquals(rig.links.transports, ["websocket", "websocket", "websocket", "sse", "poll", "websocket"]);
  assertEquals(rig.connection.status.state, "closed");
  assertEquals(rig.errors.at(-1)?.code, "GAVE_UP");
  assertEquals(rig.errors.at(-1)?.fatal, true);
  assertEquals(rig.clock.pending, 0);
  await rig.clock.advance(3_600_000);
  assertEquals(rig.links.opened.length, 6);
});

test("the waits double, and each try goes to the next of several servers", async () => {
  using rig = aRig({ maxAttempts: Infinity });
  rig.connection.start();
  for (let n = 0; n < 4; n++) {
    await nextTry(rig);
    rig.links.last.handlers.onDown(retry);
  }
  const waits = rig.statuses.flatMap((status) => status.state === "waiting" ? [status.retryInMs] : []);
  assertEquals(waits, [500, 1000, 2000, 4000]);
  assertEquals(rig.links.opened.map(({ context }) => context.base), [
    "http://a",
    "http://b",
    "http://a",
    "http://b",
  ]);
});

test("a server without WebSocket sends the client to SSE at once", async () => {
  using rig = aRig();
  rig.connection.start();
  await settle();
  rig.links.last.handlers.onDown({ then: "fallback", code: "WS_DISABLED", message: "off" });
  await settle();
  assertEquals(rig.links.transports, ["websocket", "sse"]);
  assertEquals(rig.errors.map(({ code }) => code), ["WS_DISABLED"]);
});

test("from a lesser transport the better is tried beside it, and takes over once it says hello", async () => {
  using rig = aRig();
  rig.connection.start();
  await settle();
  rig.links.last.handlers.onDown({ then: "fallback", code: "WS_DISABLED", message: "off" });
  await settle();
  const sse = rig.links.last;
  sse.hello();
  await rig.clock.advance(10_000);
  sse.beat();
  await rig.clock.advance(20_000);
  const probe = rig.links.last;
  assertEquals(probe.transport, "websocket");
  assert(!sse.isClosed);
  assertEquals(rig.connection.status, { state: "open", transport: "sse", edge: "e1" });
  probe.hello();
  assert(sse.isClosed);
  assertEquals(probe.updates, 1);
  assertEquals(rig.connection.status, { state: "open", transport: "websocket", edge: "e1" });
});

test("a better transport that stays away is tried ever less often, and the lesser one is not disturbed", async () => {
  using rig = aRig({ transports: ["websocket", "poll"] });
  rig.connection.start();
  await settle();
  rig.links.last.handlers.onDown({ then: "fallback", code: "WS_DISABLED", message: "off" });
  await settle();
  const poll = rig.links.last;
  poll.hello();
  const tries: number[] = [];
  const start = rig.clock.monotonic();
  for (let n = 0; n < 300; n++) {
    await rig.clock.advance(1000);
    poll.beat();
    if (rig.links.last === poll || rig.links.last.isClosed) continue;
    tries.push(Math.round((rig.clock.monotonic() - start) / 1000));
    rig.links.last.handlers.onDown(retry);
    rig.links.last.close();
  }
  assertEquals(tries, [30, 90, 210]);
  assert(!poll.isClosed);
  assertEquals(rig.errors.length, 1);
});

test("a drop after a stable time forgets earlier failures; one right after hello does not", async () => {
  using rig = aRig({ maxAttempts: 2 });
  await opened(rig);
  for (let n = 0; n < 4; n++) {
    await rig.clock.advance(6000);
    rig.links.last.handlers.onDown(retry);
    await nextTry(rig);
    rig.links.last.hello();
  }
  assertEquals(rig.connection.status.state, "open");
  for (let n = 0; n < 3; n++) {
    rig.links.last.handlers.onDown(retry);
    await nextTry(rig);
    if (rig.connection.status.state === "connecting") rig.links.last.hello();
  }
  assertEquals(rig.connection.status.state, "closed");
});

test("a connection that falls silent is left for a new one within two heartbeats", async () => {
  using rig = aRig();
  await opened(rig);
  await rig.clock.advance(10_000);
  rig.links.last.beat();
  await rig.clock.advance(20_000);
  assertEquals(rig.links.opened.length, 1);
  await rig.clock.advance(10_000);
  assertEquals(rig.links.opened.length, 2);
  assert(rig.links.opened[0]?.isClosed);
  assertEquals(rig.errors.map(({ code }) => code), ["STALLED"]);
});

test("one that accepts and says nothing counts as failed after ten seconds", async () => {
  using rig = aRig();
  rig.connection.start();
  await rig.clock.advance(10_600);
  assertEquals(rig.links.opened.length, 2);
  assert(rig.links.opened[0]?.isClosed);
});

test("pings go out at once and every thirty seconds", async () => {
  using rig = aRig();
  await opened(rig);
  for (let n = 0; n < 9; n++) {
    await rig.clock.advance(10_000);
    rig.links.last.beat();
  }
  assertEquals(rig.links.last.pings, 4);
});

test("a server that goes away is left when it says, and the wait is the server's", async () => {
  using rig = aRig();
  await opened(rig);
  await rig.clock.advance(6000);
  rig.links.last.handlers.onMessage({ type: "reconnect", afterMs: 4000 });
  await rig.clock.advance(1000);
  rig.links.last.handlers.onDown({ then: "retry", code: "DRAINING", message: "bye" });
  await rig.clock.advance(2900);
  assertEquals(rig.links.opened.length, 1);
  await rig.clock.advance(200);
  assertEquals(rig.links.opened.length, 2);
});

test("one that says it goes and then doesn't is left all the same", async () => {
  using rig = aRig();
  await opened(rig);
  rig.links.last.handlers.onMessage({ type: "reconnect", afterMs: 4000 });
  await rig.clock.advance(4600);
  assertEquals(rig.links.opened.length, 2);
});

test("an asked wait is honoured over the backoff", async () => {
  using rig = aRig();
  rig.connection.start();
  await settle();
  rig.links.last.handlers.onDown({ ...retry, afterMs: 12_000 });
  await rig.clock.advance(11_900);
  assertEquals(rig.links.opened.length, 1);
  await rig.clock.advance(200);
  assertEquals(rig.links.opened.length, 2);
});
