/** The REST transport against what stands between it and Redis: proxies, cuts, hangs, refusals, replicas that lag. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { encodeEvent } from "../../src/feed/event_text.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { aTrade } from "../support/event_factory.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { realPart } from "../support/real_parts.ts";
import { type RedisServer, startRedis } from "../support/redis_server.ts";
import { type RestFault, type RestFront, startRestFront } from "../support/rest_front.ts";
import { until } from "../support/until.ts";
import { lead, tidsOf, Writer } from "./appending.ts";
import { listen } from "./listening.ts";
import { assertFails, openFor } from "./faults.ts";

const redis = realPart("redis-server");
const HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>";

interface Scene {
  readonly server: RedisServer;
  readonly front: RestFront;
  readonly store: FeedStore;
}

function restTest(name: string, fn: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name: `rest: ${name}${redis.note}`,
    ignore: redis.ignore,
    async fn() {
      await using server = await startRedis();
      await using front = await startRestFront(server);
      await using store = await openFor({ transport: "rest", url: front.url, token: front.token });
      await fn({ server, front, store });
    },
  });
}

/** Spoils the first append only. */
function spoilOnce(front: RestFront, fault: RestFault): void {
  front.fault = ({ command }) => {
    if (command !== "EVALSHA") return undefined;
    front.fault = () => undefined;
    return fault;
  };
}

for (
  const [name, fault, words] of [
    ["the reply is cut off", { kind: "cut", applied: true }, "can't be reached"],
    [
      "a proxy answers 502 in HTML",
      { kind: "answer", status: 502, body: HTML, applied: true },
      "HTTP 502, not JSON",
    ],
    [
      "a proxy answers 200 in HTML",
      { kind: "answer", status: 200, body: HTML, applied: true },
      "HTTP 200, not JSON",
    ],
    ["the service answers 503", { kind: "answer", status: 503, body: "{}", applied: true }, "HTTP 503"],
    ["the service answers 429", { kind: "answer", status: 429, body: "{}", applied: true }, "HTTP 429"],
    ["an empty answer comes", { kind: "answer", status: 200, body: "", applied: true }, "not JSON"],
    [
      "an answer of another shape comes",
      { kind: "answer", status: 200, body: '{"a":1}', applied: true },
      "HTTP 200",
    ],
  ] as const
) {
  restTest(`an append that was applied is not written twice when ${name}`, async ({ front, store }) => {
    const writer = new Writer(store, await lead(store));
    await writer.write(3);
    const request = writer.request(2);
    spoilOnce(front, fault);
    const before = front.requests;
    await assertFails(() => store.append(request), "STORE_UNAVAILABLE", words);
    assertEquals(front.requests - before, 1, "an append is never repeated by itself");
    const reply = writer.followed(await store.append(request));
    assertEquals([reply.firstSeq, reply.lastSeq, reply.fresh], [4, 5, false]);
    assertEquals(tidsOf((await store.readTail("tick", 9)).elements), [1, 2, 3, 4, 5]);
  });
}

restTest("an append that never arrived is written by the next try, once", async ({ front, store }) => {
  const writer = new Writer(store, await lead(store));
  await writer.write(1);
  const request = writer.request(2);
  spoilOnce(front, { kind: "cut", applied: false });
  await assertFails(() => store.append(request), "STORE_UNAVAILABLE", "can't be reached");
  assertEquals(writer.followed(await store.append(request)).firstSeq, 2);
  assertEquals(tidsOf((await store.readTail("tick", 9)).elements), [1, 2, 3]);
});

restTest(
  "a call that hangs ends at its time limit, and the append applied behind it counts",
  async ({ front }) => {
    const clock = new ManualClock();
    await using store = await openFor({ transport: "rest", url: front.url, token: front.token }, { clock });
    const writer = new Writer(store, await lead(store));
    await writer.write(1);
    const request = writer.request(2);
    spoilOnce(front, { kind: "hang", applied: true });
    const before = front.requests;
    const failed = assertFails(() => store.append(request), "STORE_UNAVAILABLE", "within 3000 ms");
    await until(() => front.requests > before, "the request");
    await clock.advance(3000);
    await failed;
    assertEquals(clock.pending, 0);
    await until(async () => (await store.readTail("tick", 0)).head?.seq === 3, "the append behind it");
    assertEquals(writer.followed(await store.append(request)).firstSeq, 2);
  },
);

