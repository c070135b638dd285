/** Servers that stay silent, send away, close or refuse for ever: when the client leaves them, and when it stops. */
import { assert, assertEquals } from "@std/assert";
import { face, hello } from "./hostile_rig.ts";
import type { MemorySocket } from "./memory_net.ts";

/** Says hello, then whatever; what became of the client after a while. */
async function after(script: (socket: MemorySocket, nth: number) => void, ms: number) {
  const told = face("websocket");
  told.net.onSocket = (socket, nth) => {
    socket.accept();
    script(socket, nth);
  };
  await told.net.pass(ms);
  return told;
}

for (
  const [code, name] of [[1002, "REFUSED"], [1007, "REFUSED"], [1009, "TOO_LARGE"], [
    4504,
    "TOO_LARGE",
  ]] as const
) {
  Deno.test({
    name: `after close ${code}, which a peer can't choose for itself, the client stops and says ${name}`,
    permissions: "none",
    async fn() {
      using told = await after((socket) => {
        socket.say(hello);
        socket.drop(code, "because");
      }, 40_000);
      assertEquals([told.client.status.state, told.net.sockets.length], ["closed", 1]);
      const [error, ...more] = told.errors;
      assertEquals([error?.code, error?.fatal, error?.message.endsWith(": because"), more], [
        name,
        true,
        true,
        [],
      ]);
    },
  });
}

Deno.test({
  name: "a server that says nothing, before or after hello, is left and tried again, and at last given up",
  permissions: "none",
  async fn() {
    using mute = await after(() => {}, 200_000);
    assertEquals([mute.net.sockets.length, mute.client.status.state], [6, "closed"]);
    assertEquals(mute.errors.at(-1)?.code, "GAVE_UP");
    assert(mute.errors.every(({ message }) => message.includes("No answer over websocket in time")));
    using silent = await after((socket) => socket.say(hello), 60_000);
    assert(silent.net.sockets.length >= 2 && silent.errors.every(({ code }) => code === "STALLED"));
  },
});

Deno.test({
  name:
    "heartbeats announced for never or for every millisecond change nothing about when silence is noticed",
  permissions: "none",
  async fn() {
    for (const heartbeat_ms of [1e15, 1e308, 0, -1, 1, "9"]) {
      using told = await after((socket) => socket.say({ ...hello, heartbeat_ms }), 15_000);
      assertEquals([told.net.sockets.length, told.client.status.state], [1, "open"], String(heartbeat_ms));
      await told.net.pass(110_000, 5000);
      assert(told.errors.some(({ code }) => code === "STALLED"), String(heartbeat_ms));
    }
  },
});

Deno.test({
  name:
    "a server that sends away for ever is come back to after five minutes, one that sends away at once five times",
  permissions: "none",
  async fn() {
    using long = await after((socket) => socket.say(hello, { type: "reconnect", after_ms: 1e15 }), 1000);
    await long.net.pass(290_000, 5000);
    assertEquals(long.net.sockets.length >= 1, true);
    using short = await after((socket) => socket.say(hello, { type: "reconnect", after_ms: -4 }), 120_000);
    assertEquals([short.net.sockets.length, short.client.status.state], [6, "closed"]);
    using odd = await after((socket) => socket.say(hello, { type: "reconnect", after_ms: "soon" }), 120_000);
    assertEquals(odd.client.status.state, "closed");
  },
});

Deno.test({
  name: "a token that a server takes and then calls expired, again and again, is not asked for in a circle",
  permissions: "none",
  async fn() {
    let asked = 0;
    using told = face("websocket", { token: () => `token-${++asked}` });
    told.net.onSocket = (socket) => {
      socket.accept();
      socket.say(hello);
      socket.drop(4004, "expired");
    };
    await told.net.pass(30_000);
    assertEquals([asked, told.client.status.state], [2, "closed"]);
    assertEquals(told.errors.map(({ code, fatal }) => [code, fatal]), [["AUTH_EXPIRED", true]]);
  },
});
