/**
 * Every limit of a client, met on a real server: it has a setting, an answer and a counter that `/metrics` shows. A limit without a
 * row here fails.
 */
import { assert, assertEquals } from "@std/assert";
import { SignJWT } from "jose";
import { CLIENT_LIMITS, type ClientLimit } from "../../src/edge/edge_counters.ts";
import { addressConnectionsMax, connectionsMax } from "../../src/edge/hardened/connection_guard.ts";
import type { EdgeSettings } from "../../src/feed/settings/settings.ts";
import { handshakeText, rawRequest } from "../support/raw_http.ts";
import { frameBytes, RawSocket } from "../support/raw_socket.ts";
import { AUDIENCE, ISSUER, JWT_SECRET, secretSettings } from "../support/token_factory.ts";
import { edgeRig, type Rig, type RigOptions } from "./edge_rig.ts";
import { SocketClient } from "./test_clients.ts";

interface Met {
  readonly limit: ClientLimit;
  readonly settings: Partial<EdgeSettings>;
  readonly rig?: RigOptions;
  /** Only where that server holds it. */
  readonly only?: "hardened";
  meet(port: number, rig: Rig): Promise<void>;
}

const HOUR_S = 3600;
const token = () =>
  new SignJWT({ sub: "user-1" }).setProtectedHeader({ alg: "HS256" }).setIssuer(ISSUER).setAudience(AUDIENCE)
    .setExpirationTime(Math.floor(Date.now() / 1000) + HOUR_S).sign(new TextEncoder().encode(JWT_SECRET));

/** Opens one client and sees the next refused with this code. */
async function secondIsRefused(port: number, code: string): Promise<void> {
  await using first = new SocketClient(port, "/ws/tick");
  await first.first("hello");
  const response = await fetch(`http://127.0.0.1:${port}/ws/tick`);
  assertEquals([response.status, (await response.json()).error.code], [503, code]);
}

const ROUNDS_MAX = 50;
/** Longer than a busy machine takes to open every connection it may. */
const NO_HURRY_MS = 600_000;

/** A client says something, and is told this code. */
async function isTold(port: number, messages: readonly string[], code: string): Promise<void> {
  await using client = new SocketClient(port, "/ws/tick");
  const isIn = () => client.of("error").some((error) => error.code === code);
  const answers = () =>
    ["pong", "subscribed", "error"].reduce((sum, type) => sum + client.of(type).length, 0);
  // What is bounded by the second is said again where a busy machine took longer to say it.
  for (let rounds = 1; !isIn(); rounds++) {
    assert(rounds <= ROUNDS_MAX, `never ${code}`);
    for (const message of messages) await client.say(message);
    await client.until(code, () => isIn() || answers() >= rounds * messages.length);
  }
  // It lives on.
  assertEquals(client.socket.readyState, WebSocket.OPEN);
}

const symbols = (count: number, from = 0) =>
  JSON.stringify({
    action: "subscribe",
    symbols: Array.from({ length: count }, (_, n) => `S${(from + n).toString(36).toUpperCase()}`),
  });

const ROWS: readonly Met[] = [
  {
    limit: "address",
    settings: { maxConnectionsPerIp: 1 },
    meet: (port) => secondIsRefused(port, "OVERLOADED"),
  },
  {
    limit: "instance",
    settings: { wsMaxConnections: 1 },
    meet: (port) => secondIsRefused(port, "OVERLOADED"),
  },
  {
    limit: "token",
    settings: { maxConnectionsPerToken: 1, authMode: "jwt", jwt: secretSettings },
    async meet(port) {
      const good = await token();
      await using first = new SocketClient(port, "/ws/tick", ["tickcast.v1", `bearer.${good}`]);
      await first.first("hello");
      const response = await fetch(`http://127.0.0.1:${port}/ws`, {
        headers: { authorization: `Bearer ${good}` },
      });
      assertEquals([response.status, (await response.json()).error.code], [503, "OVERLOADED"]);
    },
  },
  {
    limit: "memory",
    settings: { memoryShedBytes: 100 },
    rig: { memoryBytes: () => 101 },
    async meet(port) {
      const response = await fetch(`http://127.0.0.1:${port}/events/tick`);
      await response.body?.cancel();
      assertEquals([response.status, Number(response.headers.get("retry-after")) > 0], [503, true]);
    },
  },
  {
    limit: "auth_time",
    settings: { authTimeoutMs: 500, authMode: "jwt", jwt: secretSettings },
    async meet(port) {
      await using client = new SocketClient(port, "/ws/tick");
      assertEquals((await client.closed).code, 4501);
    },
  },
  {
    limit: "messages",
    settings: { messagesPerSecond: 1 },
    meet: (port) => isTold(port, Array<string>(6).fill('{"action":"ping"}'), "RATE_LIMITED"),
  },
  {
    limit: "bytes",
    settings: { bytesPerSecond: 1024 },
    meet: (port) =>
      isTold(
        port,
        Array<string>(3).fill(JSON.stringify({ action: "ping", x: "x".repeat(2000) })),
        "RATE_LIMITED",
      ),
  },
  {
    limit: "message_size",
    settings: { messageMaxBytes: 1024 },
    async meet(port, { edge }) {
      await using client = new SocketClient(port, "/ws/tick");
      await client.say(JSON.stringify({ action: "ping", x: "é".repeat(600) }));
      if (edge.core.settings.server === "hardened") assertEquals((await client.closed).code, 1009);
      else assertEquals((await client.first("error")).code, "TOO_LARGE");
    },
  },
  {
    limit: "symbols",
    settings: { maxSymbols: 10 },
    meet: (port) => isTold(port, [symbols(8), symbols(8, 8)], "TOO_MANY_SYMBOLS"),
  },
  {
    limit: "sockets",
    settings: { wsMaxConnections: 1, maxConnectionsPerIp: 10_000, headersTimeoutMs: NO_HURRY_MS },
    only: "hardened",
    async meet(port) {
      const halves: Deno.Conn[] = [];
      try {
        for (let n = 0; n < connectionsMax(1) + 5; n++) {
          halves.push(await Deno.connect({ hostname: "127.0.0.1", port }));
        }
        const last = halves.at(-1);
        assertEquals(await last?.read(new Uint8Array(1)).catch(() => null), null);
      } finally {
        for (const half of halves) half.close();
      }
    },
  },
  {
    limit: "headers",
    settings: { headersMaxBytes: 4096 },
    only: "hardened",
    async meet(port) {
      const answer = await rawRequest(port, handshakeText("/ws", { "X-Big": "x".repeat(8192) }));
      assertEquals(answer.status, 431);
    },
  },
  {
    limit: "tickets",
    settings: { authMode: "jwt", jwt: secretSettings },
    async meet(port) {
      const knock = async (n: number) => {
        const ticket = `${String(n).padStart(22, "A")}.${"B".repeat(43)}`;
        return await (await fetch(`http://127.0.0.1:${port}/sse/tick?ticket=${ticket}`)).text();
      };
      const answers: string[] = [];
      while (!answers.some((text) => text.includes("RATE_LIMITED"))) {
        assert(answers.length < ROUNDS_MAX * 60, "never refused");
        answers.push(...await Promise.all(Array.from({ length: 60 }, (_, n) => knock(n))));
      }
      assert(answers.some((text) => text.includes("UNAUTHORIZED")));
    },
  },
  {
    limit: "header_time",
    settings: { headersTimeoutMs: 1000 },
    only: "hardened",
    async meet(port) {
      const answer = await rawRequest(port, "GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ");
      assertEquals(answer.status, 408);
    },
  },
];

