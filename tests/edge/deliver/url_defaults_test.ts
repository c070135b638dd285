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
