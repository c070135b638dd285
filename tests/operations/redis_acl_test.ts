/** `deploy/redis.acl`: every role can do its work with its own user, and nothing of the other's. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { systemClock, systemRandom } from "../../src/feed/clock.ts";
import { TickcastError } from "../../src/feed/error.ts";
import { silentLog } from "../../src/feed/log.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { openStore } from "../../src/store/open_store.ts";
import { startEdge } from "../../src/edge/start_edge.ts";
import { edgeSettings } from "../edge/edge_rig.ts";
import { aRequest, trades } from "../store/appending.ts";
import { realPart } from "../support/real_parts.ts";
import { startRedis } from "../support/redis_server.ts";
import { until } from "../support/until.ts";

const redis = realPart("redis-server");

async function usersFile(): Promise<string> {
  const template = await Deno.readTextFile(new URL("../../deploy/redis.acl", import.meta.url));
  const path = await Deno.makeTempFile({ suffix: ".acl" });
  const users = template.split("\n").filter((line) => line.startsWith("user ")).join("\n");
  // The tests' own hands: a user that may do everything.
  const admin = "user default on nopass ~* &* +@all";
  const filled = users.replace("user default off", admin).replace("INGEST_PASSWORD", "ingest-pw").replace(
    "EDGE_PASSWORD",
    "edge-pw",
  );
  await Deno.writeTextFile(path, `${filled}\n`);
  return path;
}

const storeDeps = { clock: systemClock, random: systemRandom, log: silentLog, keyPrefix: "tickcast" };

const open = (port: number, user: string): Promise<FeedStore> =>
  openStore({ transport: "tcp", url: `redis://${user}:${user}-pw@127.0.0.1:${port}` }, storeDeps);

/** The first hint, once the listener is there: it is published again until it is heard. */
async function firstHint(listener: FeedStore, publish: () => Promise<unknown>): Promise<string> {
  const stop = new AbortController();
  const hints = listener.hints(stop.signal)[Symbol.asyncIterator]();
  const heard = hints.next();
  let list: string | undefined;
  heard.then(({ value, done }) => list = done ? "" : value.list);
  try {
    await until(async () => {
      await publish();
      return list !== undefined;
    }, "a hint");
  } finally {
    stop.abort();
    await hints.return?.();
  }
  return list ?? "";
}

