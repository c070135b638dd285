/** Values somebody else left under our keys: heads no append of ours wrote, numbers at the edge of what JSON can say. */
import { assert, assertEquals } from "@std/assert";
import { realPart } from "../support/real_parts.ts";
import { type RedisServer, startRedis } from "../support/redis_server.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { idsOf, lead, tidsOf, Writer } from "./appending.ts";
import { openFor } from "./faults.ts";

const redis = realPart("redis-server");

function foreignTest(name: string, fn: (server: RedisServer, store: FeedStore) => Promise<void>): void {
  Deno.test({
    name: `foreign values: ${name}${redis.note}`,
    ignore: redis.ignore,
    async fn() {
      await using server = await startRedis();
      await using store = await openFor({ transport: "tcp", url: server.url });
      await fn(server, store);
    },
  });
}

const HEAD = "tickcast:tick:head";

foreignTest(
  "seqs stay exact up to 2^53, and a new epoch begins before they could not",
  async (server, store) => {
    const writer = new Writer(store, await lead(store));
    await writer.write(1000);
    const { epoch } = writer.position;
    await server.send("HSET", HEAD, "seq", "9007199254740981");
    writer.position = { epoch, seq: 9007199254740981 };
    const reply = writer.followed(await store.append(writer.request(10)));
    assertEquals([reply.firstSeq, reply.lastSeq, reply.fresh], [9007199254740982, 9007199254740991, false]);
    const { head, elements } = await store.readTail("tick", 2);
    assertEquals(head?.seq, Number.MAX_SAFE_INTEGER);
    assertEquals(idsOf(elements), [`${epoch}-9007199254740990`, `${epoch}-9007199254740991`]);
    const next = writer.followed(await store.append(writer.request(1)));
    assert(next.fresh && next.firstSeq === 1 && next.epoch > epoch);
  },
);

foreignTest("a head that is none of ours begins a new epoch", async (server, store) => {
  const writer = new Writer(store, await lead(store));
  for (
    const [field, value] of [
      ["seq", "x"],
      ["seq", ""],
      ["seq", "-5"],
      ["seq", "1.5"],
      ["seq", "nan"],
      ["seq", "99999999999999999999999"],
      ["epoch", ""],
      ["epoch", "UPPERCAS"],
      ["epoch", "a-b-c-d-"],
      ["epoch", "123456789"],
      ["epoch", "%d%s%w%z"],
    ] as const
  ) {
    await writer.write(3);
    const before = writer.position.epoch;
    await server.send("HSET", HEAD, field, value);
    const reply = writer.followed(await store.append(writer.request(1)));
    assert(reply.fresh && reply.epoch > before && reply.epoch.length === 8, `${field} ${value}`);
    assertEquals((await store.readTail("tick", 9)).elements.length, 1);
  }
});

foreignTest("elements somebody pushed or cut away begin a new epoch", async (server, store) => {
  const writer = new Writer(store, await lead(store));
  for (
    const command of [["RPUSH", "tickcast:tick", "x"], ["LPOP", "tickcast:tick"], [
      "LTRIM",
      "tickcast:tick",
      "1",
      "-1",
    ]]
  ) {
    for (const count of [3, 1200]) {
      await writer.write(count);
      await server.send(...command);
      const reply = writer.followed(await store.append(writer.request(2)));
      assert(reply.fresh, `${command[0]} after ${count}`);
      assertEquals((await store.readTail("tick", 9)).elements.length, 2);
    }
  }
});

foreignTest("a latest event that is none of ours is replaced", async (server, store) => {
  const writer = new Writer(store, await lead(store));
  await writer.write(1);
  for (const text of ["", "x", "{}", '{"id":"a","type":"trade","sym":"AAPL","t":"9e99"}', "\\u0000", "%d"]) {
    await server.send("HSET", "tickcast:tick:last", "trade:AAPL", text);
    await writer.write(1);
    assertEquals(tidsOf((await store.readLatest("tick", ["trade:AAPL"])).elements), [writer.position.seq]);
  }
});

foreignTest("a lease that is none of ours counts as nobody's", async (server, store) => {
  await server.send("HSET", "tickcast:lease", "fence", "abc", "owner", "x");
  const fence = Number((await store.takeLease("one", 0, 1000))?.fence);
  assert(Number.isSafeInteger(fence) && fence > 1e12);
  assertEquals(await store.renewLease(fence, 1000), true);
});
