/** Who comes in by the Massive-compatible door, in whose words, and how a connection ends, on real sockets of both servers. */
import { assertEquals } from "@std/assert";
import * as status from "../../../src/edge/massive/massive_status.ts";
import { aTrade } from "../../support/event_factory.ts";
import { createAccess } from "../../../src/edge/admit/auth_gate.ts";
import { systemClock } from "../../../src/feed/clock.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { secretSettings } from "../../support/token_factory.ts";
import { until } from "../../support/until.ts";
import { SignJWT } from "jose";
import { serve, SERVERS } from "./massive_program.ts";

const messages = (...texts: readonly string[]) => texts.map((text) => JSON.parse(text));

for (const server of SERVERS) {
  const test = (name: string, fn: () => Promise<void>) => Deno.test(`${name} (SERVER=${server})`, fn);

  test("a program connects, authenticates and subscribes in Massive's words, all said at once", async () => {
    await using served = await serve(server);
    await using program = served.program();
    await program.until(1);
    program.say("subscribe", "T.TOO_EARLY");
    program.say("auth", "whatever");
    program.say("subscribe", "T.AAPL,Q.AAPL,AM.*");
    program.say("unsubscribe", "T.AAPL");
    assertEquals(
      await program.until(6),
      messages(
        status.CONNECTED,
        status.AUTHENTICATED,
        status.NOT_AUTHORIZED,
        status.subscribedTo("T.AAPL"),
        status.subscribedTo("AM.*"),
        status.unsubscribedTo("T.AAPL"),
      ),
    );
  });

  test("a bad token is answered in Massive's words and the connection ends", async () => {
    const jwt = { ...secretSettings };
    const store = createMemoryStore(systemClock);
    const { gate } = createAccess(
      { authMode: "jwt", jwt, defaultTier: "premium", allowedOrigins: undefined },
      { store, clock: systemClock },
    );
    await using served = await serve(server, { gate });
    await using program = served.program();
    await program.until(1);
    program.say("auth", "nonsense");
    await program.ended;
    assertEquals(program.told, messages(status.CONNECTED, status.BAD_KEY));
    const token = await new SignJWT({ tier: "standard", streams: ["tick"], symbols: ["AAPL"] })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer(jwt.issuer ?? "").setAudience(jwt.audience ?? "").setExpirationTime("1h")
      .sign(new TextEncoder().encode(jwt.secret));
    await using good = served.program();
    await good.until(1);
    good.say("auth", token);
    good.say("subscribe", "T.AAPL,T.*,AM.AAPL");
    assertEquals(
      (await good.until(5)).slice(1),
      messages(
        status.AUTHENTICATED,
        status.NOT_AUTHORIZED,
        status.NOT_AUTHORIZED,
        status.subscribedTo("T.AAPL"),
      ),
    );
  });

  test("the free tier is told that its plan has no streaming", async () => {
    await using served = await serve(server, { settings: { defaultTier: "free" } });
    await using program = served.program();
    await program.until(1);
    program.say("auth", "any");
    await program.ended;
    assertEquals(program.told.at(-1), JSON.parse(status.PLAN_WITHOUT_WEBSOCKET));
  });

  test("plain requests are told what is wrong, and refusals come before the upgrade", async () => {
    await using served = await serve(server, {
      settings: { allowedOrigins: ["https://app.example.com"], wsMaxConnections: 1 },
    });
    const ask = async (path: string, headers: Record<string, string> = {}, method = "GET") => {
      const response = await fetch(`http://${served.base}${path}`, { method, headers });
      return [response.status, (await response.json()).error.code];
    };
    assertEquals(await ask("/massive/stocks"), [426, "UPGRADE_REQUIRED"]);
    assertEquals(await ask("/massive/stocks", {}, "POST"), [405, "METHOD_NOT_ALLOWED"]);
    for (
      const path of [
        "/massive/options",
        "/massive/",
        "/massive/stocks/x",
        "/massive/%2e%2e",
        "/massive/__proto__",
      ]
    ) {
      assertEquals(await ask(path), [404, "NOT_FOUND"], path);
    }
    assertEquals(await ask("/massive/stocks", { origin: "https://evil.example" }), [403, "FORBIDDEN"]);
    await using program = served.program();
    await program.until(1);
    assertEquals(await ask("/massive/stocks"), [503, "OVERLOADED"]);
    await using off = await serve(server, { settings: { wsEnabled: false } });
    const answer = await fetch(`http://${off.base}/massive/stocks`);
    assertEquals([answer.status, (await answer.json()).error.code], [503, "WS_DISABLED"]);
  });

  test("programs are counted with all other clients and leave nothing behind", async () => {
    await using served = await serve(server);
    const { counters } = served.rig.edge;
    {
      await using program = served.program();
      await program.begin("T.AAPL");
      const stats = await (await fetch(`http://${served.base}/ws/stats`)).json();
      assertEquals([stats.active_connections, stats.subscriptions_by_symbol], [1, { AAPL: 1 }]);
      assertEquals([counters.active.massive, counters.accepted.massive], [1, 1]);
    }
    await until(() => counters.active.massive === 0, "the program is gone");
    assertEquals([...served.rig.edge.core.feeds.all()].map((feed) => feed.selections.size), [0]);
  });

  test("a draining edge cuts its programs", async () => {
    await using served = await serve(server);
    await using program = served.program();
    await program.begin("T.*");
    await served.rig.edge.drain();
    assertEquals((await program.ended).wasClean, server === "deno");
  });

  test("a message over the limit ends the connection; noise below it is met with silence", async () => {
    await using served = await serve(server);
    await using program = served.program();
    await program.begin("T.AAPL");
    for (const noise of ["", "null", "{", "[]", '{"action":"dance"}', "\u0000", "[".repeat(10_000)]) {
      program.socket.send(noise);
    }
    program.socket.send(new Uint8Array(10));
    await served.append("tick", aTrade());
    assertEquals((await program.until(1)).map(({ ev }) => ev), ["T"]);
    program.socket.send("x".repeat(20_000));
    assertEquals((await program.ended).code, 1009);
  });
}
