/**
 * The checklist's *Handshake* part, on the wire: each row has its defined answer, and none of them troubles a client
 * beside it.
 */
import { assert, assertEquals } from "@std/assert";
import { ownTime } from "../support/own_time.ts";
import { handshakeText, rawRequest } from "../support/raw_http.ts";
import { edgeRig, type RigOptions } from "./edge_rig.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { SocketClient } from "./test_clients.ts";

const ALLOWED = "https://app.example.com";
const AUTH_TIMEOUT_MS = 5_000;
const SECRET = "SECRET0SECRET0SECRET";

async function serve(server: "deno" | "hardened", over: RigOptions = {}) {
  const rig = edgeRig({ ...over, settings: { allowedOrigins: [ALLOWED], ...over.settings, server } });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  return { rig, port, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

/** Row, request, statuses that answer it (0: cut without an answer). */
const ROWS: readonly (readonly [row: string, text: string, ...statuses: number[]])[] = [
  ["no Origin", handshakeText("/ws"), 101],
  ["an allowed Origin", handshakeText("/ws", { Origin: ALLOWED }), 101],
  ["our own Origin", handshakeText("/ws", { Origin: "https://edge.example" }), 101],
  ["Origin null", handshakeText("/ws", { Origin: "null" }), 403],
  [
    "an Origin that begins like the allowed one",
    handshakeText("/ws", { Origin: `${ALLOWED}.evil.com` }),
    403,
  ],
  ["Origin in upper case", handshakeText("/ws", { Origin: ALLOWED.toUpperCase() }), 403],
  ["Origin of another port", handshakeText("/ws", { Origin: `${ALLOWED}:444` }), 403],
  ["two Origins", handshakeText("/ws", { Origin: ALLOWED, ORIGIN: "https://evil.example" }), 403],
  ["a missing key", handshakeText("/ws", { "Sec-WebSocket-Key": null }), 400],
  ["Upgrade on POST", handshakeText("/ws", {}, "POST /ws HTTP/1.1"), 405],
  ["Upgrade in another case", handshakeText("/ws", { Upgrade: "WebSocket" }), 101],
  ["no Upgrade at all", handshakeText("/ws", { Upgrade: null, Connection: null }), 426],
  ["another protocol to upgrade to", handshakeText("/ws", { Upgrade: "h2c" }), 426],
  [
    "33 subprotocols with ours among them",
    handshakeText("/ws", {
      "Sec-WebSocket-Protocol": [...Array.from({ length: 32 }, (_, n) => `p${n}`), "tickcast.v1"].join(", "),
    }),
    101,
  ],
  ["subprotocols without ours", handshakeText("/ws", { "Sec-WebSocket-Protocol": "graphql-ws, mqtt" }), 400],
  ["a header of 64 KiB", handshakeText("/ws", { "X-Big": "x".repeat(65_536) }), 400, 431],
  [
    "300 headers",
    handshakeText("/ws", Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`X-${n}`, "x"]))),
    400,
    431,
  ],
  ["a URL of 200 KB", handshakeText(`/ws?symbols=${"A,".repeat(100_000)}`), 400, 414, 431],
  ["an unknown stream", handshakeText("/ws/nope"), 404],
  ["path traversal", handshakeText("/ws/../../etc/passwd"), 404],
  ["encoded path traversal", handshakeText("/ws/%2e%2e%2fetc"), 404],
  ["an encoded slash in a stream's name", handshakeText("/ws/tick%2Fminute"), 404],
  ["a stream named like an object's own", handshakeText("/ws/__proto__"), 404],
  ["a stream with a NUL", handshakeText("/ws/tick%00"), 404],
  ["a name that breaks lines", handshakeText("/ws/tick%0d%0aX-Evil:1"), 404],
  ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 0, 400],
  ["a request line of nonsense", "KNOCK KNOCK HTTP/9.9\r\n\r\n", 0, 400],
];

