/** What a URL subscribes, for a client that says who it is and more in one go. */
import { assertEquals } from "@std/assert";
import { UrlDefaults } from "../../../src/edge/deliver/url_defaults.ts";
import { socketHandlers } from "../../../src/edge/deliver/websocket_transport.ts";
import { aTrade } from "../../support/event_factory.ts";
import { FakeSocket } from "../fake_socket.ts";
import { sessionScene } from "../session_scene.ts";

Deno.test({
  name: "a command behind the token does not take the URL's own subscription away",
  permissions: "none",
  async fn() {
    await using s = sessionScene();
    const { rig: { edge, writer }, clock } = s;
    const ticks = ["AAPL", "MSFT"].flatMap((sym) => [aTrade({ sym, tid: "1" }), aTrade({ sym, tid: "2" })]);
    const { epoch } = await writer.append("tick", ticks);
    const url = `http://edge/ws?streams=tick&symbols=AAPL&cursor=tick:${epoch}-0`;
    const socket = new FakeSocket();
    const defaults = new UrlDefaults(edge.core).of(url, undefined);
    const handlers = socketHandlers(edge.core, edge.hub, socket, undefined, defaults);
    handlers.onOpen();
    handlers.onMessage(JSON.stringify({ action: "auth", token: "any" }));
    handlers.onMessage(JSON.stringify({ action: "subscribe", streams: ["tick"], symbols: ["MSFT"], id: 1 }));
    await clock.advance(1000);
    assertEquals(socket.read.filter(({ type }) => type === "error"), []);
    const last = socket.read.findLast(({ type }) => type === "subscribed");
    const events = socket.read.flatMap(({ events }) => Array.isArray(events) ? events : []);
    // All there is of what the URL names, and of what the command names what came since.
    assertEquals(events.filter(({ sym }) => sym === "AAPL").length, 2);
    assertEquals(JSON.stringify(last?.subscriptions).includes('"AAPL","MSFT"'), true, JSON.stringify(last));
  },
});
