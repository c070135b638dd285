/**
 * Identity at real doors: how a token is shown, that it is never shown again, and what happens when it ends while a stream
 * runs.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { EventSource } from "eventsource";
import { aTrade } from "../support/event_factory.ts";
import { SocketClient, StreamClient } from "./test_clients.ts";
import { bearer, HOUR_MS, serveTimed, serveWithTokens, tokenFor } from "./token_scene.ts";

for (const server of ["deno", "hardened"] as const) {
  const test = (name: string, fn: () => Promise<void>) => Deno.test(`${name} (SERVER=${server})`, fn);

  test("a socket authenticates by its first message, and nothing is done for it before", async () => {
    await using served = await serveWithTokens(server);
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
    await using served = await serveWithTokens(server);
    await using client = new SocketClient(served.port, "/ws/tick");
    await client.say({ action: "auth", token: "nonsense" });
    assertEquals((await client.closed).code, 4501);
    assertEquals((await client.first("error")).code, "UNAUTHORIZED");
  });

  test("an expired token in the first message closes with a code that does", async () => {
    await using served = await serveWithTokens(server);
    await using client = new SocketClient(served.port, "/ws/tick");
    await client.say({ action: "auth", token: await tokenFor(-60_000) });
    assertEquals((await client.closed).code, 4004);
    assertEquals((await client.first("error")).code, "AUTH_EXPIRED");
  });

  test("a token offered beside the subprotocol is taken and never echoed", async () => {
    await using served = await serveWithTokens(server);
    const token = await tokenFor(HOUR_MS);
    for (const offer of [["tickcast.v1", `bearer.${token}`], [`bearer.${token}`, "tickcast.v1"]]) {
      await using client = new SocketClient(served.port, "/ws/tick?symbols=AAPL", offer);
      await client.first("subscribed");
      assertEquals(client.socket.protocol, "tickcast.v1");
      assertEquals(JSON.stringify(client.messages).includes(token.slice(-40)), false);
    }
  });

  test("a token that ends while a socket runs is told and closes it, unless a new one came in time", async () => {
    await using served = await serveTimed(server);
    const offer = ["tickcast.v1", `bearer.${served.short}`];
    await using renewed = new SocketClient(served.port, "/ws/tick?symbols=*", offer);
    await using ended = new SocketClient(served.port, "/ws/tick?symbols=*", offer);
    const follows = (client: SocketClient) => client.of("subscribed").length > 0;
    await served.until(() => follows(renewed) && follows(ended), "both follow");
    await renewed.say({ action: "auth", token: await tokenFor(HOUR_MS, {}, served.rig.clock.now()) });
    await served.until(() => renewed.of("authenticated").length > 0, "the new one is taken");
    await served.outlive();
    assertEquals((await ended.closed).code, 4004);
    assertEquals((await ended.first("error")).code, "AUTH_EXPIRED");
    await served.rig.writer.append("tick", [aTrade()]);
    await served.until(() => renewed.ids().length === 1, "an event");
    assertEquals(ended.ids(), []);
  });

  test("a token that ends while an event stream runs is told and ends it; it is never downgraded", async () => {
    await using served = await serveTimed(server);
    await using client = new StreamClient(served.port, "/sse/tick", bearer(served.short));
    await served.until(() => client.of("subscribed").length > 0, "it follows");
    await served.outlive();
    await client.ended.promise;
    assertEquals(client.messages.find(({ code }) => code !== undefined)?.code, "AUTH_EXPIRED");
    await served.rig.writer.append("tick", [aTrade()]);
    assertEquals(client.ids(), []);
  });

  test("a native EventSource opens with a ticket and comes back with the cookie it was given", async () => {
    await using served = await serveWithTokens(server);
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

  test("without a token event streams and polls are refused, and a token in a URL is refused too", async () => {
    await using served = await serveWithTokens(server);
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
