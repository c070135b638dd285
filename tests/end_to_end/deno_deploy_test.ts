/**
 * The entry point as Deno Deploy runs it: its runtime where there is one (2.5.0), all rights, no role, Redis by REST only,
 * ended by SIGINT with five seconds to go.
 */
import { assert, assertEquals } from "@std/assert";
import { ownTime } from "../support/own_time.ts";
import { startProcess } from "../support/processes.ts";
import { realPart } from "../support/real_parts.ts";
import { startRedis } from "../support/redis_server.ts";
import { startRestFront } from "../support/rest_front.ts";
import { collectBySse, collectByWebSocket } from "../support/stream_clients.ts";

const redis = realPart("redis-server");
const old = Deno.env.get("TICKCAST_DENO_OLD");
/** From SIGINT to SIGKILL (Deno Deploy's runtime page). */
const EVICTION_MS = 5_000;

Deno.test({
  name:
    `on Deno Deploy the entry point is an edge over REST that drains within the five seconds it is given (Deno ${
      old ? "2.5.0" : Deno.version.deno
    })${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    await using server = await startRedis();
    await using front = await startRestFront(server);
    const store = { UPSTASH_REDIS_REST_URL: front.url, UPSTASH_REDIS_REST_TOKEN: front.token };
    await using _ingest = await startProcess({ environment: { ROLE: "all", REDIS_URL: server.url } });
    const { deploy } = JSON.parse(
      await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
    );
    await using edge = await startProcess({
      ...old ? { deno: old } : {},
      command: ["run", "--quiet", "--allow-all", deploy.runtime.entrypoint],
      environment: { DENO_DEPLOY: "1", DENO_DEPLOYMENT_ID: "abc", DENO_TIMELINE: "production", ...store },
    });
    const start = edge.log.find(({ message }) => message === "start");
    assertEquals([start?.role, start?.store], ["edge", "rest"]);
    await using ws = collectByWebSocket(edge.base, ["tick"], "tick:0-0");
    const sse = collectBySse(edge.base, ["tick"], "tick:0-0");
    for (const client of [ws, sse]) {
      await client.until((seen) => (seen.get("tick")?.events.length ?? 0) >= 20, 20_000);
    }
    await sse[Symbol.asyncDispose]();
    const closed = ws.until(() => false, 15_000).catch((error: Error) => error.message);
    const ownMs = ownTime();
    edge.kill("SIGINT");
    assertEquals((await edge.status).code, 0);
    assert(ownMs() < EVICTION_MS, "it would have been killed");
    assert(String(await closed).includes("4002"), "its clients were told to come back");
  },
});
