import { assert, assertEquals } from "@std/assert";
import { statusOf } from "../../src/ingest/connection_state.ts";
import { refusalOf, refusalOfUpgrade } from "../../src/ingest/refusal.ts";
import { UpstreamConnection } from "../../src/ingest/upstream_connection.ts";
import { FakePipeline } from "../support/fake_pipeline.ts";
import { FakeUpstream } from "../support/fake_upstream.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { recordingLog } from "../support/recording_log.ts";

interface Rig extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly upstream: FakeUpstream;
  readonly pipeline: FakePipeline;
  readonly connection: UpstreamConnection;
  readonly logged: ReturnType<typeof recordingLog>["lines"];
  start(): Promise<void>;
  phase(): string;
}

/** One connection to a fake upstream; `random` decides the jitter (1: the longest wait). */
function rig(topics: readonly string[] = ["A.AAPL", "T.AAPL"], random = () => 0.999): Rig {
  const clock = new ManualClock();
  const upstream = new FakeUpstream(clock);
  const pipeline = new FakePipeline();
  const { log, lines } = recordingLog();
  const spec = {
    id: "connection_1",
    name: "primary",
    feed: "realtime",
    market: "stocks",
    url: "ws://up/stocks",
    apiKey: "s3cret",
  } as const;
  const connection = new UpstreamConnection(spec, {
    clock,
    random,
    log,
    open: upstream.opener,
    accept: (frame) => pipeline.accept(frame),
    onChange: () => {},
  });
  connection.want(new Set(topics));
  const stop = new AbortController();
  let done = Promise.resolve();
  return {
    clock,
    upstream,
    pipeline,
    connection,
    logged: lines,
    async start() {
      done = connection.run(stop.signal);
      await clock.advance(200);
    },
    phase: () => connection.state.phase,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await clock.advance(2_000);
      await done;
      assertEquals(clock.pending, 0, "no timer is left behind");
    },
  };
}

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

const EVICTIONS: Record<string, string> = {
  "2020's text": "Maximum number of connections exceeded.",
  "2026's text": "Maximum number of websocket connections exceeded. ",
  "the text with advice":
    "Maximum number of websocket connections exceeded. \nYou have reached the connection limit for your account.",
  "the text with a number": "You may only use 1 connections at a time.",
};
for (const [what, message] of Object.entries(EVICTIONS)) {
  test(`max_connections in ${what} rests for a minute at least and does not fight`, async () => {
    await using r = rig(undefined, () => 0);
    await r.start();
    r.upstream.last.say({ ev: "status", status: "max_connections", message });
    r.upstream.last.end(1008);
    await r.clock.advance(59_000);
    assertEquals(r.upstream.opened, 1);
    assertEquals(statusOf(r.connection.state), "error");
    assertEquals(r.logged.at(-1)?.event, "upstream_refused");
    await r.clock.advance(2_000);
    assertEquals(r.upstream.opened, 2);
  });
}

test("evicted again and again, it rests longer each time: the slot is somebody else's", async () => {
  await using r = rig(undefined, () => 0);
  await r.start();
  for (const restMs of [60_000, 120_000, 240_000, 480_000, 600_000, 600_000]) {
    r.upstream.last.say({ ev: "status", status: "max_connections", message: "" });
    r.upstream.last.end(1008);
    await r.clock.advance(restMs - 1_000);
    assertEquals(r.phase(), "waiting");
    await r.clock.advance(2_000);
    assertEquals(r.phase(), "streaming");
  }
});

test("1008 without its status, lost behind data, rests as well", async () => {
  await using r = rig(undefined, () => 0);
  await r.start();
  r.upstream.last.end(1008);
  await r.clock.advance(59_000);
  assertEquals(r.upstream.opened, 1);
});

