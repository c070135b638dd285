/**
 * Redis away and back, flushed, restarted empty, failed over to a stale copy, under a real ingest and two real edges with WebSocket, SSE
 * and poll clients: whatever is lost is told, everything recovers by itself, nothing is doubled. Held against what the upstream wrote.
 */
import { assert, assertEquals } from "@std/assert";
import { realPart } from "../support/real_parts.ts";
import { type StoreFaultScene, storeFaultScene } from "../support/store_fault_scene.ts";
import { pause, until } from "../support/until.ts";

const redis = realPart("redis-server");
const long = Deno.env.get("TICKCAST_LONG") === "1";
/** Longer than health takes to see it. */
const AWAY_MS = long ? 60_000 : 6_000;
/** Shorter than anybody's patience. */
const BRIEF_MS = 1_000;
/** So that what ingest keeps meanwhile is more than a list holds, and less than its queue. */
const TRADES_PER_SECOND = long ? 100 : 250;
/** After a moment's absence readers are given a moment: at this pace a busy machine has several. */
const BRIEF_TRADES_PER_SECOND = 60;

interface Fault {
  readonly name: string;
  /** Does it and waits for what it says; clients flow again afterwards. */
  readonly happen: (scene: StoreFaultScene) => Promise<void>;
  /** What clients must be told; empty: nothing at all. */
  readonly told: "" | "epoch";
}

const AWAY: Fault = {
  name: `away for ${AWAY_MS / 1000} s and back: health says stale, and every event comes once`,
  told: "",
  async happen({ redis, front, edges, clients }) {
    await redis.shutDown();
    const awayMs = performance.now();
    for (const { base } of edges) {
      await until(async () => await streamState(base) === "503 stale", "a stale stream", 30_000);
    }
    await pause(Math.max(0, AWAY_MS - (performance.now() - awayMs)));
    for (const { leg, states } of clients) {
      if (long && leg.transport !== "poll") assert(states.has("stale"), "a heartbeat says so");
    }
    await redis.start();
    await front?.connect();
    for (const { base } of edges) {
      await until(async () => await streamState(base) === "200 live", "a live stream", 30_000);
    }
  },
};

const BRIEF: Fault = {
  name: `away for ${BRIEF_MS / 1000} s and back: every event comes once`,
  told: "",
  async happen({ redis, front }) {
    await redis.shutDown();
    await pause(BRIEF_MS);
    await redis.start();
    await front?.connect();
  },
};

const FLUSHED: Fault = {
  name: "flushed: a new epoch is told, then every event comes",
  told: "epoch",
  happen: async ({ redis }) => void await redis.send("FLUSHALL"),
};

const EMPTY: Fault = {
  name: "restarted empty: a new epoch is told, then every event comes",
  told: "epoch",
  async happen({ redis }) {
    await redis.forget();
    await redis.restart();
  },
};

const STALE: Fault = {
  name: "failed over to a copy that lacks the last events: a new epoch is told, then every event comes",
  told: "epoch",
  async happen({ redis, flows }) {
    await redis.send("SAVE");
    await flows();
    await redis.restart();
  },
};

function faultTest(
  transport: "tcp" | "rest",
  faults: readonly Fault[],
  tradesPerSecond = TRADES_PER_SECOND,
): void {
  Deno.test({
    name:
      `Redis by ${transport} under ingest (${tradesPerSecond} trades a second), two edges and clients of every transport${redis.note}`,
    ignore: redis.ignore,
    async fn(test) {
      await using scene = await storeFaultScene(transport, tradesPerSecond);
      const { clients, flows, lawful } = scene;
      for (const { name, told, happen } of faults) {
        await test.step(name, async () => {
          const before = clients.map((client) => client.told.causes.length);
          await happen(scene);
          await flows();
          for (const [n, client] of clients.entries()) {
            const causes = client.told.causes.slice(before[n]);
            if (told === "") assertEquals(causes, [], client.name);
            else assert(causes.includes(told), `${client.name}: ${causes}`);
          }
          assertEquals(clients.map(({ losses }) => losses), clients.map(() => 0), "nobody is thrown out");
          lawful();
        });
      }
    },
  });
}

async function streamState(base: string): Promise<string> {
  const response = await fetch(`${base}/health/streams/tick`);
  return `${response.status} ${(await response.json()).state}`;
}

faultTest("tcp", [BRIEF], BRIEF_TRADES_PER_SECOND);
faultTest("tcp", [AWAY, FLUSHED, STALE, EMPTY]);
faultTest("rest", [AWAY, FLUSHED]);

Deno.test({
  name:
    `Redis fails over to an old copy and another ingest goes on from it: nothing is lost untold, on an edge that never saw the rest either${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    await using scene = await storeFaultScene("tcp", TRADES_PER_SECOND);
    const { redis, ingest, clients, start, flows, lawful } = scene;
    const standby = await start("ingest");
    const fresh = await start("edge");
    await redis.send("SAVE");
    await flows();
    // Half of them come back when the new leader is past where they stood, to an edge that read nothing before.
    const movers = clients.slice(0, clients.length / 2);
    for (const client of movers) client.goAway();
    ingest.kill("SIGKILL");
    await redis.restart();
    await until(
      () => standby.log.some(({ message }) => message === "lease_taken"),
      "the standby leads",
      40_000,
    );
    await flows(clients.slice(movers.length));
    for (const client of movers) client.comeBack({ ...client.leg, base: fresh.base });
    await flows();
    for (const { name, told } of clients) assert(told.causes.includes("epoch"), `${name}: ${told.causes}`);
    lawful();
  },
});
