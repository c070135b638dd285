import { assert, assertEquals } from "@std/assert";
import { ManualClock, settle } from "../support/manual_clock.ts";
import { aRig, nextTry, opened, retry, states } from "./connection_rig.ts";
import { FakePage } from "./fake_platform.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

test("a refused token is renewed once; refused again, it is over", async () => {
  let n = 0;
  using rig = aRig({}, {}, () => `token-${++n}`);
  const refused = { then: "token", code: "UNAUTHORIZED", message: "no" } as const;
  rig.connection.start();
  await settle();
  rig.links.last.handlers.onDown(refused);
  await settle();
  assertEquals(rig.links.opened.map(({ context }) => context.token), ["token-1", "token-2"]);
  rig.links.last.handlers.onDown(refused);
  assertEquals(rig.connection.status.state, "closed");
  assertEquals(rig.errors, [{ code: "UNAUTHORIZED", message: "no", fatal: true }]);
});

test("a token that can't be renewed ends it at the first refusal", async () => {
  using rig = aRig({}, {}, "fixed");
  rig.connection.start();
  await settle();
  rig.links.last.handlers.onDown({ then: "token", code: "UNAUTHORIZED", message: "no" });
  assertEquals(rig.connection.status.state, "closed");
});

test("a JWT is renewed before it expires, on the open connection where the transport takes it", async () => {
  const clock = new ManualClock();
  const jwt = (inMs: number) => `h.${btoa(JSON.stringify({ exp: (clock.now() + inMs) / 1000 }))}.s`;
  const given = [jwt(120_000), jwt(600_000)];
  let n = 0;
  using rig = aRig({}, {}, () => given[Math.min(n++, 1)] ?? "");
  await opened(rig);
  for (let k = 0; k < 9; k++) {
    await rig.clock.advance(10_000);
    rig.links.last.beat();
  }
  assertEquals(rig.links.last.tokens, [given[1]]);
  assertEquals(rig.links.opened.length, 1);
});

test("a token callback that fails is a failure to try again after, not the end", async () => {
  let n = 0;
  using rig = aRig({}, {}, () => n++ === 0 ? Promise.reject(new Error("idp down")) : "t");
  rig.connection.start();
  await rig.clock.advance(600);
  assertEquals(rig.errors.map(({ code }) => code), ["TOKEN"]);
  assertEquals(rig.links.opened.length, 1);
});

test("waking up cuts a wait short, and makes an open connection show that it lives", async () => {
  using rig = aRig();
  await opened(rig);
  await rig.clock.advance(6000);
  const pings = rig.links.last.pings;
  rig.connection.nudge();
  assertEquals(rig.links.last.pings, pings + 1);
  await rig.clock.advance(6000);
  assertEquals(states(rig).slice(-2), ["waiting", "connecting"]);
  rig.links.last.handlers.onDown({ ...retry, afterMs: 20_000 });
  rig.connection.nudge();
  await settle();
  assertEquals(rig.links.opened.length, 3);
});

test("a machine that slept a minute comes back to a new connection at its first look", async () => {
  using rig = aRig();
  await opened(rig);
  await rig.clock.advance(4000);
  rig.clock.jump(rig.clock.now() + 60_000);
  await rig.clock.advance(1600);
  assertEquals(rig.errors.map(({ code }) => code), ["STALLED"]);
});

test("failures while the machine is offline don't use up the attempts", async () => {
  const page = new FakePage();
  page.online = false;
  using rig = aRig({ maxAttempts: 2 }, { page });
  rig.connection.start();
  for (let n = 0; n < 8; n++) {
    await nextTry(rig);
    rig.links.last.handlers.onDown(retry);
  }
  assertEquals(rig.connection.status.state, "waiting");
  assertEquals(new Set(rig.links.transports), new Set(["websocket"]));
});

test("stopping leaves no timer, no link and no later word", async () => {
  using rig = aRig();
  await opened(rig);
  const link = rig.links.last;
  rig.connection.stop({ state: "closed", error: undefined });
  link.handlers.onDown(retry);
  link.beat();
  assert(link.isClosed);
  assertEquals(rig.clock.pending, 0);
  assertEquals(states(rig), ["connecting", "open", "closed"]);
});

test("begun again after its end it starts at the top; after a pause where it was", async () => {
  using rig = aRig();
  rig.connection.start();
  await settle();
  rig.links.last.handlers.onDown({ then: "fallback", code: "WS_DISABLED", message: "off" });
  await settle();
  rig.links.last.hello();
  rig.connection.stop({ state: "paused" });
  rig.connection.start();
  await settle();
  rig.connection.stop({ state: "closed", error: undefined });
  rig.connection.start();
  await settle();
  assertEquals(rig.links.transports, ["websocket", "sse", "sse", "websocket"]);
});
