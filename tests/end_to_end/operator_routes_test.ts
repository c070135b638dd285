/** An operator's day over HTTP: connections, tickers, look-ups, rebalance, streams and reload, from the route to the sockets. */
import { assert, assertEquals } from "@std/assert";
import { ownTime } from "../support/own_time.ts";
import { startRunning } from "../support/running.ts";
import { until } from "../support/until.ts";

const TOKEN = "operator-token-of-a-test";
const symbols = (from: number, count: number) => Array.from({ length: count }, (_, n) => `S${from + n}`);

Deno.test("three connections of 110 tickers stream within 10 s, and operators move, add and remove at run time", async () => {
  const ownMs = ownTime();
  await using running = await startRunning({
    ADMIN_TOKEN: TOKEN,
    USE_MULTI_CONNECTION: "true",
    WEBSOCKET_ROUTING_STRATEGY: "round_robin",
    WEBSOCKET_CONNECTION_2_ENABLED: "true",
    WEBSOCKET_CONNECTION_3_ENABLED: "true",
    DATA_FREQUENCIES: "tick,minute",
    TICK_SYMBOLS: symbols(0, 330).join(","),
    MINUTE_SYMBOLS: symbols(0, 330).join(","),
  });
  const call = async (path: string, method = "GET", body?: unknown) => {
    const response = await fetch(`${running.base}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  const list = async () => (await call("/api/websocket/connections")).body;
  await until(async () => (await list()).connected === 3, "all three are connected");
  assert(ownMs() < 10_000, `${ownMs()} ms`);
  const { total_connections, total_tickers, connections } = await list();
  assertEquals([total_connections, total_tickers, connections.connection_2.tickers], [3, 330, 110]);

  const added = await call("/api/websocket/tickers", "POST", {
    action: "subscribe",
    tickers: ["NEW1"],
    frequency: "tick",
  });
  assertEquals([added.status, added.body.subscribed?.length], [200, 1]);
  const home = added.body.subscribed[0].connection;
  await until(async () => {
    const found = await call("/api/websocket/tickers/NEW1");
    return found.status === 200 && found.body.connections.includes(home);
  }, "the look-up knows");
  const full = await call("/api/websocket/connections", "POST", { name: "fourth" });
  assertEquals([full.status, full.body.code ?? full.body.error?.code], [409, "CONFLICT"]);

  const removed = await call("/api/websocket/connections/connection_3", "DELETE");
  assertEquals([removed.status, removed.body.removed], [200, "connection_3"]);
  await until(async () => {
    const now = await list();
    return now.total_connections === 2 && now.total_tickers === 331;
  }, "two carry everything");
  const again = await call("/api/websocket/connections", "POST", { name: "third" });
  assertEquals([again.status, again.body.connection], [200, "connection_3"]);
  await until(async () => (await list()).connected === 3, "all three are connected again");
  const balanced = await call("/api/websocket/rebalance", "POST");
  assertEquals(balanced.status, 200);
  const counts = Object.values<number>(balanced.body.connections);
  assert(Math.max(...counts) - Math.min(...counts) <= 1, counts.join());

  assertEquals((await call("/api/streams/minute", "POST", { action: "stop" })).body, {
    stream: "minute",
    state: "stopped",
  });
  assertEquals((await call("/api/streams/minute", "POST", { action: "start" })).body, {
    stream: "minute",
    state: "on",
  });
  const reloaded = await call("/api/reload", "POST");
  assertEquals([reloaded.status, reloaded.body.added, reloaded.body.removed], [200, 0, 0]);

  const nobody = await fetch(`${running.base}/api/websocket/rebalance`, { method: "POST" });
  await nobody.body?.cancel();
  assert(nobody.status === 401 || nobody.status === 403, `${nobody.status}`);
});