const REFUSED: Record<string, [{ status: string; message: string }, string]> = {
  "a bad key": [{ status: "auth_failed", message: "authentication failed" }, "bad_key"],
  "a plan without WebSocket access": [
    {
      status: "auth_failed",
      message: "Your plan doesn't include websocket access. Visit https://massive.com/pricing to upgrade.",
    },
    "plan_without_websocket",
  ],
  "a key of 2019": [{ status: "error", message: "authentication failed" }, "bad_key"],
};
for (const [what, [answer, kind]] of Object.entries(REFUSED)) {
  test(`${what} is told as such and retried seldom`, async () => {
    await using r = rig(undefined, () => 0);
    r.upstream.manners.authAnswer = [answer];
    r.upstream.manners.dropsAfterAuth = true;
    await r.start();
    await r.clock.advance(29_000);
    assertEquals(r.upstream.opened, 1);
    assertEquals([r.logged[0]?.event, r.logged[0]?.fields.why], ["upstream_refused", kind]);
    assertEquals(statusOf(r.connection.state), "error");
    await r.clock.advance(600_000);
    assert(r.upstream.opened >= 3 && r.upstream.opened <= 6, `${r.upstream.opened} tries in 10 min`);
    assert(!JSON.stringify(r.logged).includes("s3cret"));
  });
}

test("auth_timeout although the key was sent is retried soon", async () => {
  await using r = rig();
  r.upstream.manners.authAnswer = [{
    status: "auth_timeout",
    message: "No authentication request received.",
  }];
  r.upstream.manners.dropsAfterAuth = true;
  await r.start();
  r.upstream.manners.authAnswer = [{ status: "auth_success", message: "authenticated" }];
  r.upstream.manners.dropsAfterAuth = false;
  await r.clock.advance(1_000);
  assertEquals(r.logged[0]?.fields.why, "auth_timeout");
  assertEquals(r.phase(), "streaming");
});

const AFTER_AUTH: Record<string, [string, string]> = {
  "an unsigned agreement": [
    "You don't have access real-time data. If you're already subscribed to a plan that includes real-time data, you may need to visit the dashboard to sign your agreements.",
    "agreement_missing",
  ],
  "a delayed plan": [
    "You don't have access real-time data. If your plan only includes delayed data, you can connect to the delayed websocket at wss://delayed.polygon.io/stocks.",
    "no_realtime_access",
  ],
  "channels outside the plan": ["not authorized", "not_authorized"],
  "the subscription limit": [
    "Subscription limit reached for feed. Please remove some subscriptions and try again.",
    "subscription_limit",
  ],
};
for (const [what, [message, kind]] of Object.entries(AFTER_AUTH)) {
  test(`${what} is told, the connection stays, and what is granted streams on`, async () => {
    await using r = rig(["A.AAPL", "T.AAPL"]);
    r.upstream.manners.refusal = message;
    r.upstream.manners.acks = (topic) => topic.startsWith("A.");
    await r.start();
    await r.clock.advance(6_000);
    assertEquals(r.upstream.opened, 1);
    assertEquals([r.logged[0]?.event, r.logged[0]?.fields.why], ["upstream_refused", kind]);
    const { state } = r.connection;
    assertEquals(state.phase === "streaming" && state.unserved?.sample, ["T.AAPL"]);
    assertEquals(statusOf(state), "connected");
  });
}

test("a connection none of whose topics is granted is in error, and asks again later on the same socket", async () => {
  await using r = rig(["FMV.AAPL"]);
  r.upstream.manners.refusal = "not authorized";
  r.upstream.manners.acks = () => false;
  await r.start();
  await r.clock.advance(6_000);
  assertEquals(statusOf(r.connection.state), "error");
  r.upstream.last.manners.acks = () => true;
  await r.clock.advance(300_000);
  assertEquals(statusOf(r.connection.state), "connected");
  assertEquals(r.upstream.opened, 1);
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

const UPGRADES: Record<string, [ReturnType<typeof refusalOf>, string]> = {
  "a wrong path": [refusalOfUpgrade(404), "upstream_refused"],
  "an outage": [refusalOfUpgrade(503), "upstream_disconnect"],
  "an unprovisioned host": [refusalOf("tls"), "upstream_disconnect"],
};
for (const [what, [refusal, event]] of Object.entries(UPGRADES)) {
  test(`${what} at the upgrade is told in words and survived`, async () => {
    await using r = rig();
    r.upstream.manners.refuseOpen = refusal;
    await r.start();
    assertEquals([r.logged[0]?.event, r.logged[0]?.fields.why], [event, refusal.kind]);
    r.upstream.manners.refuseOpen = undefined;
    await r.clock.advance(60_000);
    assertEquals(r.phase(), "streaming");
  });
}
