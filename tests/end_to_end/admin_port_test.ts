/** `ADMIN_PORT`: what operators read and do stands on a port of its own, beside either server. */
import { assertEquals } from "@std/assert";
import { startRunning } from "../support/running.ts";

const ADMIN_TOKEN = "an-admin-token-of-length";

for (const server of ["deno", "hardened"]) {
  Deno.test(`with ADMIN_PORT statistics and acting are not where clients are (SERVER=${server})`, async () => {
    await using running = await startRunning({
      SERVER: server,
      ADMIN_PORT: "0",
      ADMIN_TOKEN,
      SIMULATOR_SYMBOLS: "3",
    });
    const told = running.lines.map((line) => JSON.parse(line)).find(({ message }) =>
      message === "admin_listening"
    );
    const admin = `http://127.0.0.1:${told?.port}`;
    const status = async (url: string, init: RequestInit = {}) => {
      const response = await fetch(url, init);
      await response.body?.cancel();
      return response.status;
    };
    const acting = { method: "POST", headers: { authorization: `Bearer ${ADMIN_TOKEN}` } };
    for (const path of ["/metrics", "/ws/stats", "/api/websocket/connections"]) {
      assertEquals([await status(running.base + path), await status(admin + path)], [404, 200], path);
    }
    assertEquals(await status(`${running.base}/api/websocket/rebalance`, acting), 404);
    assertEquals(await status(`${admin}/api/websocket/rebalance`, acting), 200);
    for (const path of ["/health", "/health/ready", "/docs"]) {
      assertEquals([await status(running.base + path), await status(admin + path)], [200, 200], path);
    }
    assertEquals([await status(`${running.base}/events/tick`), await status(`${admin}/events/tick`)], [
      200,
      404,
    ]);
  });
}
