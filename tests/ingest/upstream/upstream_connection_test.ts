import { assert, assertEquals } from "@std/assert";
import { statusOf } from "../../../src/ingest/upstream/connection_state.ts";
import { refusalOf } from "../../../src/ingest/upstream/refusal.ts";
import { rig } from "../../support/connection_rig.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

test("a connection greets, sends its key, subscribes, counts acks and streams", async () => {
  await using r = rig();
  await r.start();
  assertEquals(r.upstream.last.sent, [
    '{"action":"auth","params":"s3cret"}',
    '{"action":"subscribe","params":"A.AAPL,T.AAPL"}',
  ]);
  assertEquals(r.phase(), "streaming");
  assertEquals(statusOf(r.connection.state), "connected");
  r.upstream.last.say({ ev: "T", sym: "AAPL", t: r.clock.now() - 20 });
  await r.clock.advance(0);
  assertEquals(r.connection.stats.events, 1);
  assertEquals(r.connection.stats.latencyMs(), 20);
  assertEquals(r.logged.map((line) => line.event), ["upstream_connect"]);
});

test("a clean stop sends a close frame", async () => {
  const r = rig();
  await r.start();
  await r[Symbol.asyncDispose]();
  assertEquals(r.upstream.last.closedCleanly, true);
  assertEquals(r.phase(), "stopped");
});

test("the key is sent after a while even when the upstream is slow to greet", async () => {
  await using r = rig();
  r.upstream.manners.greets = false;
  await r.start();
  assertEquals(r.upstream.last.sent, []);
  await r.clock.advance(3_000);
  assertEquals(r.phase(), "streaming");
});

test("an upstream that never answers the key is given up on within 10 s, and says which half failed", async () => {
  await using r = rig();
  r.upstream.manners.authAnswer = [];
  await r.start();
  await r.clock.advance(9_900);
  assertEquals(r.logged.map((line) => [line.event, line.fields.why]), [[
    "upstream_disconnect",
    "auth_silence",
  ]]);
});

test("half open: no frame and no pong is dead within 10 s, though the socket never closes", async () => {
  await using r = rig();
  await r.start();
  r.upstream.last.manners.pongs = false;
  await r.clock.advance(8_000);
  assertEquals(r.phase(), "streaming");
  await r.clock.advance(2_000);
  assertEquals(r.logged.find((line) => line.event === "upstream_disconnect")?.fields.why, "dead");
  assertEquals(r.upstream.sockets[0]?.isOpen, false);
});

test("a silent night is survived on pongs alone", async () => {
  await using r = rig();
  await r.start();
  await r.clock.advance(3_600_000);
  assertEquals(r.upstream.opened, 1);
  assert(r.upstream.last.pings > 1_000);
});

test("late pongs don't matter while data flows", async () => {
  await using r = rig();
  await r.start();
  r.upstream.last.manners.pongs = false;
  for (let n = 0; n < 60; n++) {
    r.upstream.last.say({ ev: "A", sym: "AAPL" });
    await r.clock.advance(1_000);
  }
  assertEquals(r.upstream.opened, 1);
});

test("a process that was paused does not take its living upstream for dead", async () => {
  await using r = rig();
  await r.start();
  r.upstream.last.manners.pongs = false;
  // One tick after a minute of standing still, as after SIGCONT; the data waits in the kernel.
  r.clock.leap(60_000);
  await r.clock.advance(100);
  assertEquals(r.upstream.last.isOpen, true);
  r.upstream.last.say({ ev: "A", sym: "AAPL" });
  await r.clock.advance(1_000);
  assertEquals(r.upstream.opened, 1);
});

test("a drop is retried with full jitter, longer each time, and from the start again once healthy", async () => {
  await using r = rig();
  await r.start();
  r.upstream.last.end();
  await r.clock.advance(0);
  r.upstream.manners.refuseOpen = refusalOf("unreachable");
  await r.clock.advance(120_000);
  const waits = r.logged.filter((line) => line.event === "upstream_disconnect").map((line) =>
    line.fields.retry_in_ms
  );
  assertEquals(waits.slice(0, 8), [500, 999, 1998, 3996, 7992, 15984, 29970, 29970]);
  r.upstream.manners.refuseOpen = undefined;
  await r.clock.advance(60_000);
  assertEquals(r.phase(), "streaming");
  r.upstream.last.end();
  await r.clock.advance(0);
  assertEquals(r.logged.at(-1)?.fields.retry_in_ms, 500);
});

test("a connection that dies young keeps backing off: auth_success alone proves nothing", async () => {
  await using r = rig();
  await r.start();
  for (let n = 0; n < 4; n++) {
    r.upstream.last.end();
    await r.clock.advance(5_000);
  }
  const waits = r.logged.filter((line) => line.event === "upstream_disconnect").map((line) =>
    line.fields.retry_in_ms
  );
  assertEquals(waits, [500, 999, 1998, 3996]);
});

test("silence about a topic has a time limit; an ack that comes after it still counts", async () => {
  await using r = rig(["A.AAPL", "ZZ.AAPL"]);
  r.upstream.manners.acks = (topic) => topic !== "ZZ.AAPL";
  await r.start();
  assertEquals(r.phase(), "subscribing");
  await r.clock.advance(5_000);
  assertEquals(r.phase(), "streaming");
  assertEquals(r.connection.holds("ZZ.AAPL"), false);
  r.upstream.last.say({ ev: "A", sym: "AAPL" }, {
    ev: "status",
    status: "success",
    message: "subscribed to: ZZ.AAPL",
  });
  await r.clock.advance(100);
  assertEquals(r.connection.holds("ZZ.AAPL"), true);
});

test("an ack said twice stands for its own topic only", async () => {
  await using r = rig(["A.AAPL", "A.MSFT"]);
  r.upstream.manners.acks = (topic) => topic === "A.AAPL";
  await r.start();
  r.upstream.last.say({ ev: "status", status: "success", message: "subscribed to: A.AAPL" });
  await r.clock.advance(100);
  assertEquals([r.phase(), r.connection.holds("A.MSFT")], ["subscribing", false]);
});

test("thousands of topics go out in chunks of 200, twenty messages a second at most", async () => {
  const topics = Array.from({ length: 1_000 }, (_, n) => `A.S${n}`);
  await using r = rig(topics);
  await r.start();
  await r.clock.advance(1_000);
  const subscribes = r.upstream.last.messages.filter((message) => message.action === "subscribe");
  assertEquals(subscribes.map((message) => message.params.split(",").length), [200, 200, 200, 200, 200]);
  assertEquals(r.phase(), "streaming");
});

test("a change of topics sends the difference only, on the same socket", async () => {
  await using r = rig(["A.AAPL", "A.MSFT"]);
  await r.start();
  r.connection.want(new Set(["A.MSFT", "A.TSLA"]));
  await r.clock.advance(500);
  assertEquals(r.upstream.last.messages.slice(2), [
    { action: "unsubscribe", params: "A.AAPL" },
    { action: "subscribe", params: "A.TSLA" },
  ]);
  assertEquals([...r.upstream.last.held].sort(), ["A.MSFT", "A.TSLA"]);
});

test("names under a wildcard are never subscribed beside it", async () => {
  await using r = rig(["A.AAPL", "T.AAPL"]);
  await r.start();
  r.connection.want(new Set(["A.AAPL", "A.*", "T.AAPL"]));
  await r.clock.advance(500);
  assertEquals([...r.upstream.last.held].sort(), ["A.*", "T.AAPL"]);
  assertEquals(r.connection.holds("A.AAPL"), true);
});