async function metricOf(rig: Rig, limit: string): Promise<number> {
  const text = await (await rig.edge.fetch(new Request("http://edge/metrics"))).text();
  const value = new RegExp(`^tickcast_limits_met_total\\{limit="${limit}"\\} (\\d+)$`, "m").exec(text)?.[1];
  assert(value !== undefined, `no counter for ${limit}`);
  return Number(value);
}

Deno.test("every limit has a row", () => {
  assertEquals(ROWS.map(({ limit }) => limit).sort(), [...CLIENT_LIMITS].sort());
});

for (const server of ["deno", "hardened"] as const) {
  for (const row of ROWS.filter(({ only }) => only === undefined || only === server)) {
    Deno.test(`a client that meets the limit ${row.limit} is answered and counted (SERVER=${server})`, async () => {
      await using rig = edgeRig({ ...row.rig, settings: { ...row.settings, server } });
      const { port } = await rig.edge.serve("127.0.0.1", 0);
      assertEquals(await metricOf(rig, row.limit), 0);
      await row.meet(port, rig);
      assert(await metricOf(rig, row.limit) > 0, "it was not counted");
    });
  }
}

for (const trustedProxies of [[], ["127.0.0.0/8"]]) {
  const who = trustedProxies.length === 0
    ? "one address leaves room for others"
    : "a trusted proxy may hold all of them";
  Deno.test(`of the connections nobody has said anything on ${who} (SERVER=hardened)`, async () => {
    const settings = {
      server: "hardened" as const,
      maxConnectionsPerIp: 1,
      wsMaxConnections: 10,
      headersTimeoutMs: NO_HURRY_MS,
      trustedProxies,
    };
    await using rig = edgeRig({ settings });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    const halves: Deno.Conn[] = [];
    try {
      for (let n = 0; n < addressConnectionsMax(1) + 1; n++) {
        halves.push(await Deno.connect({ hostname: "127.0.0.1", port }));
      }
      const last = halves.at(-1);
      await last?.write(new TextEncoder().encode("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")).catch(() => {});
      const count = await last?.read(new Uint8Array(1)).catch(() => null);
      assertEquals(count, trustedProxies.length === 0 ? null : 1);
      assertEquals((rig.edge.counters.limits.get("address") ?? 0) > 0, trustedProxies.length === 0);
    } finally {
      for (const half of halves) half.close();
    }
  });
}

Deno.test("pings are answered as often as a socket may send, and a flood of them ends it (SERVER=hardened)", async () => {
  await using rig = edgeRig({ settings: { server: "hardened", messagesPerSecond: 5 } });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  using socket = await RawSocket.open(port, "/ws/tick");
  await socket.until("hello");
  const pings = frameBytes({ opcode: 9, payload: "x" });
  const burst = new Uint8Array(pings.length * 2000);
  for (let n = 0; n < 2000; n++) burst.set(pings, n * pings.length);
  await socket.write(burst);
  assertEquals(await socket.ending(), 4003);
  assert(socket.pongs >= 20 && socket.pongs < 200, `${socket.pongs} pongs`);
});
