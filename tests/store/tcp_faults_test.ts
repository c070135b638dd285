/** The TCP transport against a Redis that is away, refuses, hangs, forgets, fails over, or loses replies. */
import { assert, assertEquals } from "@std/assert";
import type { FeedStore } from "../../src/feed/store.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { realPart } from "../support/real_parts.ts";
import { freePort, type RedisOptions, type RedisServer, startRedis } from "../support/redis_server.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";
import { until } from "../support/until.ts";
import { lead, tidsOf, Writer } from "./appending.ts";
import { listen } from "./listening.ts";
import { assertFails, openFor, readableLog } from "./faults.ts";

const redis = realPart("redis-server");

function tcpTest(name: string, options: RedisOptions, fn: (server: RedisServer) => Promise<void>): void {
  Deno.test({
    name: `tcp: ${name}${redis.note}`,
    ignore: redis.ignore,
    async fn() {
      await using server = await startRedis(options);
      await fn(server);
    },
  });
}

const works = (store: FeedStore) => until(() => store.ping().then(() => true), "a store that works");

tcpTest(
  "opening does not fail while Redis is down; it is said, and found once it is up",
  {},
  async (server) => {
    await server.stop();
    const { log, lines } = readableLog();
    await using store = await openFor({ transport: "tcp", url: server.url }, { log });
    await assertFails(() => store.ping(), "STORE_UNAVAILABLE", "ECONNREFUSED");
    await assertFails(() => store.readTail("tick", 5), "STORE_UNAVAILABLE", "ECONNREFUSED");
    await server.start();
    await works(store);
    const told = lines.map((line) => JSON.parse(line).message);
    const plain = told.filter((message) => message !== "store_connect_failed");
    assertEquals(plain, ["store_unavailable", "store_connect", "store_available"]);
  },
);

tcpTest("a server that restarts empty is found again, and fences the writer off", {}, async (server) => {
  await using store = await openFor({ transport: "tcp", url: server.url });
  const writer = new Writer(store, await lead(store));
  await writer.write(5);
  await server.restart();
  await works(store);
  assertEquals(await store.append(writer.request(1)), { outcome: "fenced", fence: 0 });
  writer.fence = await lead(store);
  const reply = writer.followed(await store.append(writer.request(1)));
  assert(reply.fresh && reply.firstSeq === 1);
});

tcpTest("calls while it is down fail at once and nothing piles up", {}, async (server) => {
  await using store = await openFor({ transport: "tcp", url: server.url });
  await server.stop();
  await until(() => store.ping().then(() => false, () => true), "the loss of the connection");
  const outcomes = await Promise.allSettled(Array.from({ length: 5000 }, () => store.readTail("tick", 5)));
  assert(outcomes.every((outcome) => outcome.status === "rejected"));
  assert(store.usage().failures >= 5000);
});

const PASSWORD = { args: ["--requirepass", "SECRET-right"], password: "SECRET-right" };

tcpTest("a wrong or missing password is refused in words, never shown", PASSWORD, async (server) => {
  const { log, lines } = readableLog();
  for (const auth of [":SECRET-wrong@", "", "SECRET-user:SECRET-wrong@"]) {
    const url = `redis://${auth}127.0.0.1:${server.port}`;
    await using store = await openFor({ transport: "tcp", url }, { log });
    await assertFails(() => store.ping(), "STORE_REFUSED", "password");
    await assertFails(() => store.readTail("tick", 3), "STORE_REFUSED", "password");
    const hints = store.hints(new AbortController().signal)[Symbol.asyncIterator]();
    await assertFails(() => hints.next(), "STORE_REFUSED", "password");
  }
  assert(!lines.join("").includes("SECRET"), lines.join(""));
  await using right = await openFor({ transport: "tcp", url: server.url });
  await right.ping();
});

tcpTest(
  "a hanging server ends calls at their limit; the connection is replaced, and works when it wakes",
  {},
  async (server) => {
    const clock = new ManualClock();
    await using store = await openFor({ transport: "tcp", url: server.url }, { clock });
    const writer = new Writer(store, await lead(store));
    await writer.write(2);
    const request = writer.request(2);
    server.pause();
    const failed = assertFails(() => store.append(request), "STORE_UNAVAILABLE", "within 3000 ms");
    await clock.advance(3000);
    await failed;
    server.resume();
    await until(async () => {
      await clock.advance(100);
      return await store.ping().then(() => true);
    }, "a new connection");
    assertEquals(writer.followed(await store.append(request)).firstSeq, 3);
    assertEquals(tidsOf((await store.readTail("tick", 9)).elements), [1, 2, 3, 4]);
  },
);

