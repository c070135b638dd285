/** What a socket's URL asks for by itself, under tokens that allow some of it. */
import { assertEquals } from "@std/assert";
import { anonymous, type Principal } from "../../../src/edge/admit/principal.ts";
import { UrlDefaults } from "../../../src/edge/deliver/url_defaults.ts";
import { socketHandlers } from "../../../src/edge/deliver/websocket_transport.ts";
import { FakeSocket } from "../fake_socket.ts";
import { sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });
const mayHave = (...streams: string[]): Principal => ({ ...anonymous("premium"), streams: new Set(streams) });

/** What a client is told that comes with a URL: of each message its type, and what is in question. */
async function told(
  url: string,
  principal: Principal | undefined,
  token: Principal = anonymous("premium"),
): Promise<unknown[]> {
  await using scene = sessionScene({
    gate: {
      admit: () => ({ principal: undefined, headers: undefined }),
      authenticate: () => Promise.resolve(token),
    },
  });
  const { core, hub } = scene.rig.edge;
  const socket = new FakeSocket();
  const defaults = new UrlDefaults(core).of(url, undefined);
  const handlers = socketHandlers(core, hub, socket, principal, defaults);
  handlers.onOpen();
  if (principal === undefined) handlers.onMessage('{"action":"auth","token":"any"}');
  await scene.clock.advance(500);
  handlers.onClose();
  return socket.read.filter(({ type }) => type === "subscribed" || type === "error").map((message) =>
    message.type === "error" ? message.code : Array.isArray(message.streams) &&
      message.streams.map((one) => typeof one === "string" ? one : one.stream).sort()
  );
}

pure("a URL that names no stream means all that the token allows, as an event stream's does", async () => {
  assertEquals(await told("http://edge/ws?symbols=AAPL", mayHave("tick")), [["tick"]]);
  assertEquals(await told("http://edge/ws?symbols=AAPL", mayHave("fmv", "tick")), [["fmv", "tick"]]);
  assertEquals(await told("http://edge/ws?symbols=AAPL", anonymous("premium")), [
    ["fmv", "heatmap", "minute", "signal", "tick"],
  ]);
});

pure("a token that comes in a message is asked the same", async () => {
  assertEquals(await told("http://edge/ws?symbols=AAPL", undefined, mayHave("minute")), [["minute"]]);
});

pure("a stream that the URL names and the token does not allow is refused", async () => {
  assertEquals(await told("http://edge/ws?streams=tick,minute&symbols=AAPL", mayHave("tick")), ["FORBIDDEN"]);
});

pure("a token that allows no stream is told so", async () => {
  assertEquals(await told("http://edge/ws?symbols=AAPL", mayHave()), ["FORBIDDEN"]);
});

pure("a URL that names no stream leaves out a published one that this release has no word for", async () => {
  await using scene = sessionScene();
  const { edge: { core, hub }, store } = scene.rig;
  const streams = { tick: { symbols: ["*"], lists: 1 }, quote: { symbols: ["*"], lists: 1 } };
  await store.writeNote(
    "plan",
    JSON.stringify({ at: 1, streams, markets: ["stocks"], simulated: false }),
    undefined,
  );
  void core.plan.ensure();
  await scene.clock.advance(100);
  const socket = new FakeSocket();
  const defaults = new UrlDefaults(core).of("http://edge/ws?symbols=AAPL", undefined);
  socketHandlers(core, hub, socket, anonymous("premium"), defaults).onOpen();
  await scene.clock.advance(500);
  const followed = socket.read.filter(({ type }) => type === "subscribed").map(({ streams }) => streams);
  assertEquals(followed, [["tick"]]);
});

pure(
  "what a URL says of shape holds for each stream the first time it is followed, beside a held one too",
  async () => {
    await using scene = sessionScene();
    const { core, hub } = scene.rig.edge;
    const socket = new FakeSocket();
    const defaults = new UrlDefaults(core).of(
      "http://edge/ws?streams=tick,minute&max_hz=2&fields=close",
      undefined,
    );
    const handlers = socketHandlers(core, hub, socket, anonymous("premium"), defaults);
    handlers.onOpen();
    const say = async (message: unknown) => {
      handlers.onMessage(JSON.stringify({ action: "subscribe", ...Object(message) }));
      await scene.clock.advance(500);
    };
    await say({ streams: ["tick"], symbols: ["A"], max_hz: 5, fields: null });
    await say({ streams: ["tick", "minute"], symbols: ["B"] });
    const told = socket.read.findLast(({ type }) => type === "subscribed");
    assertEquals(told?.subscriptions, [
      { stream: "tick", symbols: ["A", "B"], mode: "all", max_hz: 5, fields: null },
      { stream: "minute", symbols: ["B"], mode: "all", max_hz: 2, fields: ["close"] },
    ]);
  },
);
