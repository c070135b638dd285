/**
 * Identity at real doors: what a token allows, that it is never shown again, and what happens when it ends while a
 * stream runs.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { EventSource } from "eventsource";
import { SignJWT } from "jose";
import { CLOCK_TOLERANCE_S } from "../../src/edge/admit/auth_claims.ts";
import type { EdgeSettings } from "../../src/feed/settings/settings.ts";
import { aMinute, aTrade } from "../support/event_factory.ts";
import { AUDIENCE, ISSUER, JWT_SECRET, secretSettings } from "../support/token_factory.ts";
import { until } from "../support/until.ts";
import { edgeRig, type Rig } from "./edge_rig.ts";
import { SocketClient, StreamClient } from "./test_clients.ts";

interface Served extends AsyncDisposable {
  readonly rig: Rig;
  readonly port: number;
  readonly base: string;
}

async function serve(server: "deno" | "hardened", over: Partial<EdgeSettings> = {}): Promise<Served> {
  const rig = edgeRig({
    settings: { authMode: "jwt", jwt: secretSettings, defaultTier: "standard", server, ...over },
  });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  return {
    rig,
    port,
    base: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

/** A token that is good for `ms` from now: the tolerance is part of its life. */
function tokenFor(ms: number, claims: Record<string, unknown> = {}): Promise<string> {
  const exp = (Date.now() + ms) / 1000 - CLOCK_TOLERANCE_S;
  return new SignJWT({ sub: "user-1", tier: "premium", ...claims, exp }).setProtectedHeader({ alg: "HS256" })
    .setIssuer(ISSUER).setAudience(AUDIENCE).sign(new TextEncoder().encode(JWT_SECRET));
}

const HOUR_MS = 3_600_000;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

