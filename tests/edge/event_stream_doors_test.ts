/** Ways to ask for an event stream that are not the usual one: none of them gets past what is counted and bounded. */
import { assertEquals } from "@std/assert";
import { rawRequest } from "../support/raw_http.ts";
import { until } from "../support/until.ts";
import { edgeRig, type Rig } from "./edge_rig.ts";

const PER_ADDRESS = 2;

for (const server of ["deno", "hardened"] as const) {
  const test = (name: string, fn: (port: number, rig: Rig) => Promise<void>) =>
    Deno.test(`${name} (SERVER=${server})`, async () => {
      await using rig = edgeRig({ settings: { server, maxConnectionsPerIp: PER_ADDRESS } });
      const { port } = await rig.edge.serve("127.0.0.1", 0);
      await fn(port, rig);
    });

  test("however its path is spelled an event stream counts to its address", async (port, rig) => {
    for (
      const path of ["/sse/tick", "/sse/%74ick", "/%73se/tick", "/s%73e/tick?symbols=AAPL", "/sse/tick/"]
    ) {
      const readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
      let live = 0;
      for (let n = 0; n < PER_ADDRESS + 2; n++) {
        const { body } = await fetch(`http://127.0.0.1:${port}${path}`);
        const reader = body?.getReader();
        if (reader === undefined) continue;
        readers.push(reader);
        const { value } = await reader.read();
        if (new TextDecoder().decode(value).includes("event: hello")) live++;
      }
      assertEquals([live, rig.edge.hub.size], [PER_ADDRESS, PER_ADDRESS], path);
      for (const reader of readers) await reader.cancel();
      await until(() => rig.edge.hub.size === 0, "all are gone");
    }
  });

  test("an event stream of no known name is refused, whatever its spelling", async (port) => {
    for (const path of ["/sse/bogus", "/sse/ti-ck", "/sse/%2574ick", "/sse/%E0%A4%A"]) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      await response.body?.cancel();
      assertEquals(response.status, 404, path);
    }
  });

  test("an event stream asked for with an upgrade leaves nothing behind", async (port, rig) => {
    const ask = (upgrade: string) =>
      `GET /sse/tick HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: ${upgrade}\r\n\r\n`;
    for (const upgrade of ["h2c", "websocket", "h2c"]) {
      if (server === "hardened") {
        assertEquals((await rawRequest(port, ask(upgrade))).status, 400, upgrade);
      } else {
        // That server takes no notice of the header: it is a stream like any other.
        using connection = await Deno.connect({ hostname: "127.0.0.1", port });
        await connection.write(new TextEncoder().encode(ask(upgrade)));
        await connection.read(new Uint8Array(64));
        assertEquals(rig.edge.hub.size, 1, upgrade);
      }
      await until(() => rig.edge.hub.size === 0, "it is gone");
    }
  });
}