restTest(
  "an aborted call rejects at once with its own reason while the service hangs",
  async ({ front, store }) => {
    front.fault = () => ({ kind: "hang", applied: false });
    for (
      const call of [
        (signal: AbortSignal) => store.readTail("tick", 5, signal),
        (signal: AbortSignal) => store.readNote("plan", signal),
        (signal: AbortSignal) => store.ping(signal),
        (signal: AbortSignal) => store.readLease(signal),
      ]
    ) {
      const stop = new AbortController();
      const before = front.requests;
      const pending = call(stop.signal);
      pending.catch(() => {});
      await until(() => front.requests > before, "the request");
      const reason = new Error("enough");
      stop.abort(reason);
      assertEquals(
        await pending.then(() => "resolved", (error) => error === reason ? "rejected" : error),
        "rejected",
      );
    }
  },
);

restTest("a wrong token is refused in words that don't hold it", async ({ front }) => {
  await using store = await openFor({ transport: "rest", url: front.url, token: "SECRET-token" });
  await assertFails(() => store.ping(), "STORE_REFUSED", "UPSTASH_REDIS_REST_TOKEN");
  await assertFails(() => store.readTail("tick", 5), "STORE_REFUSED", "UPSTASH_REDIS_REST_TOKEN");
  await assertRejects(async () => {
    for await (const _ of store.hints(new AbortController().signal)) break;
  });
});

restTest("errors hold neither command nor payload nor token", async ({ front, store, server }) => {
  const fence = await lead(store);
  await server.send("SET", "tickcast:tick", "x");
  const bodies = [encodeEvent(aTrade({ tid: "SECRET-payload" }))];
  const writer = new Writer(store, fence);
  await assertFails(() => store.append(writer.request(1, { bodies })), "STORE_REFUSED", "another type", [
    front.token,
  ]);
  await assertFails(() => store.readTail("tick", 5), "STORE_REFUSED", "another type", [front.token]);
  for (
    const [body, code, words] of [
      ['{"error":"ERR unknown command SECRET with args SECRET"}', "STORE_REFUSED", "know a command"],
      ['{"error":"ERR something SECRET nobody knows"}', "STORE_REFUSED", "answered ERR"],
      [
        '{"error":"ERR max requests limit exceeded. Limit: 500000, Usage: 500001 SECRET"}',
        "STORE_REFUSED",
        "number of",
      ],
      ['{"error":"ERR DB capacity quota exceeded SECRET"}', "STORE_REFUSED", "size is used up"],
      ['{"error":"OOM command not allowed SECRET"}', "STORE_REFUSED", "out of memory"],
      ['{"error":"LOADING SECRET"}', "STORE_UNAVAILABLE", "loading"],
      ['{"error":"READONLY You can\'t write SECRET"}', "STORE_UNAVAILABLE", "read-only replica"],
    ] as const
  ) {
    front.fault = () => ({ kind: "answer", status: 400, body });
    await assertFails(() => store.append(writer.request(1, { bodies })), code, words, [front.token]);
    await assertFails(() => store.readTail("tick", 1), code, words, [front.token]);
  }
});

restTest("a redirect is not followed, so the token goes nowhere else", async ({ front, store }) => {
  for (const status of [301, 302, 307, 308]) {
    front.fault = () => {
      front.fault = () => undefined;
      return { kind: "answer", status, body: "", location: front.url };
    };
    await assertFails(() => store.ping(), "STORE_REFUSED", `HTTP ${status}`);
  }
});

restTest("after Redis forgot its scripts they are sent again, once", async ({ server, front, store }) => {
  const writer = new Writer(store, await lead(store));
  await writer.write(2);
  await server.send("SCRIPT", "FLUSH");
  const before = front.requests;
  await writer.write(1);
  assertEquals(front.requests - before, 2);
  await writer.write(1);
  assertEquals(front.requests - before, 3);
});