for (const server of ["deno", "hardened"] as const) {
  const test = (name: string, fn: () => Promise<void>) => Deno.test(`${name} (SERVER=${server})`, fn);
  /** Takes a token's real life, and is the same behind both servers. */
  const testOnce = server === "deno" ? test : () => {};

  test("a socket authenticates by its first message, and nothing is done for it before", async () => {
    await using served = await serve(server);
    await using client = new SocketClient(served.port, "/ws/tick");
    await client.say({ action: "subscribe", symbols: ["AAPL"], id: 1 });
    const refused = await client.first("error");
    assertEquals([refused.code, refused.id], ["UNAUTHORIZED", 1]);
    await client.say({ action: "auth", token: await tokenFor(HOUR_MS), id: 2 });
    assertEquals((await client.first("authenticated")).id, 2);
    await client.say({ action: "subscribe", symbols: ["AAPL"] });
    await client.first("subscribed");
    await served.rig.writer.append("tick", [aTrade(), aTrade({ sym: "MSFT" })]);
    assertEquals((await client.events(1)).length, 1);
  });

  test("a bad token in the first message closes with a code that does not come back", async () => {
    await using served = await serve(server);
    await using client = new SocketClient(served.port, "/ws/tick");
    await client.say({ action: "auth", token: "nonsense" });
    assertEquals((await client.closed).code, 4501);
    assertEquals((await client.first("error")).code, "UNAUTHORIZED");
  });

  test("an expired token in the first message closes with a code that does", async () => {
    await using served = await serve(server);
    await using client = new SocketClient(served.port, "/ws/tick");
    await client.say({ action: "auth", token: await tokenFor(-60_000) });
    assertEquals((await client.closed).code, 4004);
    assertEquals((await client.first("error")).code, "AUTH_EXPIRED");
  });

  test("a token offered beside the subprotocol is taken and never echoed", async () => {
    await using served = await serve(server);
    const token = await tokenFor(HOUR_MS);
    for (const offer of [["tickcast.v1", `bearer.${token}`], [`bearer.${token}`, "tickcast.v1"]]) {
      await using client = new SocketClient(served.port, "/ws/tick?symbols=AAPL", offer);
      await client.first("subscribed");
      assertEquals(client.socket.protocol, "tickcast.v1");
      assertEquals(JSON.stringify(client.messages).includes(token.slice(-40)), false);
    }
  });

  testOnce(
    "a token that ends while a socket runs is told and closes it, unless a new one came in time",
    async () => {
      await using served = await serve(server);
      await using renewed = new SocketClient(served.port, "/ws/tick?symbols=*", [
        "tickcast.v1",
        `bearer.${await tokenFor(1_500)}`,
      ]);
      await using ended = new SocketClient(served.port, "/ws/tick?symbols=*", [
        "tickcast.v1",
        `bearer.${await tokenFor(1_500)}`,
      ]);
      await renewed.first("subscribed");
      await renewed.say({ action: "auth", token: await tokenFor(HOUR_MS) });
      await renewed.first("authenticated");
      assertEquals((await ended.closed).code, 4004);
      assertEquals((await ended.first("error")).code, "AUTH_EXPIRED");
      await served.rig.writer.append("tick", [aTrade()]);
      assertEquals((await renewed.events(1)).length, 1);
      assertEquals(ended.ids(), []);
    },
  );

  testOnce(
    "a token that ends while an event stream runs is told and ends it; it is never downgraded",
    async () => {
      await using served = await serve(server);
      await using client = new StreamClient(served.port, "/sse/tick", bearer(await tokenFor(1_500)));
      await client.first("subscribed");
      await client.ended.promise;
      assertEquals(client.messages.find(({ code }) => code !== undefined)?.code, "AUTH_EXPIRED");
      await served.rig.writer.append("tick", [aTrade()]);
      assertEquals(client.ids(), []);
    },
  );

  /** Doors that answer at once: path, and what must not come through with rights to ticks of AAPL alone. */
  const RIGHTS = { streams: ["tick"], symbols: ["AAPL", "X:*"] };

  test("rights hold at every door: streams", async () => {
    await using served = await serve(server);
    const token = await tokenFor(HOUR_MS, RIGHTS);
    for (
      const path of [
        "/sse/minute",
        "/sse?streams=minute",
        "/events/minute",
        "/snapshot/minute",
        "/events/heatmap",
      ]
    ) {
      const response = await fetch(`${served.base}${path}`, { headers: bearer(token) });
      const text = await response.text();
      assertEquals([response.status, /"code":"(\w+)"/.exec(text)?.[1]], [403, "FORBIDDEN"], path);
    }
    await using client = new SocketClient(served.port, "/ws", ["tickcast.v1", `bearer.${token}`]);
    for (const streams of [["minute"], ["tick", "minute"], ["heatmap"]]) {
      client.messages.length = 0;
      await client.say({ action: "subscribe", streams, symbols: ["AAPL"] });
      assertEquals((await client.first("error")).code, "FORBIDDEN");
    }
  });

  test("rights hold at every door: symbols", async () => {
    await using served = await serve(server);
    const token = await tokenFor(HOUR_MS, RIGHTS);
    await served.rig.writer.append("tick", [aTrade(), aTrade({ sym: "MSFT" }), aTrade({ sym: "X:BTC-USD" })]);
    await served.rig.writer.append("minute", [aMinute()]);
    for (const symbols of ["MSFT", "*", "AAPL,MSFT", "A*", "X*"]) {
      for (const path of ["/sse/tick", "/events/tick", "/snapshot/tick"]) {
        const response = await fetch(`${served.base}${path}?symbols=${symbols}`, { headers: bearer(token) });
        const text = await response.text();
        assertEquals(response.status, 403, `${path} ${symbols} ${text}`);
      }
    }
    await using client = new SocketClient(served.port, "/ws/tick", ["tickcast.v1", `bearer.${token}`]);
    for (const symbol of ["MSFT", "*", "A*", "X*"]) {
      client.messages.length = 0;
      await client.say({ action: "subscribe", symbols: [symbol] });
      assertEquals((await client.first("error")).code, "FORBIDDEN", symbol);
    }
    const snapshot = await fetch(`${served.base}/snapshot/tick?symbols=AAPL,X:*`, { headers: bearer(token) });
    assertEquals((await snapshot.json()).events.map(({ sym }: { sym: string }) => sym).sort(), [
      "AAPL",
      "X:BTC-USD",
    ]);
  });

  test("clients that come with the same URL get what each one's own token allows", async () => {
    await using served = await serve(server);
    const [wide, narrow] = [await tokenFor(HOUR_MS), await tokenFor(HOUR_MS, RIGHTS)];
    for (const [first, then] of [[wide, narrow], [narrow, wide]] as const) {
      for (const token of [first, then, first]) {
        const response = await fetch(`${served.base}/sse/tick?symbols=MSFT`, { headers: bearer(token) });
        await response.body?.cancel();
        assertEquals(response.status, token === wide ? 200 : 403);
        await using all = new StreamClient(served.port, "/sse?symbols=AAPL", bearer(token));
        const { streams } = await all.first("subscribed");
        assertEquals(Array.isArray(streams) && streams.includes("minute"), token === wide);
        await using socket = new SocketClient(served.port, "/ws/tick?symbols=MSFT", [
          "tickcast.v1",
          `bearer.${token}`,
        ]);
        await socket.first(token === wide ? "subscribed" : "error");
      }
    }
  });

  test("a new token with fewer symbols takes away what it does not allow", async () => {
    await using served = await serve(server);
    const wide = await tokenFor(HOUR_MS);
    await using client = new SocketClient(served.port, "/ws/tick", ["tickcast.v1", `bearer.${wide}`]);
    await client.say({ action: "subscribe", symbols: ["AAPL", "MSFT"] });
    await client.first("subscribed");
    await client.say({ action: "auth", token: await tokenFor(HOUR_MS, RIGHTS) });
    await client.first("authenticated");
    await served.rig.writer.append("tick", [aTrade({ sym: "MSFT" }), aTrade(), aTrade({ sym: "MSFT" })]);
    await client.events(1);
    await client.say({ action: "ping" });
    await client.first("pong");
    const symbols = client.of("events").flatMap(({ events }) =>
      Array.isArray(events) ? events.map(({ sym }) => sym) : []
    );
    assertEquals(symbols, ["AAPL"]);
  });

  test("two tokens sent at once are judged in turn: the later one's rights hold", async () => {
    await using served = await serve(server);
    await using client = new SocketClient(served.port, "/ws");
    await client.say({ action: "auth", token: await tokenFor(HOUR_MS), id: 1 });
    await client.say({ action: "auth", token: await tokenFor(HOUR_MS, RIGHTS), id: 2 });
    await client.say({ action: "subscribe", streams: ["minute"], symbols: ["AAPL"], id: 3 });
    const refused = await client.first("error");
    assertEquals([client.of("authenticated").map(({ id }) => id), refused.id, refused.code], [
      [1, 2],
      3,
      "FORBIDDEN",
    ]);
  });

  test("a native EventSource opens with a ticket and comes back with the cookie it was given", async () => {
    await using served = await serve(server);
    const { ticket } = await (await fetch(`${served.base}/tickets`, {
      method: "POST",
      headers: bearer(await tokenFor(HOUR_MS)),
    }))
      .json();
    const cookies: string[] = [];
    const opened: number[] = [];
    // What a browser does with cookies, which this client leaves to its fetch.
    const withCookies = async (url: string | URL, init: RequestInit) => {
      const headers = new Headers(init.headers);
      if (cookies.length > 0) headers.set("cookie", cookies.join("; "));
      const response = await fetch(url, { ...init, headers });
      opened.push(response.status);
      cookies.push(...response.headers.getSetCookie().map((cookie) => cookie.split(";")[0] ?? ""));
      return response;
    };
    const source = new EventSource(`${served.base}/sse/tick?ticket=${ticket}`, { fetch: withCookies });
    const next = (type: string) =>
      new Promise<MessageEvent>((resolve) => source.addEventListener(type, resolve, { once: true }));
    await next("subscribed");
    assertMatch(cookies[0] ?? "", /^tickcast_token=/);
    const first = next("tick");
    await served.rig.writer.append("tick", [aTrade({ tid: "1" })]);
    assertEquals(JSON.parse((await first).data)[0].tid, "1");
    for (const session of served.rig.edge.hub.sessions()) session.close(1000, "come back", 1);
    const second = next("tick");
    await served.rig.writer.append("tick", [aTrade({ tid: "2" })]);
    assertEquals(JSON.parse((await second).data)[0].tid, "2");
    source.close();
    assertEquals(opened, [200, 200]);
  });

  test("the subject of a token holds so many connections and no more, by whatever door", async () => {
    await using served = await serve(server, { maxConnectionsPerToken: 2 });
    const token = await tokenFor(HOUR_MS);
    const offer = ["tickcast.v1", `bearer.${token}`];
    const first = new SocketClient(served.port, "/ws/tick", offer);
    await first.first("hello");
    await using second = new SocketClient(served.port, "/ws/tick");
    await second.say({ action: "auth", token });
    await second.first("authenticated");

    await using third = new SocketClient(served.port, "/ws/tick", offer);
    assertEquals((await third.closed).wasClean, false);
    await using late = new SocketClient(served.port, "/ws/tick");
    await late.say({ action: "auth", token });
    assertEquals([(await late.closed).code, (await late.first("error")).code], [4002, "OVERLOADED"]);
    const plain = await fetch(`${served.base}/ws`, { headers: bearer(token) });
    assertEquals([plain.status, (await plain.json()).error.code], [503, "OVERLOADED"]);
    const stream = await fetch(`${served.base}/sse/tick`, { headers: bearer(token) });
    assertMatch(await stream.text(), /^retry: \d+[\s\S]*OVERLOADED/);
    await using program = new SocketClient(served.port, "/massive/stocks");
    await program.say({ action: "auth", params: token });
    assertEquals((await program.closed).code, 1008);
    assertMatch(JSON.stringify(program.messages.at(-1)), /max_connections/);

    const other = await tokenFor(HOUR_MS, { sub: "user-2" });
    await using someone = new SocketClient(served.port, "/ws/tick", ["tickcast.v1", `bearer.${other}`]);
    await someone.first("hello");
    await first[Symbol.asyncDispose]();
    await until(() => served.rig.edge.core.subjects.count("user-1") === 1, "one of them is gone");
    await using again = new SocketClient(served.port, "/ws/tick", offer);
    await again.first("hello");
  });

  test("without a token event streams and polls are refused, and a token in a URL is refused too", async () => {
    await using served = await serve(server);
    const token = await tokenFor(HOUR_MS);
    for (const path of ["/sse/tick", "/events/tick", "/snapshot/tick"]) {
      for (const query of ["", `?token=${token}`, `?access_token=${token}`, "?ticket=nonsense"]) {
        const response = await fetch(`${served.base}${path}${query}`);
        const text = await response.text();
        assertEquals(
          [response.status, text.includes(token.slice(-40))],
          [401, false],
          path + query.slice(0, 8),
        );
      }
    }
    await using socket = new SocketClient(served.port, `/ws/tick?token=${token}`);
    assertEquals((await socket.closed).wasClean, false);
    assert((served.rig.edge.counters.refused.get("UNAUTHORIZED") ?? 0) > 0);
  });
}