for (const server of ["deno", "hardened"] as const) {
  const test = (name: string, fn: (t: Deno.TestContext) => Promise<void>) =>
    Deno.test(`${name} (SERVER=${server})`, fn);

  test("every way to knock has its defined answer, and nothing of it is repeated", async (t) => {
    await using served = await serve(server);
    await using witness = new SocketClient(served.port, "/ws/tick?symbols=*");
    await witness.first("subscribed");
    for (const [row, text, ...statuses] of ROWS) {
      await t.step(row, async () => {
        const answer = await rawRequest(served.port, text);
        assert(statuses.includes(answer.status), `${answer.status}: ${answer.text.slice(0, 200)}`);
        for (const echo of ["etc/passwd", "nope", "X-Evil", "evil.com", "__proto__"]) {
          assertEquals(answer.text.includes(echo), false, echo);
        }
      });
    }
    await witness.say({ action: "ping" });
    await witness.first("pong");
  });

  test("a token beside the subprotocol is not echoed, in whatever place it stands", async () => {
    await using served = await serve(server);
    for (const offer of [`bearer.${SECRET}, tickcast.v1`, `tickcast.v1, bearer.${SECRET}`]) {
      const answer = await rawRequest(served.port, handshakeText("/ws", { "Sec-WebSocket-Protocol": offer }));
      assertEquals([answer.status, answer.text.includes(SECRET)], [101, false]);
      assert(/^sec-websocket-protocol: tickcast\.v1\r?$/im.test(answer.text), answer.text);
    }
    const alone = await rawRequest(
      served.port,
      handshakeText("/ws", { "Sec-WebSocket-Protocol": `bearer.${SECRET}` }),
    );
    assertEquals([alone.status, alone.text.includes(SECRET)], [400, false]);
    const massive = await rawRequest(
      served.port,
      handshakeText("/massive/stocks", { "Sec-WebSocket-Protocol": `bearer.${SECRET}` }),
    );
    assertEquals([massive.status, massive.text.includes(SECRET)], [101, false]);
  });

  test("a thousand half-open connections keep nobody else out", async () => {
    await using served = await serve(server);
    const halves: Deno.Conn[] = [];
    try {
      for (let n = 0; n < 1000; n++) {
        const half = await Deno.connect({ hostname: "127.0.0.1", port: served.port });
        halves.push(half);
        await half.write(new TextEncoder().encode("GET /ws HTTP/1.1\r\nHost: x\r\nX-Slow: "));
      }
      await using client = new SocketClient(served.port, "/ws/tick?symbols=*");
      await client.first("subscribed");
      // They hold no place among the clients, whatever they hold of the kernel.
      assertEquals(served.rig.edge.counters.active.ws, 1);
    } finally {
      for (const half of halves) half.close();
    }
  });

  test("a socket that does not authenticate in time is closed with a code that does not come back", async () => {
    const gate = {
      admit: () => ({ principal: undefined, headers: undefined }),
      authenticate: () => Promise.reject(new Error("never asked")),
    };
    const clock = new ManualClock();
    const served = await serve(server, { gate, clock });
    const client = new SocketClient(served.port, "/ws/tick");
    await client.first("hello");
    await clock.advance(AUTH_TIMEOUT_MS - 500);
    assertEquals(served.rig.edge.hub.size, 1);
    await clock.advance(1_000);
    assertEquals([(await client.closed).code, served.rig.edge.hub.size], [4501, 0]);
    const drained = served.rig.edge.drain();
    await clock.advance(5_000);
    await drained;
  });

  test("health answers within a second with the store hanging, on the wire", async () => {
    const hang = (_: unknown, signal?: AbortSignal) =>
      new Promise<never>((_, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true })
      );
    await using served = await serve(server, {
      wrapStore: (store) => ({
        ...store,
        readNote: hang,
        readTail: (_list, _count, signal) => hang(0, signal),
      }),
    });
    const paths = [
      "/health",
      "/health/ready",
      "/health/streams",
      "/health/streams/tick",
      "/metrics",
      "/ws/stats",
      "/api/cost",
    ];
    const ownMs = ownTime();
    await Promise.all(paths.map(async (path) => {
      const response = await fetch(`http://127.0.0.1:${served.port}${path}`);
      await response.body?.cancel();
      const tookMs = ownMs();
      assert(tookMs < 1000, `${path} took ${tookMs} ms`);
    }));
  });
}

Deno.test("headers that trickle are cut within ten seconds, and nobody waits for them (SERVER=hardened)", async () => {
  await using served = await serve("hardened");
  using slow = await Deno.connect({ hostname: "127.0.0.1", port: served.port });
  const ownMs = ownTime();
  const write = (text: string) => slow.write(new TextEncoder().encode(text));
  await write("GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ");
  const drip = setInterval(() => void write("x").catch(() => {}), 250);
  try {
    assertEquals(
      (await fetch(`http://127.0.0.1:${served.port}/health`).then((one) => one.json())).status,
      "ok",
    );
    const buffer = new Uint8Array(1024);
    let answer = "";
    for (;;) {
      const read = await slow.read(buffer).catch(() => null);
      if (read === null) break;
      answer += new TextDecoder().decode(buffer.subarray(0, read));
    }
    const tookMs = ownMs();
    assert(tookMs < 10_000, `it took ${tookMs} ms`);
    assert(answer === "" || answer.startsWith("HTTP/1.1 408"), answer);
  } finally {
    clearInterval(drip);
  }
});