restTest(
  "reads of a lagging replica say the head they are true at, and appends are right all the same",
  async ({ front, store }) => {
    const writer = new Writer(store, await lead(store));
    await writer.write(5);
    await front.freeze();
    await writer.write(4);
    const stale = await store.readTail("tick", 9);
    assertEquals([stale.head?.seq, tidsOf(stale.elements)], [5, [1, 2, 3, 4, 5]]);
    assertEquals((await store.readLatest("tick", undefined)).head?.seq, 5);
    const misled = new Writer(store, writer.fence);
    misled.position = stale.head ?? misled.position;
    const reply = await store.append(misled.request(1));
    assertEquals(reply, { outcome: "behind", head: writer.position });
    await front.thaw();
    assertEquals((await store.readTail("tick", 20)).head?.seq, 9);
  },
);

restTest(
  "an event stream that ends without a word, or breaks, ends the hints with an error",
  async ({ front, store }) => {
    for (const breaks of [false, true]) {
      front.streamsBreak = breaks;
      const hints = store.hints(new AbortController().signal)[Symbol.asyncIterator]();
      const next = hints.next();
      next.catch(() => {});
      await until(() => front.streams === 1, "the subscription");
      front.endStreams();
      await assertFails(() => next, "STORE_UNAVAILABLE", "");
      await until(() => front.streams === 0, "the end of the stream");
    }
  },
);

restTest(
  "a subscription that is refused or answered in HTML ends the hints with an error",
  async ({ front, store }) => {
    for (const status of [200, 401, 404, 500]) {
      front.fault = () => ({ kind: "answer", status, body: status === 401 ? '{"error":"WRONGPASS"}' : HTML });
      const hints = store.hints(new AbortController().signal)[Symbol.asyncIterator]();
      await assertFails(() => hints.next(), status === 401 ? "STORE_REFUSED" : "STORE_UNAVAILABLE", "HTTP");
    }
  },
);

restTest("a service that isn't there is said so, and found once it is", async ({ front }) => {
  const url = front.url;
  await front[Symbol.asyncDispose]();
  await using store = await openFor({ transport: "rest", url, token: "t" });
  await assertFails(() => store.ping(), "STORE_UNAVAILABLE", "can't be reached");
  assert(store.usage().failures > 0);
});

restTest("usage counts billed commands, requests and bytes", async ({ store }) => {
  const writer = new Writer(store, await lead(store));
  await writer.write(500);
  await writer.write(500);
  await writer.write(500);
  const used = async (call: () => Promise<unknown>) => {
    const before = store.usage();
    await call();
    const after = store.usage();
    assert(after.bytesOut > before.bytesOut && after.bytesIn > before.bytesIn);
    return [after.commands - before.commands, after.requests - before.requests];
  };
  assertEquals(await used(() => writer.write(100)), [9, 1]);
  assertEquals(await used(() => store.readTail("tick", 100)), [2, 1]);
  assertEquals(await used(() => store.readTail("tick", 0)), [2, 1]);
  assertEquals(await used(() => store.readLatest("tick", undefined)), [2, 1]);
  assertEquals(await used(() => store.renewLease(writer.fence, 1000)), [5, 2], "EVALSHA, then EVAL");
  assertEquals(await used(() => store.renewLease(writer.fence, 1000)), [4, 1]);
  assertEquals(await used(() => store.readLease()), [2, 1]);
});

restTest(
  "an event stream is replaced after five minutes, the new one open before the old one goes",
  async ({ front }) => {
    const clock = new ManualClock();
    await using store = await openFor({ transport: "rest", url: front.url, token: front.token }, { clock });
    const stop = new AbortController();
    const hints = await listen(store, stop.signal);
    const writer = new Writer(store, hints.fence);
    for (let round = 1; round <= 3; round++) {
      const opened = front.opened;
      await clock.advance(300_000);
      await until(
        () => front.opened === opened + 1 && front.streams === 1 && clock.pending === 1,
        "the new stream",
      );
      await writer.write(1);
      assertEquals((await hints.next("tick", round)).position.seq, round);
    }
    stop.abort();
    await until(() => front.streams === 0 && clock.pending === 0, "the end");
  },
);
