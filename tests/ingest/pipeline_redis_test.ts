/** The data path over a real redis-server that is paused and killed under it. */
import { assert, assertEquals } from "@std/assert";
import { systemClock, systemRandom } from "../../src/feed/clock.ts";
import { silentLog } from "../../src/feed/log.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { STREAMS } from "../../src/feed/stream.ts";
import { createPipeline } from "../../src/ingest/channel/data_path.ts";
import type { Pipeline } from "../../src/ingest/channel/pipeline.ts";
import { openStore } from "../../src/store/open_store.ts";
import { A_MONDAY, aTrade } from "../support/event_factory.ts";
import { realPart } from "../support/real_parts.ts";
import { type RedisServer, startRedis } from "../support/redis_server.ts";
import { until } from "../support/until.ts";

const redis = realPart("redis-server");

interface Path extends AsyncDisposable {
  readonly server: RedisServer;
  readonly store: FeedStore;
  readonly pipeline: Pipeline;
  /** Takes the lease and leads; leading again ends the term before. */
  lead(): Promise<{ readonly ended: Promise<"fenced" | "aborted"> }>;
}

async function startPath(): Promise<Path> {
  const server = await startRedis();
  const deps = { clock: systemClock, random: systemRandom, log: silentLog, keyPrefix: "tickcast" };
  const store = await openStore({ transport: "tcp", url: server.url }, deps);
  const settings = { pullIntervalMs: 20, appendIntervalMs: 1, tickLists: 1, syntheticMinutes: false };
  const pipeline = createPipeline({ store, clock: systemClock, log: silentLog, streams: STREAMS, settings });
  const ending = new AbortController();
  let led: Promise<"fenced" | "aborted"> = Promise.resolve("aborted");
  return {
    server,
    store,
    pipeline,
    async lead() {
      const lease = await store.takeLease("test", (await store.readLease())?.fence ?? 0, 60_000);
      led = pipeline.lead(lease?.fence ?? 0, ending.signal);
      return { ended: led };
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await led;
      await store[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const tick = (path: Path) => path.pipeline.health().channels.find((channel) => channel.stream === "tick");
const trades = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, n) => aTrade({ tid: String(from + n), q: from + n, t: A_MONDAY + from + n }),
  );

async function numbersHeld({ store }: Path): Promise<unknown[]> {
  const { elements } = await store.readTail("tick", 1000);
  return elements.map((element) => JSON.parse(element).q);
}

Deno.test({
  name: "a Redis that hangs for a while costs nothing: every event once, in order" + redis.note,
  ignore: redis.ignore,
  fn: async () => {
    await using path = await startPath();
    await path.lead();
    let sent = 0;
    const send = (count: number) => path.pipeline.offer("tick", trades(sent, sent += count));
    send(100);
    await until(
      () => tick(path)?.queueDepth === 0 && tick(path)?.lists[0]?.depth === 100,
      "the first events",
    );
    for (let round = 0; round < 3; round++) {
      path.server.pause();
      for (let n = 0; n < 10; n++) send(20);
      await until(() => Number(tick(path)?.queueDepth) > 0, "events waiting");
      path.server.resume();
      await until(() => tick(path)?.lists[0]?.depth === sent, "the queue written out");
    }
    assertEquals(await numbersHeld(path), Array.from({ length: sent }, (_, n) => n));
  },
});

Deno.test({
  name: "a Redis that dies and comes back empty begins a new epoch with what the queues hold" + redis.note,
  ignore: redis.ignore,
  fn: async () => {
    await using path = await startPath();
    const first = await path.lead();
    path.pipeline.offer("tick", trades(0, 50));
    await until(() => tick(path)?.lists[0]?.depth === 50, "the first events");
    const before = (await path.store.readTail("tick", 0)).head;
    await path.server.stop();
    path.pipeline.offer("tick", trades(50, 120));
    await path.server.start();
    assertEquals(await first.ended, "fenced", "the lease went with everything else");
    await path.lead();
    await until(
      () => tick(path)?.queueDepth === 0 && tick(path)?.lists[0]?.depth === 70,
      "the queue written out",
    );
    assertEquals(await numbersHeld(path), Array.from({ length: 70 }, (_, n) => 50 + n));
    const after = (await path.store.readTail("tick", 0)).head;
    assert(before && after && after.epoch > before.epoch);
  },
});
