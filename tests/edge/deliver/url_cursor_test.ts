/** A cursor in a socket's URL: where a stream is followed from the first time, and never again. */
import { assertEquals } from "@std/assert";
import { anonymous } from "../../../src/edge/admit/principal.ts";
import { UrlDefaults } from "../../../src/edge/deliver/url_defaults.ts";
import { socketHandlers } from "../../../src/edge/deliver/websocket_transport.ts";
import { aMinute, aTrade } from "../../support/event_factory.ts";
import { FakeSocket } from "../fake_socket.ts";
import { type SessionScene, sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

/** Twenty trades and five bars are there; a client comes with a cursor in its URL. */
async function aClient(s: SessionScene, cursorOf: (tick: string, minute: string) => string) {
  const { rig: { edge, writer }, clock } = s;
  const tick = await writer.append(
    "tick",
    Array.from({ length: 20 }, (_, n) => aTrade({ tid: `${n}`, t: n })),
  );
  const minute = await writer.append(
    "minute",
    Array.from({ length: 5 }, (_, n) => aMinute({ t: n * 60_000 })),
  );
  const cursor = cursorOf(`tick:${tick.epoch}-`, `minute:${minute.epoch}-`);
  const defaults = new UrlDefaults(edge.core).of(
    `http://edge/ws?streams=tick,minute&cursor=${cursor}`,
    undefined,
  );
  const socket = new FakeSocket();
  const handlers = socketHandlers(edge.core, edge.hub, socket, anonymous("premium"), defaults);
  handlers.onOpen();
  /** Says something; returns the events that follow it, as their stream's letter and their number. */
  const say = async (message: unknown): Promise<string> => {
    const before = socket.read.length;
    handlers.onMessage(JSON.stringify(message));
    await clock.advance(1000);
    return socket.read.slice(before).flatMap(({ type, stream, events }) =>
      type !== "events" || !Array.isArray(events)
        ? []
        : events.map(({ id }) => `${String(stream).charAt(0)}${String(id).split("-")[1]}`)
    ).sort().join();
  };
  return { socket, say };
}

const subscribe = (streams: readonly string[], more: Readonly<Record<string, unknown>> = {}) => ({
  action: "subscribe",
  streams,
  symbols: ["*"],
  ...more,
});

pure(
  "a stream that is followed again after an unsubscribe goes on now, not at the URL's cursor",
  async () => {
    for (const earliest of [false, true]) {
      await using s = sessionScene();
      const client = await aClient(s, (tick) => earliest ? "earliest" : `${tick}18`);
      const first = await client.say(subscribe(["tick"]));
      assertEquals(first.endsWith("t19,t20") || first.endsWith("t8,t9"), true, first);
      await client.say({ action: "unsubscribe" });
      assertEquals(await client.say(subscribe(["tick"])), "");
      await client.say({ action: "unsubscribe" });
      const [list] = String(client.socket.read.find(({ type }) => type === "events")?.cursor).split("-");
      assertEquals(await client.say(subscribe(["tick"], { cursor: `${list}-19` })), "t20");
    }
  },
);

pure("the URL's cursor holds for each of its streams, the first time it is followed", async () => {
  await using s = sessionScene();
  const client = await aClient(s, (tick, minute) => `${tick}18,${minute}3`);
  assertEquals(await client.say(subscribe(["tick"])), "t19,t20");
  await client.say({ action: "unsubscribe" });
  assertEquals(await client.say(subscribe(["tick", "minute"])), "m4,m5");
  await client.say({ action: "unsubscribe" });
  assertEquals(await client.say(subscribe(["tick", "minute"])), "");
});

pure("a subscribe that is refused leaves the URL's cursor to the next", async () => {
  await using s = sessionScene();
  const client = await aClient(s, (tick) => `${tick}18`);
  assertEquals(await client.say({ ...subscribe(["tick"]), symbols: ["?"] }), "");
  assertEquals(await client.say(subscribe(["tick"])), "t19,t20");
});

pure(
  "a subscribe that names a held stream beside a new one begins the new one at the URL's cursor",
  async () => {
    await using s = sessionScene();
    const client = await aClient(s, (tick, minute) => `${tick}18,${minute}3`);
    assertEquals(await client.say(subscribe(["tick"])), "t19,t20");
    assertEquals(await client.say(subscribe(["tick", "minute"])), "m4,m5");
  },
);
