/** The REST front itself, asked as Upstash's own client asks by default: what the other suites rest on. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Redis } from "@upstash/redis";
import { realPart } from "../support/real_parts.ts";
import { startRedis } from "../support/redis_server.ts";
import { type RestFront, startRestFront } from "../support/rest_front.ts";
import { until } from "../support/until.ts";

const redis = realPart("redis-server");

function frontTest(name: string, fn: (front: RestFront, client: Redis) => Promise<void>): void {
  Deno.test({
    name: `rest front: ${name}${redis.note}`,
    ignore: redis.ignore,
    async fn() {
      await using server = await startRedis();
      await using front = await startRestFront(server);
      await fn(
        front,
        new Redis({ url: front.url, token: front.token, retry: { retries: 0 }, enableTelemetry: false }),
      );
    },
  });
}

const post = async (front: RestFront, path: string, body: string, headers: Record<string, string> = {}) => {
  const response = await fetch(front.url + path, {
    method: "POST",
    body,
    headers: { authorization: `Bearer ${front.token}`, ...headers },
  });
  return [response.status, await response.json()];
};

frontTest(
  "the stock client works through it: base64, pipelines, transactions, scripts",
  async (_, client) => {
    await client.set("k", { a: "é 漢" });
    assertEquals(await client.get("k"), { a: "é 漢" });
    assertEquals(await client.rpush("l", "1", "2", "3"), 3);
    assertEquals(await client.lrange<number>("l", 0, -1), [1, 2, 3]);
    assertEquals(await client.multi().set("m", 1).incr("m").get("m").exec(), ["OK", 2, 2]);
    assertEquals(await client.eval("return {KEYS[1], ARGV[1]}", ["k"], ["a"]), ["k", "a"]);
    assertEquals(
      await client.eval("#!lua flags=allow-key-locking\nreturn redis.call('get', KEYS[1])", ["m"], []),
      2,
    );
  },
);

frontTest("published messages reach the stock client's subscription", async (front, client) => {
  const heard: unknown[] = [];
  const subscription = client.subscribe<string>(["ch"]);
  subscription.on("message", ({ message }) => heard.push(message));
  await until(() => front.streams === 1, "the subscription");
  await client.publish("ch", "a,b,c");
  await until(() => heard.length === 1, "the message");
  assertEquals(heard, ["a,b,c"]);
  await subscription.unsubscribe();
  await until(() => front.streams === 0, "its end");
});

frontTest("answers and statuses are Upstash's", async (front) => {
  assertEquals(await post(front, "/", '["PING"]'), [200, { result: "PONG" }]);
  assertEquals(await post(front, "/", '["GET","none"]'), [200, { result: null }]);
  assertEquals(await post(front, "/", '["SET","k","é"]', { "upstash-encoding": "base64" }), [200, {
    result: "OK",
  }]);
  assertEquals(await post(front, "/", '["GET","k"]', { "upstash-encoding": "base64" }), [200, {
    result: "w6k=",
  }]);
  assertEquals((await post(front, "/", '["NOSUCH"]'))[0], 400);
  for (const bad of ["", "{}", "[]", "[[]]", '"PING"']) {
    assertEquals((await post(front, "/", bad))[0], 400, bad);
  }
  const [status, slots] = await post(front, "/pipeline", '[["SET","a","1"],["LPUSH","a","1"],["GET","a"]]');
  assertEquals([status, slots[0], slots[2]], [200, { result: "OK" }, { result: "1" }]);
  assert(slots[1].error.startsWith("WRONGTYPE"));
  const discarded = await post(front, "/multi-exec", '[["SET","b","1"],["NOSUCH"]]');
  assertEquals([discarded[0], Object.keys(discarded[1])], [400, ["error"]]);
  assertEquals(await post(front, "/", '["GET","b"]'), [200, { result: null }]);
  assertEquals((await post(front, "/", JSON.stringify(["SET", "c", "x".repeat(10 * 1024 * 1024)])))[0], 400);
});

frontTest("a wrong token is 401, another method 405", async (front) => {
  const wrong = await fetch(front.url, {
    method: "POST",
    body: '["PING"]',
    headers: { authorization: "Bearer no" },
  });
  assertEquals([wrong.status, (await wrong.json()).error.slice(0, 9)], [401, "WRONGPASS"]);
  const method = await fetch(front.url, {
    method: "PUT",
    headers: { authorization: `Bearer ${front.token}` },
  });
  assertEquals(method.status, 405);
  await method.body?.cancel();
  const bad = new Redis({ url: front.url, token: "no", retry: { retries: 0 }, enableTelemetry: false });
  await assertRejects(() => bad.get("k"));
});
