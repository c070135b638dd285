/** A server made of bytes: frames cut in half, garbled or never ended, on a real socket. */
import { assert, assertEquals } from "@std/assert";
import type { ClientError } from "../../src/client/failure.ts";
import { Tickcast } from "../../src/client/tickcast.ts";
import { frameBytes } from "../support/raw_socket.ts";
import { hello, trade } from "./hostile_rig.ts";
import { until } from "./next.ts";

const text = (message: unknown) => frameBytes({ masked: false, payload: JSON.stringify(message) });
const whole = text({ type: "events", stream: "tick", cursor: "tick:aaaaaaaa-9", events: [trade(1)] });

/** What follows the hello and event 1. */
const ROWS: readonly (readonly [name: string, bytes: readonly Uint8Array[]])[] = [
  ["half a frame and the end", [whole.slice(0, whole.length / 2)]],
  ["half a frame's head and the end", [new Uint8Array([0x81, 126, 1])]],
  ["nothing more and the end", []],
  ["a first fragment and the end", [frameBytes({ masked: false, fin: false, payload: '{"type":' })]],
  ["a close without a code", [frameBytes({ masked: false, opcode: 8 })]],
  ["an announced gigabyte and the end", [frameBytes({ masked: false, announced: 2 ** 30, payload: "{" })]],
];

/** Answers a handshake as RFC 6455 §4.2.2 asks. */
async function shakeHands(connection: Deno.TcpConn): Promise<boolean> {
  const buffer = new Uint8Array(8192);
  let head = "";
  while (!head.includes("\r\n\r\n")) {
    const read = await connection.read(buffer);
    if (read === null) return false;
    head += new TextDecoder().decode(buffer.subarray(0, read));
  }
  const [, key] = /sec-websocket-key: (\S+)/i.exec(head) ?? [];
  // Asked why the upgrade failed: there is nothing wrong with it.
  if (key === undefined) {
    await connection.write(
      new TextEncoder().encode("HTTP/1.1 426 Upgrade Required\r\ncontent-length: 0\r\n\r\n"),
    );
    return false;
  }
  const digest = await crypto.subtle.digest(
    "SHA-1",
    new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`),
  );
  const accept = btoa(String.fromCharCode(...new Uint8Array(digest)));
  const lines = ["HTTP/1.1 101 Switching Protocols", "upgrade: websocket", "connection: Upgrade"];
  lines.push(`sec-websocket-accept: ${accept}`, "sec-websocket-protocol: tickcast.v1", "", "");
  await connection.write(new TextEncoder().encode(lines.join("\r\n")));
  return true;
}

/** Serves broken bytes to the first socket and good ones to those after it. */
function serveBytes(bytes: readonly Uint8Array[]): { readonly port: number } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  let count = 0;
  const serve = async (connection: Deno.TcpConn) => {
    open.add(connection);
    try {
      if (!await shakeHands(connection)) return;
      const isFirst = ++count === 1;
      await connection.write(text(hello));
      await connection.write(whole);
      if (!isFirst) {
        await connection.write(text({ type: "events", stream: "tick", events: [trade(2)] }));
        while (await connection.read(new Uint8Array(1024)) !== null);
      }
      for (const part of bytes) await connection.write(part);
    } catch {
      // The client was first to leave.
    } finally {
      open.delete(connection);
      connection.close();
    }
  };
  const done = (async () => {
    const serving: Promise<void>[] = [];
    for await (const connection of listener) serving.push(serve(connection));
    await Promise.all(serving);
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) connection.closeWrite().catch(() => {});
      await done;
    },
  };
}

for (const [name, bytes] of ROWS) {
  Deno.test(`a socket ends with ${name}, and the client comes back and goes on`, async () => {
    await using server = serveBytes(bytes);
    const [prices, errors]: [number[], ClientError[]] = [[], []];
    using client = new Tickcast(`http://127.0.0.1:${server.port}`, {
      transports: ["websocket"],
      platform: { random: () => 0.02 },
      onError: (error) => errors.push(error),
    });
    client.subscribe({ streams: ["tick"] }, {
      onEvents: ({ events }) => events.forEach((event) => event.type === "trade" && prices.push(event.price)),
    });
    void client.connect();
    await until("the second event", () => prices.length === 2);
    assertEquals([prices, client.stats.repeats], [[1, 2], 1]);
    assert(errors.every(({ fatal, message }) => !fatal && message.length > 10));
  });
}
