/** The contract over TCP to a real redis-server. */
import { realPart } from "../support/real_parts.ts";
import { type RedisServer, startRedis } from "../support/redis_server.ts";
import { contractSuite } from "./contract.ts";
import { redisBench } from "./redis_bench.ts";

const redis = realPart("redis-server");
let server: RedisServer;

Deno.test.beforeAll(async () => {
  if (!redis.ignore) server = await startRedis();
});
Deno.test.afterAll(async () => {
  if (!redis.ignore) await server[Symbol.asyncDispose]();
});

contractSuite({
  name: "tcp",
  ignore: redis.ignore,
  note: redis.note,
  open: () => redisBench(server, { transport: "tcp", url: server.url }),
});
