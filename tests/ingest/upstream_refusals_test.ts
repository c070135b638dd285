import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { statusOf } from "../../src/ingest/upstream/connection_state.ts";
import { refusalOf, refusalOfUpgrade } from "../../src/ingest/upstream/refusal.ts";
import { rig } from "../support/connection_rig.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

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

test("whatever statuses come, in whatever order, nothing is thrown and no timer is left behind", async () => {
  const known = [
    "connected",
    "auth_success",
    "auth_failed",
    "auth_timeout",
    "max_connections",
    "success",
    "error",
    "",
  ];
  const message = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.constantFrom(
      "subscribed to: A.AAPL",
      "unsubscribed to: A.AAPL",
      "not authorized",
      "authenticated",
      "limit reached",
    ),
  );
  const said = fc.record({
    status: fc.oneof(fc.constantFrom(...known), fc.string({ maxLength: 10 })),
    message,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(fc.array(said, { maxLength: 4 }), { maxLength: 20 }),
      async (greets, frames) => {
        await using r = rig();
        r.upstream.manners.greets = greets;
        r.upstream.manners.authAnswer = [];
        await r.start();
        for (const frame of frames) {
          r.upstream.sockets.at(-1)?.say(...frame.map((one) => ({ ev: "status", ...one })));
          await r.clock.advance(400);
        }
        assert(
          ["authenticating", "subscribing", "streaming", "waiting", "opening"].includes(r.phase()),
          r.phase(),
        );
      },
    ),
    { numRuns: 60 },
  );
});
