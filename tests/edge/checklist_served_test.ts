/** The checklist's *Commands* and *Cursors* parts again, over real sockets: what the pure tests promise is what is served. */
import { assertEquals } from "@std/assert";
import { WebSocket as WsClient } from "ws";
import { aTrade } from "../support/event_factory.ts";
import { COMMAND_ROWS, CURSOR_ROWS } from "./checklist_rows.ts";
import { edgeRig } from "./edge_rig.ts";
import { Inbox, type Message, poll, SocketClient, StreamClient } from "./test_clients.ts";

const MESSAGE_MAX_BYTES = 16 * 1024;
/** What a command may be answered with. */
const ANSWERS = ["error", "subscribed", "unsubscribed", "pong"] as const;

for (const server of ["deno", "hardened"] as const) {
  Deno.test(`each wrong command has its answer on the wire, and the socket lives on (SERVER=${server})`, async (t) => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    for (const [what, text, code] of COMMAND_ROWS) {
      await t.step(what, async () => {
        await using client = new SocketClient(port, "/ws/tick");
        await client.first("hello");
        await client.say(text);
        if (server === "hardened" && text.length > MESSAGE_MAX_BYTES) {
          // Held back by the server itself, whole or in fragments.
          assertEquals((await client.closed).code, 1009);
          return;
        }
        await client.say({ action: "ping", id: "after" });
        const isAfter = ({ id }: Message) => id === "after";
        await client.until("a pong", () => client.of("pong").some(isAfter));
        // A ping is answered at once, a subscription when it is known what there is to subscribe to.
        const answers = () => ANSWERS.flatMap((type) => client.of(type)).filter((one) => !isAfter(one));
        await client.until("an answer", () => answers().length > 0);
        assertEquals(client.of("error").map((error) => error.code), code === undefined ? [] : [code]);
      });
    }
  });

  Deno.test(`each odd cursor has its answer on the wire (SERVER=${server})`, async (t) => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    const { epoch } = await rig.writer.append("tick", [aTrade(), aTrade({ tid: "2" })]);
    const clients = CURSOR_ROWS.map(([, cursor]) => {
      const client = new SocketClient(port, "/ws/tick");
      void client.say({ action: "subscribe", symbols: ["*"], cursor });
      return client;
    });
    await Promise.all(
      clients.map((client) =>
        client.until("an answer", () => client.of("subscribed").length + client.of("error").length > 0)
      ),
    );
    await rig.writer.append("tick", [aTrade({ tid: "3" })]);
    for (const [n, [what, , answer]] of CURSOR_ROWS.entries()) {
      await t.step(what, async () => {
        await using client = clients[n] ?? new SocketClient(port, "/ws/tick");
        const [error] = client.of("error");
        if (error !== undefined) return assertEquals(error.code, answer);
        await client.until("the third event", () => client.ids().includes(`${epoch}-3`));
        const [gap] = client.of("gap");
        const count = client.ids().length;
        const seen = gap !== undefined
          ? `gap ${gap.cause}`
          : count === 3
          ? "all"
          : count === 1
          ? "now"
          : `${count}`;
        assertEquals(seen, answer);
      });
    }
  });

  Deno.test(`a cursor ahead of the list's end waits for it two seconds and is then a gap, by every way to say it (SERVER=${server})`, async () => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    const { epoch } = await rig.writer.append("tick", [aTrade(), aTrade({ tid: "2" })]);
    const ahead = `tick:${epoch}-999999`;
    await using socket = new SocketClient(port, `/ws/tick?symbols=*&cursor=${ahead}`);
    await using stream = new StreamClient(port, "/sse/tick", { "last-event-id": ahead });
    const answer = await poll(port, `/events/tick?cursor=${ahead}`);
    for (const gap of [await socket.first("gap"), await stream.first("gap"), answer.gap]) {
      assertEquals([gap?.cause, gap?.lost], ["epoch", null]);
    }
  });

  Deno.test(`an event that several patterns of a client match comes once, by every transport (SERVER=${server})`, async () => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    const { epoch } = await rig.writer.append("tick", [
      aTrade({ sym: "A.AAPL" }),
      aTrade({ sym: "B", tid: "2" }),
    ]);
    const query = "symbols=A.*,A.*,A.AAPL&cursor=earliest";
    await using socket = new SocketClient(port, `/ws/tick?${query}`);
    await socket.say({ action: "subscribe", symbols: ["A.*", "A.*", "A.AAPL"], id: "again" });
    await socket.until("both", () => socket.of("subscribed").length === 2);
    await using stream = new StreamClient(port, `/sse/tick?${query}`);
    await stream.events(1);
    await rig.writer.append("tick", [aTrade({ sym: "A.AAPL", tid: "3" })]);
    const ids = [`${epoch}-1`, `${epoch}-3`];
    assertEquals(await socket.events(2), ids);
    assertEquals(await stream.events(2), ids);
    const polled = await poll(port, `/events/tick?${query}`);
    assertEquals(polled.events.map(({ id }) => id), ids);
  });

  Deno.test(`Last-Event-ID means nothing to a socket, and without a cursor it starts now (SERVER=${server})`, async () => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    const { epoch } = await rig.writer.append("tick", [aTrade()]);
    const socket = new WsClient(`ws://127.0.0.1:${port}/ws/tick?symbols=*`, {
      headers: { "last-event-id": `tick:${epoch}-0` },
    });
    const told = new Inbox();
    socket.onmessage = ({ data }) => told.push(JSON.parse(String(data)));
    assertEquals((await told.first("subscribed")).cursor, `tick:${epoch}-1`);
    await rig.writer.append("tick", [aTrade({ tid: "2" })]);
    assertEquals(await told.events(1), [`${epoch}-2`]);
    assertEquals(told.of("error"), []);
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
  });
}
