/** The contract over the real Upstash client, against a REST front of a real redis-server. */
import { realPart } from "../support/real_parts.ts";
import { type RedisServer, startRedis } from "../support/redis_server.ts";
import { type RestFront, startRestFront } from "../support/rest_front.ts";
import { contractSuite } from "./contract.ts";
import { redisBench } from "./redis_bench.ts";

const redis = realPart("redis-server");
let server: RedisServer;
let front: RestFront;

Deno.test.beforeAll(async () => {
  if (redis.ignore) return;
  server = await startRedis();
  front = await startRestFront(server);
});
Deno.test.afterAll(async () => {
  if (redis.ignore) return;
  await front[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

contractSuite({
  name: "rest",
  ignore: redis.ignore,
  note: redis.note,
  open: () => redisBench(server, { transport: "rest", url: front.url, token: front.token }),
});
