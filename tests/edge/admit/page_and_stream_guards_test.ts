/** The origin is judged before an event stream's body; pages carry what keeps them from being framed or made to run something. */
import { assertEquals } from "@std/assert";
import { startRunning } from "../../support/running.ts";
import { edgeRig } from "../edge_rig.ts";

for (const server of ["deno", "hardened"] as const) {
  Deno.test(`a page of another site gets no event stream, no poll and no ticket (SERVER=${server})`, async () => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    for (const path of ["/sse", "/sse/tick", "/events/tick", "/snapshot/tick", "/massive/stocks", "/ws"]) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { origin: "https://evil.example" },
      });
      const text = await response.text();
      assertEquals([response.status, /"code":"(\w+)"/.exec(text)?.[1]], [403, "FORBIDDEN"], path);
      assertEquals(response.headers.get("access-control-allow-origin"), null);
    }
    assertEquals(rig.edge.hub.size, 0);
  });

  Deno.test(`pages, answers and streams carry the guards of a browser (SERVER=${server})`, async () => {
    await using running = await startRunning({ ROLE: "all", SERVER: server, SIMULATOR_SYMBOLS: "2" });
    for (const path of ["/", "/status", "/health", "/events/tick", "/sse/tick", "/nowhere"]) {
      const response = await fetch(running.base + path);
      await response.body?.cancel();
      const { headers } = response;
      const policy = headers.get("content-security-policy") ?? "";
      const isPage = headers.get("content-type")?.startsWith("text/html") ?? false;
      assertEquals(policy.includes("default-src 'none'") && !policy.includes("unsafe-inline"), isPage, path);
      assertEquals(headers.get("x-content-type-options"), "nosniff", path);
      assertEquals(headers.get("referrer-policy"), "no-referrer", path);
      assertEquals(headers.get("x-frame-options"), "DENY", path);
    }
  });
}
