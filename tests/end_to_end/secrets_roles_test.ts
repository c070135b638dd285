/**
 * The roles apart, over a real Redis by TCP and by REST, with both servers: planted secrets are looked for in every log line, answer,
 * metric and in what stands in Redis.
 */
import { systemClock } from "../../src/feed/clock.ts";
import { silentLog } from "../../src/feed/log.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import { SocketClient, StreamClient } from "../edge/test_clients.ts";
import {
  assertSaysNoSecret,
  PLANTED,
  PLANTED_AUTH,
  plantedToken,
  secretsOf,
} from "../support/planted_secrets.ts";
import { realPart } from "../support/real_parts.ts";
import { type RedisServer, startRedis } from "../support/redis_server.ts";
import { startRestFront } from "../support/rest_front.ts";
import { type Running, startRunning } from "../support/running.ts";
import { until } from "../support/until.ts";

const redis = realPart("redis-server");

const PATHS = [
  "/health/streams",
  "/ws/stats",
  "/metrics",
  "/api/cost",
  "/api/websocket/connections",
  "/events/tick?cursor=earliest",
  "/snapshot/tick?symbols=AAPL",
  "/openapi.json",
  "/ws",
];

/** What the edge answers to whoever has a good token, the operator's, or one that is wrong. */
async function askEdge(base: string, tokens: readonly string[]): Promise<string[]> {
  const said: string[] = [];
  for (const one of tokens) {
    const headers = { authorization: `Bearer ${one}` };
    for (const path of PATHS) {
      const response = await fetch(base + path, { headers });
      said.push(JSON.stringify([...response.headers]), await response.text());
    }
    for (const path of ["/api/reload", "/api/websocket/rebalance"]) {
      const response = await fetch(base + path, { method: "POST", headers });
      said.push(JSON.stringify([...response.headers]), await response.text());
    }
  }
  return said;
}

/** A ticket's whole life: given, used, used again, with the cookie it leaves. The answers that must hold them are not searched. */
async function useTicket(base: string, good: string): Promise<{ said: string[]; ticket: string }> {
  const headers = { authorization: `Bearer ${good}` };
  const { ticket } = await (await fetch(`${base}/tickets`, { method: "POST", headers })).json();
  await using stream = new StreamClient(base, `/sse/tick?ticket=${ticket}`);
  await stream.first("subscribed");
  const again = await fetch(`${base}/sse/tick?ticket=${ticket}`);
  return { said: [JSON.stringify(stream.messages), await again.text()], ticket };
}

/** Every value that stands in Redis. */
async function everythingIn(server: RedisServer): Promise<string[]> {
  const said: string[] = [];
  const keys = await server.send("KEYS", "*");
  for (const key of Array.isArray(keys) ? keys.map(String) : []) {
    const type = String(await server.send("TYPE", key));
    const read: Record<string, string[]> = {
      string: ["GET", key],
      list: ["LRANGE", key, "0", "-1"],
      hash: ["HGETALL", key],
      set: ["SMEMBERS", key],
    };
    said.push(key, JSON.stringify(await server.send(...(read[type] ?? ["EXISTS", key]))));
  }
  return said;
}

async function runApart(server: string, store: Record<string, string>, lists: RedisServer): Promise<void> {
  await using simulator = await startSimulator({ symbols: 5, rate: 100 }, {
    clock: systemClock,
    log: silentLog,
  });
  await using ingest: Running = await startRunning({
    ROLE: "ingest",
    MASSIVE_API_KEY: PLANTED.apiKey,
    MASSIVE_REALTIME_URL: simulator.url,
    MASSIVE_BUSINESS_URL: `${simulator.url}/business`,
    DATA_FREQUENCIES: "tick,minute,fmv",
    LOG_LEVEL: "debug",
    ...store,
  });
  await using edge: Running = await startRunning({
    ROLE: "edge",
    SERVER: server,
    ...PLANTED_AUTH,
    LOG_LEVEL: "debug",
    ...store,
  });
  const good = await plantedToken();
  {
    await using client = new SocketClient(edge.base, "/ws/tick?symbols=*", ["tickcast.v1", `bearer.${good}`]);
    await client.events(5);
    const said = await askEdge(edge.base, [good, PLANTED.adminToken, PLANTED.wrongToken]);
    const tickets = await useTicket(edge.base, good);
    const healthOf = await fetch(`${ingest.base}/health/ready`);
    said.push(await healthOf.text(), ...tickets.said, JSON.stringify(client.messages));
    const kept = await everythingIn(lists);
    const secrets = [
      ...secretsOf(good),
      tickets.ticket.split(".")[1] ?? "",
      store.UPSTASH_REDIS_REST_TOKEN ?? good,
    ];
    assertSaysNoSecret([...said, ...ingest.lines, ...edge.lines, ...kept], secrets);
  }
  await until(() => ingest.lines.some((line) => line.includes("upstream_connect")), "ingest's log", 5_000);
}

for (const server of ["deno", "hardened"]) {
  Deno.test({
    name:
      `ingest and edge apart over Redis by TCP say and keep none of their secrets (SERVER=${server})${redis.note}`,
    ignore: redis.ignore,
    async fn() {
      await using lists = await startRedis({
        args: ["--requirepass", PLANTED.redisPassword],
        password: PLANTED.redisPassword,
      });
      await runApart(server, { REDIS_URL: lists.url }, lists);
    },
  });

  Deno.test({
    name:
      `ingest and edge apart over Redis by REST say and keep none of their secrets (SERVER=${server})${redis.note}`,
    ignore: redis.ignore,
    async fn() {
      await using lists = await startRedis();
      await using front = await startRestFront(lists);
      const store = { UPSTASH_REDIS_REST_URL: front.url, UPSTASH_REDIS_REST_TOKEN: front.token };
      await runApart(server, store, lists);
    },
  });
}