tcpTest(
  "an append whose reply is lost is not repeated by itself, and not written twice by its writer",
  {},
  async (server) => {
    await using proxy = startTcpProxy(server.port);
    await using store = await openFor({ transport: "tcp", url: `redis://127.0.0.1:${proxy.port}` });
    const writer = new Writer(store, await lead(store));
    await writer.write(1);
    for (let round = 0; round < 5; round++) {
      const request = writer.request(3);
      proxy.replies = "cut";
      const calls = await commandCalls(server, "evalsha");
      await assertFails(() => store.append(request), "STORE_UNAVAILABLE", "");
      proxy.replies = "pass";
      await works(store);
      assertEquals(await commandCalls(server, "evalsha") - calls, 1);
      const reply = writer.followed(await store.append(request));
      assertEquals([reply.firstSeq, reply.fresh], [2 + round * 3, false]);
    }
    assertEquals(
      tidsOf((await store.readTail("tick", 99)).elements),
      Array.from({ length: 16 }, (_, n) => n + 1),
    );
  },
);

async function commandCalls(server: RedisServer, name: string): Promise<number> {
  const text = String(await server.send("INFO", "commandstats"));
  return Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(text)?.[1] ?? 0);
}

tcpTest("out of memory is refused in words and nothing is written", {}, async (server) => {
  await using store = await openFor({ transport: "tcp", url: server.url });
  const writer = new Writer(store, await lead(store));
  await writer.write(3);
  await server.send("CONFIG", "SET", "maxmemory", "1");
  const request = writer.request(2);
  await assertFails(() => store.append(request), "STORE_REFUSED", "out of memory");
  assertEquals((await store.readTail("tick", 9)).head?.seq, 3);
  await server.send("CONFIG", "SET", "maxmemory", "0");
  assertEquals(writer.followed(await store.append(request)).firstSeq, 4);
});

tcpTest("a disk that can't be written is refused in words", {}, async (server) => {
  await using store = await openFor({ transport: "tcp", url: server.url });
  const fence = await lead(store);
  await server.send("CONFIG", "SET", "save", "900 1");
  await Deno.remove(server.directory, { recursive: true });
  await server.send("BGSAVE");
  const failed = async () =>
    String(await server.send("INFO", "persistence")).includes("last_bgsave_status:err");
  await until(failed, "the failure of the save");
  await assertFails(() => store.append(new Writer(store, fence).request(1)), "STORE_REFUSED", "save to disk");
  await Deno.mkdir(server.directory, { recursive: true });
});

tcpTest("a user without the right is refused in words", {}, async (server) => {
  await server.send(
    "ACL",
    "SETUSER",
    "reader",
    "on",
    ">pw",
    "~*",
    "&*",
    "+@read",
    "+@connection",
    "+multi",
    "+exec",
  );
  await using store = await openFor({ transport: "tcp", url: `redis://reader:pw@127.0.0.1:${server.port}` });
  assertEquals(await store.readNote("plan"), undefined);
  await assertFails(() => store.append(new Writer(store, 0).request(1)), "STORE_REFUSED", "may not run");
});

tcpTest("a busy server is unavailable, then works", { args: ["--lua-time-limit", "1"] }, async (server) => {
  await using store = await openFor({ transport: "tcp", url: server.url });
  await store.ping();
  await using other = await openFor({ transport: "tcp", url: server.url });
  const { RespConnection } = await import("../support/resp_connection.ts");
  using endless = await RespConnection.open(server.port);
  const loop = endless.send(["EVAL", "while true do end", "0"]);
  await until(
    () => other.ping().then(() => false, (error) => error.message.includes("busy")),
    "a busy server",
  );
  await assertFails(() => store.readTail("tick", 1), "STORE_UNAVAILABLE", "busy");
  await server.send("SCRIPT", "KILL");
  await loop;
  await store.ping();
});

tcpTest("a node that became a read-only replica is left for a new connection", {}, async (server) => {
  await using proxy = startTcpProxy(server.port);
  await using store = await openFor({ transport: "tcp", url: `redis://127.0.0.1:${proxy.port}` });
  const writer = new Writer(store, await lead(store));
  await writer.write(2);
  const connections = proxy.accepted;
  await server.send("REPLICAOF", "127.0.0.1", String(freePort()));
  const request = writer.request(1);
  await assertFails(() => store.append(request), "STORE_UNAVAILABLE", "read-only replica");
  await until(() => proxy.accepted > connections, "a new connection");
  await server.send("REPLICAOF", "NO", "ONE");
  await works(store);
  assertEquals(writer.followed(await store.append(request)).firstSeq, 3);
});

