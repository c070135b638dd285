/** The checklist's rows about peers that behave oddly below HTTP, or ask oddly of it, on both servers. */
import { assert, assertEquals } from "@std/assert";
import { aTrade } from "../support/event_factory.ts";
import { handshakeText, rawRequest } from "../support/raw_http.ts";
import { pause } from "../support/until.ts";
import { edgeRig } from "./edge_rig.ts";
import { SocketClient, StreamClient } from "./test_clients.ts";

const ALLOWED = "https://app.example.com";
/** Row, request, statuses that answer it (0: cut without an answer) by the hardened server and by Deno's own. */
const ROWS:
  readonly (readonly [row: string, text: string, hardened: readonly number[], deno: readonly number[]])[] = [
    ["a wrong version", handshakeText("/ws", { "Sec-WebSocket-Version": "12" }), [400, 426], [101, 400, 426]],
    ["no version", handshakeText("/ws", { "Sec-WebSocket-Version": null }), [400, 426], [101, 400, 426]],
    [
      "two versions",
      handshakeText("/ws", { "Sec-WebSocket-Version": "13", "sec-websocket-version": "8" }),
      [400, 426],
      [101, 400, 426],
    ],
    ["an upgrade by HTTP/1.0", handshakeText("/ws", {}, "GET /ws HTTP/1.0"), [400, 426], [101, 400, 426]],
    ["an event stream by HTTP/1.0", "GET /sse/tick HTTP/1.0\r\nHost: x\r\n\r\n", [200], [200]],
    ["a poll by HTTP/1.0", "GET /events/tick HTTP/1.0\r\nHost: x\r\n\r\n", [200], [200]],
    ["no Host", "GET /events/tick HTTP/1.1\r\n\r\n", [400], [200, 400]],
    [
      "two lengths of a body",
      "POST /tickets HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
      [400],
      [400],
    ],
    [
      "a length and chunks",
      "POST /tickets HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      [400, 403, 404],
      [400, 403, 404],
    ],
  ];

for (const server of ["deno", "hardened"] as const) {
  const test = (name: string, fn: (t: Deno.TestContext) => Promise<void>) =>
    Deno.test(`${name} (SERVER=${server})`, fn);

  test("odd ways to ask have their answer", async (t) => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    await using witness = new SocketClient(port, "/ws/tick?symbols=*");
    await witness.first("subscribed");
    for (const [row, text, hardened, deno] of ROWS) {
      await t.step(row, async () => {
        const { status, text: answer } = await rawRequest(port, text);
        const allowed = server === "hardened" ? hardened : deno;
        assert(allowed.includes(status), `${status}: ${answer.slice(0, 200)}`);
      });
    }
    await witness.say({ action: "ping" });
    await witness.first("pong");
  });

  test("OPTIONS is answered for pages that are allowed and says nothing to others", async () => {
    await using rig = edgeRig({ settings: { server, allowedOrigins: [ALLOWED] } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    for (const path of ["/sse/tick", "/events/tick", "/snapshot/tick"]) {
      const ask = async (origin: string) => {
        const headers = { origin, "access-control-request-method": "GET" };
        const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: "OPTIONS", headers });
        await response.body?.cancel();
        return [response.status < 300, response.headers.get("access-control-allow-origin")];
      };
      assertEquals(await ask(ALLOWED), [true, ALLOWED], path);
      assertEquals((await ask("https://evil.example"))[1], null, path);
    }
  });

  test("a peer that closes its half of an event stream leaves nothing behind once it is gone", async () => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    {
      using half = await Deno.connect({ hostname: "127.0.0.1", port });
      await half.write(new TextEncoder().encode("GET /sse/tick HTTP/1.1\r\nHost: x\r\n\r\n"));
      await half.read(new Uint8Array(1024));
      await half.closeWrite();
      await using other = new StreamClient(port, "/sse/tick");
      await other.first("subscribed");
      await rig.writer.append("tick", [aTrade()]);
      await other.events(1);
    }
    for (let n = 0; rig.edge.hub.size > 0; n++) {
      // A write to a peer that is gone is what tells.
      assert(n < 500, `${rig.edge.hub.size} are still there`);
      await rig.writer.append("tick", [aTrade({ tid: String(n + 2) })]);
      await pause(10);
    }
  });

  test("polls faster than any client needs are answered from memory: the lists are read no more often", async () => {
    await using rig = edgeRig({ settings: { server }, pullMs: 50 });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    await rig.writer.append("tick", [aTrade()]);
    const poll = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/events/tick?cursor=earliest`);
      await response.body?.cancel();
      return response.status;
    };
    await poll();
    const [pulls, beganMs] = [rig.edge.counters.pulls, performance.now()];
    const statuses = new Set<number>();
    for (let n = 0; n < 20; n++) {
      for (const status of await Promise.all(Array.from({ length: 25 }, poll))) statuses.add(status);
    }
    const intervals = Math.ceil((performance.now() - beganMs) / 50);
    assertEquals([...statuses], [200]);
    assert(
      rig.edge.counters.pulls - pulls <= intervals + 3,
      `${rig.edge.counters.pulls - pulls} in ${intervals}`,
    );
  });
}

Deno.test("a connection that says nothing, or begins what is no HTTP and waits, is ended in time (SERVER=hardened)", async () => {
  await using rig = edgeRig({ settings: { server: "hardened", headersTimeoutMs: 1000 } });
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  // The second is how a TLS handshake begins that waits for its answer.
  for (const first of [new Uint8Array(0), new Uint8Array([0x16, 3, 1])]) {
    using silent = await Deno.connect({ hostname: "127.0.0.1", port });
    await silent.write(first);
    const late = AbortSignal.timeout(20_000);
    const close = () => silent.close();
    late.addEventListener("abort", close);
    const answer = new Uint8Array(256);
    for (;;) {
      const count = await silent.read(answer).catch(() => null);
      if (count === null) break;
    }
    late.removeEventListener("abort", close);
    assertEquals(late.aborted, false);
  }
});