Deno.test({
  name: `edge and ingest each have the rights they need and no others${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    const path = await usersFile();
    await using server = await startRedis({ args: ["--aclfile", path] });
    await using ingest = await open(server.port, "ingest");
    await using edge = await open(server.port, "edge");

    const lease = await ingest.takeLease("me", 0, 10_000);
    assert(lease);
    const fence = lease.fence;
    assert(await ingest.renewLease(fence, 10_000));
    const reply = await ingest.append(aRequest({ fence, bodies: trades(3) }));
    assert(reply.outcome === "applied");
    const expected = { epoch: reply.epoch, seq: reply.lastSeq };
    const quiet = { list: "tick", fence, expected, pullMs: 2_000 };
    assertEquals(await ingest.setPullInterval(quiet), "written");
    assert(
      await ingest.saveFold("signal", fence, new Map([["AAPL", "{}"], ["MSFT", undefined]]), "tick:0-0"),
    );
    assertEquals((await ingest.loadFold("signal")).states.size, 1);
    await ingest.writeNote("health:ingest", "{}", undefined);
    await ingest.writeNote("plan", "{}", undefined);
    await server.send("SADD", "tickcast:universe:u", "AAPL");
    assertEquals(await ingest.readUniverse("u"), ["AAPL"]);
    assertEquals((await ingest.readTail("tick", 3)).elements.length, 3);

    assertEquals((await edge.readTail("tick", 3)).elements.length, 3);
    assertEquals((await edge.readTail("tick", 0)).head?.seq, 3);
    assertEquals((await edge.readLatest("tick", undefined)).elements.length, 3);
    assertEquals((await edge.readLatest("tick", ["trade:AAPL"])).elements.length, 1);
    assertEquals(await edge.readNote("plan"), "{}");
    await edge.writeNote("health:edge:1", "{}", 60_000);
    assertEquals((await ingest.readNotes("health:edge:", 10)).size, 1);
    await edge.sendCommand("{}");
    assertEquals(await ingest.takeCommands(10), ["{}"]);
    await ingest.writeAnswer("a", "{}", 60_000);
    assertEquals(await edge.readAnswer("a"), "{}");
    await edge.putTicket("t", "text", 60_000);
    assertEquals([await edge.takeTicket("t"), await edge.takeTicket("t")], ["text", undefined]);
    await edge.ping();
    let head = reply.outcome === "applied" ? { epoch: reply.epoch, seq: reply.lastSeq } : undefined;
    const list = await firstHint(edge, async () => {
      assert(head);
      const next = await ingest.append(aRequest({ fence, expected: head }));
      if (next.outcome === "applied") head = { epoch: next.epoch, seq: next.lastSeq };
    });
    assertEquals(list, "tick");

    const refused = async (work: Promise<unknown>) =>
      assertEquals((await assertRejects(() => work, TickcastError)).code, "STORE_REFUSED");
    await refused(edge.append(aRequest({ fence })));
    await refused(edge.takeLease("thief", fence, 10_000));
    await refused(edge.writeNote("health:ingest", "{}", undefined));
    await refused(edge.writeNote("plan", "{}", undefined));
    await refused(edge.takeCommands(10));
    await refused(edge.writeAnswer("a", "{}", 1000));
    await refused(edge.saveFold("signal", fence, new Map([["AAPL", "x"]]), "tick:0-0"));
    assert(await ingest.releaseLease(fence));
    await Deno.remove(path);
  },
});

Deno.test({
  name: `the users can't touch what is not tickcast's, nor run the server${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    const path = await usersFile();
    await using server = await startRedis({ args: ["--aclfile", path] });
    await server.send("SET", "others:key", "secret");
    for (const user of ["ingest", "edge"]) {
      for (
        const command of [
          ["GET", "others:key"],
          ["SET", "others:key", "x"],
          ["KEYS", "*"],
          ["FLUSHALL"],
          ["CONFIG", "GET", "*"],
          ["ACL", "LIST"],
          ["CLIENT", "LIST"],
          ["DEBUG", "SLEEP", "0"],
          ["SHUTDOWN"],
          ["PUBLISH", "others:channel", "x"],
          ["MONITOR"],
        ]
      ) {
        const answer = await server.send("ACL", "DRYRUN", user, ...command);
        assert(answer !== "OK", `${user} may ${command.join(" ")}`);
      }
    }
    await Deno.remove(path);
  },
});

Deno.test({
  name: `an edge that may only read serves, and says what is off${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    await using server = await startRedis({});
    await server.send(
      "ACL",
      "SETUSER",
      "reader",
      "on",
      ">reader-pw",
      "~*",
      "&*",
      "+@read",
      "+@connection",
      "+@transaction",
      "+eval",
      "+evalsha",
      "+@pubsub",
    );
    await using writer = await openStore({ transport: "tcp", url: server.url }, storeDeps);
    await using store = await open(server.port, "reader");
    const edge = startEdge({
      settings: { edge: edgeSettings({ adminToken: "an-admin-token-of-length" }) },
      store,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      edgeId: "edge-1",
      version: "test",
      pages: new Map(),
    });
    try {
      const lease = await writer.takeLease("me", 0, 60_000);
      await writer.append(aRequest({ fence: lease?.fence ?? 0, bodies: trades(3) }));
      const ask = async (path: string, init: RequestInit = {}) =>
        await (await edge.fetch(new Request(`http://edge.example${path}`, init))).json();
      const poll = await ask("/events/tick?cursor=earliest");
      assertEquals(poll.events?.length, 3, JSON.stringify(poll));
      const restrictions = async () => (await ask("/health/streams")).store.restrictions;
      await until(async () => (await restrictions()).length === 1, "what may not be done is said");
      const headers = { authorization: "Bearer an-admin-token-of-length" };
      const refusal = await ask("/api/reload", { method: "POST", headers });
      assertEquals(refusal.error.code, "STORE_REFUSED");
    } finally {
      await edge.drain();
    }
  },
});
