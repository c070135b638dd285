/** Ingest and two edges as processes of their own over a real Redis, by TCP and by REST: every event reaches every client once. */
import { systemClock } from "../../src/feed/clock.ts";
import { silentLog } from "../../src/feed/log.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import { expectedStreams, readRecording } from "../support/expected_events.ts";
import { startProcess } from "../support/processes.ts";
import { realPart, sharedRecording } from "../support/real_parts.ts";
import { startRedis } from "../support/redis_server.ts";
import { assertSawAll } from "../support/replay_check.ts";
import { startRestFront } from "../support/rest_front.ts";
import { collectByPoll, collectBySse, collectByWebSocket } from "../support/stream_clients.ts";

const STREAMS = ["tick", "minute", "fmv"];
const fixture = new URL("../../fixtures/replay/open_minute.ndjson.gz", import.meta.url).pathname;
const redis = realPart("redis-server");

async function replayOverRedis(
  store: Record<string, string>,
  file: string,
  speed: number,
  deadlineMs: number,
): Promise<void> {
  const expected = expectedStreams(await readRecording(file), ["stocks", "business"]);
  const streams = STREAMS.filter((stream) => expected.has(stream));
  await using first = await startProcess({ environment: { ROLE: "edge", ...store } });
  await using second = await startProcess({ environment: { ROLE: "edge", ...store } });
  const origin = streams.map((stream) => `${stream}:0-0`).join(",");
  const replay = { file, waitForFeeds: ["stocks", "business"] as const };
  await using simulator = await startSimulator({ replay, speed }, { clock: systemClock, log: silentLog });
  await using _ingest = await startProcess({
    environment: {
      ROLE: "ingest",
      MASSIVE_API_KEY: "demo-key",
      MASSIVE_REALTIME_URL: simulator.url,
      MASSIVE_BUSINESS_URL: `${simulator.url}/business`,
      DATA_FREQUENCIES: "tick,minute,fmv",
      TICK_EVENTS: "A,T",
      ...store,
    },
  });
  await using ws = collectByWebSocket(first.base, streams, origin);
  await using sse = collectBySse(second.base, streams, origin);
  await using poll = collectByPoll(first.base, streams, origin);
  await using otherWs = collectByWebSocket(second.base, streams, origin);
  await Promise.all([ws, sse, poll, otherWs].map((client) => assertSawAll(client, expected, deadlineMs)));
}

Deno.test({
  name: `a recording at 10 times its speed crosses Redis by TCP whole, to clients of two edges${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    await using server = await startRedis();
    await replayOverRedis({ REDIS_URL: server.url }, fixture, 10, 40_000);
  },
});

Deno.test({
  name: `a recording at 5 times its speed crosses Redis by REST whole, to clients of two edges${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    await using server = await startRedis();
    await using front = await startRestFront(server);
    await replayOverRedis(
      { UPSTASH_REDIS_REST_URL: front.url, UPSTASH_REDIS_REST_TOKEN: front.token },
      fixture,
      5,
      60_000,
    );
  },
});

// Sixteen minutes at 10 times their speed take 96 s: run by hand with `TICKCAST_LONG=1 deno task test`.
const market = sharedRecording();
const long = Deno.env.get("TICKCAST_LONG") === "1";
Deno.test({
  name: `16 minutes of a real market cross Redis by TCP at 10 times their speed${
    market.note || redis.note || (long ? "" : " (ignored: TICKCAST_LONG=1 runs it, 100 s)")
  }`,
  ignore: market.ignore || redis.ignore || !long,
  async fn() {
    await using server = await startRedis();
    await replayOverRedis({ REDIS_URL: server.url }, market.path, 10, 150_000);
  },
});

Deno.test({
  name: `16 minutes of a real market cross Redis by REST at 5 times their speed${
    market.note || redis.note || (long ? "" : " (ignored: TICKCAST_LONG=1 runs it, 200 s)")
  }`,
  ignore: market.ignore || redis.ignore || !long,
  async fn() {
    await using server = await startRedis();
    await using front = await startRestFront(server);
    await replayOverRedis(
      { UPSTASH_REDIS_REST_URL: front.url, UPSTASH_REDIS_REST_TOKEN: front.token },
      market.path,
      5,
      260_000,
    );
  },
});
