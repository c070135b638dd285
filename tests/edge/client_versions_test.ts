/**
 * A deploy meets clients of the release before it and of the one after: what they say beyond this protocol is passed over, what they
 * ask for beyond it is refused in words, and a protocol this edge does not speak is refused before a socket is there.
 */
import { assert, assertEquals } from "@std/assert";
import { aTrade } from "../support/event_factory.ts";
import { handshakeText, rawRequest } from "../support/raw_http.ts";
import { edgeRig } from "./edge_rig.ts";
import { poll, SocketClient, StreamClient } from "./test_clients.ts";

/** What a later release may have added to any message. */
const LATER = { v: 2, compress: "zstd", shape: { columns: ["sym", "price"] }, priority: null, hints: [1, 2] };
const later = (message: Record<string, unknown>) => ({ ...message, ...LATER });

async function serve(server: "deno" | "hardened") {
  const rig = edgeRig({ settings: { server } });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  return { rig, port, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

for (const server of ["deno", "hardened"] as const) {
  const test = (name: string, fn: () => Promise<void>) => Deno.test(`${name} (SERVER=${server})`, fn);

  test("a client of the next version that speaks ours too is served by ours, its new fields passed over", async () => {
    await using served = await serve(server);
    const { rig, port } = served;
    await using client = new SocketClient(port, "/ws/tick?v=2&compress=zstd", ["tickcast.v2", "tickcast.v1"]);
    assertEquals([(await client.first("hello")).protocol, client.socket.protocol], [
      "tickcast.v1",
      "tickcast.v1",
    ]);
    await client.say(later({ action: "subscribe", symbols: ["AAPL"], id: "s" }));
    assertEquals((await client.first("subscribed")).id, "s");
    const { epoch } = await rig.writer.append("tick", [
      aTrade({ sym: "AAPL" }),
      aTrade({ sym: "MSFT", tid: "2" }),
    ]);
    assertEquals(await client.events(1), [`${epoch}-1`]);
    await client.say(later({ action: "unsubscribe", symbols: ["AAPL"], id: "u" }));
    assertEquals((await client.first("unsubscribed")).id, "u");
    await client.say(later({ action: "ping", id: "p" }));
    assertEquals((await client.first("pong")).id, "p");
    assertEquals(client.of("error"), []);
  });

  test("an action of another version is an error with its id, and the socket goes on as before", async () => {
    await using served = await serve(server);
    const { rig, port } = served;
    await using client = new SocketClient(port, "/ws/tick?symbols=*", ["tickcast.v1"]);
    await client.first("subscribed");
    const actions = ["resubscribe", "hello", "Subscribe", "subscribe.v2", 2, null];
    for (const [id, action] of actions.entries()) await client.say(later({ action, id, symbols: ["AAPL"] }));
    await client.until("an answer to each", () => client.of("error").length === actions.length);
    assertEquals(
      client.of("error").map(({ code, id }) => [code, id]),
      actions.map((_, id) => ["UNKNOWN_ACTION", id]),
    );
    const { epoch } = await rig.writer.append("tick", [aTrade()]);
    assertEquals(await client.events(1), [`${epoch}-1`]);
    assertEquals(client.of("subscribed").length, 1);
  });

  test("a client of another version alone is refused before there is a socket, and told what to offer", async () => {
    await using served = await serve(server);
    for (
      const offered of [
        "tickcast.v0",
        "tickcast.v2",
        "tickcast.v2, tickcast.v3",
        "tickcast.v10",
        "TICKCAST.V1",
      ]
    ) {
      const request = handshakeText("/ws/tick", { "Sec-WebSocket-Protocol": offered });
      const { status, text } = await rawRequest(served.port, request);
      const body = JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4));
      assertEquals([status, body.error.code], [400, "BAD_REQUEST"], offered);
      assert(body.error.message.includes("tickcast.v1"), body.error.message);
    }
    assertEquals(served.rig.edge.counters.active.ws, 0);
  });

  test("a client from before subprotocols is served, and none is selected for it", async () => {
    await using served = await serve(server);
    const { rig, port } = served;
    await using client = new SocketClient(port, "/ws/tick");
    await client.first("hello");
    assertEquals(client.socket.protocol, "");
    await client.say({ action: "subscribe", symbols: ["*"] });
    await client.first("subscribed");
    const { epoch } = await rig.writer.append("tick", [aTrade()]);
    assertEquals(await client.events(1), [`${epoch}-1`]);
  });

  test("event streams and polls pass over parameters of another version", async () => {
    await using served = await serve(server);
    const { rig, port } = served;
    const { epoch } = await rig.writer.append("tick", [aTrade()]);
    await using stream = new StreamClient(port, "/sse/tick?cursor=earliest&v=2&compress=zstd");
    assertEquals(await stream.events(1), [`${epoch}-1`]);
    const answer = await poll(port, "/events/tick?cursor=earliest&v=2&compress=zstd");
    assertEquals(answer.events.map(({ id }) => id), [`${epoch}-1`]);
  });
}
