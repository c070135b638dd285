/** Ingest and an edge are started where there is no Redis yet: the edge serves what it can, ingest waits, and both find it once it is up. */
import { assertEquals } from "@std/assert";
import { systemClock } from "../../src/feed/clock.ts";
import { silentLog } from "../../src/feed/log.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import { SocketClient } from "../edge/test_clients.ts";
import { realPart } from "../support/real_parts.ts";
import { startRedis } from "../support/redis_server.ts";
import { startRunning } from "../support/running.ts";
import { until } from "../support/until.ts";

const redis = realPart("redis-server");

async function statusOf(base: string, path: string): Promise<number> {
  const response = await fetch(base + path, { signal: AbortSignal.timeout(20_000) });
  await response.body?.cancel();
  return response.status;
}

Deno.test({
  name:
    `without Redis at the start an edge serves, ingest waits and opens no socket upstream; once it is up events flow${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    await using server = await startRedis();
    await server.stop();
    await using simulator = await startSimulator({ symbols: 5, rate: 100, alwaysOpen: true }, {
      clock: systemClock,
      log: silentLog,
    });
    const common = { REDIS_URL: server.url, LOG_LEVEL: "info" };
    await using ingest = await startRunning({
      ...common,
      ROLE: "ingest",
      MASSIVE_API_KEY: "demo-key",
      MASSIVE_REALTIME_URL: simulator.url,
      MASSIVE_BUSINESS_URL: `${simulator.url}/business`,
    });
    await using edge = await startRunning({ ...common, ROLE: "edge" });
    const says = (word: string) => (line: string) => line.includes(word);
    for (const one of [ingest, edge]) await until(() => one.lines.some(says("store_")), "the log tells");
    assertEquals(await Promise.all(["/health", "/health/ready"].map((path) => statusOf(edge.base, path))), [
      200,
      200,
    ]);
    assertEquals(await Promise.all(["/health", "/health/ready"].map((path) => statusOf(ingest.base, path))), [
      200,
      200,
    ]);
    assertEquals(await statusOf(edge.base, "/health/streams"), 503);
    await using early = new SocketClient(edge.base, "/ws/tick");
    assertEquals((await early.first("hello")).protocol, "tickcast.v1");
    assertEquals(simulator.state().accepted, 0);
    await server.start();
    await until(() => simulator.state().accepted === 1, "ingest leads");
    await until(async () => await statusOf(edge.base, "/health/streams/tick") === 200, "a live stream");
    await early.say({ action: "subscribe", symbols: ["*"] });
    await early.events(10);
    assertEquals([early.of("gap"), early.of("error")], [[], []]);
  },
});