tcpTest(
  "a real replica that lags reads as what it is; promoted 60 events old it begins a new epoch",
  {},
  async (server) => {
    await using replica = await startRedis({ args: ["--replicaof", "127.0.0.1", String(server.port)] });
    await using primary = await openFor({ transport: "tcp", url: server.url });
    const writer = new Writer(primary, await lead(primary));
    await writer.write(1040);
    await using reader = await openFor({ transport: "tcp", url: replica.url });
    const caughtUp = async () => (await reader.readTail("tick", 1)).head?.seq === 1040;
    await until(caughtUp, "the replica");
    await replica.send("REPLICAOF", "NO", "ONE");
    await writer.write(60);
    const stale = await reader.readTail("tick", 1000);
    assertEquals([stale.head?.seq, tidsOf(stale.elements).at(-1)], [1040, 1040]);
    const before = writer.position;
    const moved = new Writer(reader, writer.fence);
    moved.position = before;
    const reply = moved.followed(await reader.append(moved.request(2)));
    assert(reply.fresh && reply.epoch > before.epoch);
    assertEquals((await reader.readTail("tick", 1000)).elements.length, 2);
  },
);

tcpTest("hints end with an error when their connection is lost, silently too", {}, async (server) => {
  const subscribed = async () =>
    String(await server.send("PUBSUB", "NUMSUB", "tickcast:hint")).endsWith(",1");
  for (const how of ["cut", "blackHole"] as const) {
    const clock = new ManualClock();
    await using proxy = startTcpProxy(server.port);
    await using store = await openFor({ transport: "tcp", url: `redis://127.0.0.1:${proxy.port}` }, {
      clock,
    });
    const { reader } = await listen(store, new AbortController().signal);
    const ended = (async () => {
      while (!(await reader.next()).done);
    })();
    ended.catch(() => {});
    proxy[how]();
    for (let n = 0; n < 20; n++) await clock.advance(1000);
    await assertFails(() => ended, "STORE_UNAVAILABLE", "");
    await until(async () => !await subscribed(), "the end of the subscription");
  }
});

tcpTest("a connection that leads nowhere any more is replaced after one call's time", {}, async (server) => {
  const clock = new ManualClock();
  await using proxy = startTcpProxy(server.port);
  await using store = await openFor({ transport: "tcp", url: `redis://127.0.0.1:${proxy.port}` }, { clock });
  await store.ping();
  proxy.blackHole();
  const failed = assertFails(() => store.readTail("tick", 3), "STORE_UNAVAILABLE", "within 3000 ms");
  await clock.advance(3000);
  await failed;
  await clock.advance(100);
  await works(store);
  assertEquals(proxy.accepted, 2);
});

tcpTest("a quiet subscription is kept alive by pings, and still hears", {}, async (server) => {
  const clock = new ManualClock();
  await using store = await openFor({ transport: "tcp", url: server.url }, { clock });
  const stop = new AbortController();
  const hints = await listen(store, stop.signal);
  for (let round = 1; round <= 5; round++) {
    const pings = await commandCalls(server, "ping");
    await clock.advance(10_000);
    await until(async () => await commandCalls(server, "ping") > pings && clock.pending === 1, "the ping");
  }
  const writer = new Writer(store, hints.fence);
  await writer.write(1);
  assertEquals(await hints.next("tick", 1), { list: "tick", position: writer.position });
  stop.abort();
});

tcpTest("calls to a server that hangs are refused once a thousand wait", {}, async (server) => {
  const clock = new ManualClock();
  await using store = await openFor({ transport: "tcp", url: server.url }, { clock });
  await store.ping();
  server.pause();
  const waiting = Promise.allSettled(Array.from({ length: 1000 }, () => store.readNote("plan")));
  await assertFails(() => store.readNote("plan"), "STORE_UNAVAILABLE", "1000 calls wait already");
  await clock.advance(3000);
  assert((await waiting).every((outcome) => outcome.status === "rejected"));
  server.resume();
  assertEquals(clock.pending <= 1, true, "nothing but the pause before connecting again is left behind");
});
