/** What a token allows holds at every real door, whoever comes with the same URL and whatever token comes after it. */
import { assertEquals, assertMatch } from "@std/assert";
import { aMinute, aTrade } from "../support/event_factory.ts";
import { until } from "../support/until.ts";
import { SocketClient, StreamClient } from "./test_clients.ts";
import { bearer, HOUR_MS, serveWithTokens, tokenFor } from "./token_scene.ts";

for (const server of ["deno", "hardened"] as const) {
  const test = (name: string, fn: () => Promise<void>) => Deno.test(`${name} (SERVER=${server})`, fn);

  /** Doors that answer at once: path, and what must not come through with rights to ticks of AAPL alone. */
  const RIGHTS = { streams: ["tick"], symbols: ["AAPL", "X:*"] };

  test("rights hold at every door: streams", async () => {
    await using served = await serveWithTokens(server);
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
    await using served = await serveWithTokens(server);
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
    await using served = await serveWithTokens(server);
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
    await using served = await serveWithTokens(server);
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
    await using served = await serveWithTokens(server);
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

  test("the subject of a token holds so many connections and no more, by whatever door", async () => {
    await using served = await serveWithTokens(server, { maxConnectionsPerToken: 2 });
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
}
