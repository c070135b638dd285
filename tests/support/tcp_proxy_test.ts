import { assertEquals } from "@std/assert";
import { freePort } from "./redis_server.ts";
import { startTcpProxy } from "./tcp_proxy.ts";

/** Bytes read until the other side ends; 0 also when it ends with a reset. */
async function readToEnd(connection: Deno.Conn): Promise<number> {
  let bytes = 0;
  const chunk = new Uint8Array(1024);
  for (;;) {
    const count = await connection.read(chunk).catch(() => null);
    if (count === null) return bytes;
    bytes += count;
  }
}

Deno.test("a proxy before nobody ends the connections it is given", async () => {
  await using proxy = startTcpProxy(freePort());
  using client = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  assertEquals(await readToEnd(client), 0);
});

Deno.test("a proxy ends with connections that are only just made, and with bytes on a long way", async () => {
  using server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clients: Deno.Conn[] = [];
  const accepted: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of server) accepted.push(connection);
  })().catch(() => {});
  {
    await using proxy = startTcpProxy(server.addr.port);
    proxy.latencyMs = 200;
    for (let n = 0; n < 20; n++) {
      const client = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
      clients.push(client);
      await client.write(new Uint8Array(10));
    }
  }
  for (const client of clients) {
    assertEquals(await readToEnd(client), 0);
    client.close();
  }
  server.close();
  await accepting;
  for (const connection of accepted) connection.close();
});
