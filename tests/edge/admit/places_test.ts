/**
 * Places that connections hold of their address and their token's subject: whatever becomes of a handshake, they are given
 * back. On both servers, by bytes, for no client library fails in these ways.
 */
import { assertEquals } from "@std/assert";
import { type AccessGate, anonymous } from "../../../src/edge/admit/principal.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { handshakeText, rawRequest } from "../../support/raw_http.ts";
import { until } from "../../support/until.ts";
import { secretSettings } from "../../support/token_factory.ts";
import { edgeRig } from "../edge_rig.ts";

const PLACES = 2;
/** Longer than any handshake is waited for. */
const LATER_MS = 30_000;
const BOB = { ...anonymous("premium"), subject: "bob" };

const BAD_HANDSHAKES: readonly (readonly [what: string, text: string])[] = [
  ["no key", handshakeText("/ws", { "Sec-WebSocket-Key": null })],
  ["a key that is none", handshakeText("/ws", { "Sec-WebSocket-Key": "short" })],
  ["another version", handshakeText("/ws", { "Sec-WebSocket-Version": "12" })],
  ["no version", handshakeText("/ws", { "Sec-WebSocket-Version": null })],
  [
    "a subprotocol twice",
    handshakeText("/ws", { "Sec-WebSocket-Protocol": "tickcast.v1, tickcast.v1" }),
  ],
  ["no subprotocol of ours", handshakeText("/ws", { "Sec-WebSocket-Protocol": "mqtt" })],
  ["a program's without a key", handshakeText("/massive/stocks", { "Sec-WebSocket-Key": null })],
  ["a program's bad subprotocols", handshakeText("/massive/stocks", { "Sec-WebSocket-Protocol": "a,,b" })],
  ["an unknown stream", handshakeText("/ws/nope")],
];

async function serve(server: "deno" | "hardened", gate: AccessGate, authMode: "none" | "jwt" = "jwt") {
  const clock = new ManualClock();
  const settings = { server, authMode, jwt: secretSettings, maxConnectionsPerIp: PLACES };
  const rig = edgeRig({ clock, gate, settings });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  return {
    rig,
    port,
    clock,
    async [Symbol.asyncDispose]() {
      const closing = rig[Symbol.asyncDispose]();
      await clock.advance(10_000);
      await closing;
    },
  };
}

const gateOf = (admit: AccessGate["admit"]): AccessGate => ({
  admit,
  authenticate: () => Promise.resolve(BOB),
});
const GATE = gateOf(() => ({ principal: BOB, headers: undefined }));
type Served = Awaited<ReturnType<typeof serve>>;

/** An address whose places are all held by nobody is locked out for ever. */
async function nextComesIn({ port, clock }: Served): Promise<void> {
  await until(async () => {
    await clock.advance(LATER_MS);
    return (await rawRequest(port, handshakeText("/ws"))).status === 101;
  }, "the next one comes in");
}

/** Clients that take every place of their address and are gone before they are let in. */
async function leaveEarly(
  server: "deno" | "hardened",
  door: string,
  leave: (client: Deno.Conn) => void | Promise<void>,
  authMode: "none" | "jwt" = "jwt",
): Promise<void> {
  const judged = Promise.withResolvers<void>();
  let asked = 0;
  const gate = gateOf(async () => {
    asked++;
    await judged.promise;
    return { principal: BOB, headers: undefined };
  });
  await using served = await serve(server, gate, authMode);
  using clients = new DisposableStack();
  for (let n = 0; n < PLACES; n++) {
    const client = await Deno.connect({ hostname: "127.0.0.1", port: served.port });
    await client.write(new TextEncoder().encode(handshakeText(door)));
    clients.defer(() => close(client));
    await until(() => asked === n + 1, "it is being judged");
    await leave(client);
  }
  // The server hears of it; nothing of that can be seen from outside.
  await new Promise((resolve) => setTimeout(resolve, 50));
  judged.resolve();
  await nextComesIn(served);
  const { core, counters } = served.rig.edge;
  await until(() => core.subjects.count(BOB.subject) === 0, "the subject holds nothing");
  assertEquals([counters.active.massive, counters.active.ws], [0, 0]);
}

/** Closing twice is no fault of a test's. */
const close = (client: Deno.Conn) => {
  try {
    client.close();
  } catch {
    // It is.
  }
};

for (const server of ["deno", "hardened"] as const) {
  const test = (name: string, fn: (t: Deno.TestContext) => Promise<void>) =>
    Deno.test(`${name} (SERVER=${server})`, fn);

  test("a handshake that fails keeps no place, whatever was wrong with it", async (t) => {
    await using served = await serve(server, GATE);
    const { core, hub } = served.rig.edge;
    for (const [what, text] of BAD_HANDSHAKES) {
      await t.step(what, async () => {
        for (let n = 0; n <= PLACES; n++) await rawRequest(served.port, text);
        await nextComesIn(served);
      });
    }
    await until(() => core.subjects.count(BOB.subject) === 0 && hub.size === 0, "nothing is left");
  });

  for (const door of ["/ws", "/massive/stocks"]) {
    test(`a client that leaves while its token is judged keeps no place at ${door}`, () =>
      leaveEarly(server, door, close));

    test(`a client that sends no more while its token is judged keeps no place at ${door}`, () =>
      leaveEarly(server, door, (client) => client.closeWrite()));
  }
}

Deno.test({
  name: "a socket that never opens keeps no place, though its server tells of nothing (SERVER=deno)",
  // What the runtime itself never ends: the upgrade of a connection that is gone.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    for (const door of ["/ws", "/massive/stocks"]) await leaveEarly("deno", door, close, "none");
  },
});
