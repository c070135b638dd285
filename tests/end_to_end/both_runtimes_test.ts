/**
 * `src/` runs on the newest Deno and on the one Deno Deploy documents: a WebSocket and an SSE client are served by each; the hardened
 * server only where its limits hold.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { HARDENED_DENO_MIN } from "../../src/edge/hardened/hardened_runtime.ts";
import { runProgram, startProcess } from "../support/processes.ts";
import { realPart } from "../support/real_parts.ts";
import { startRedis } from "../support/redis_server.ts";
import { collectBySse, collectByWebSocket } from "../support/stream_clients.ts";

const redis = realPart("redis-server");
const old = Deno.env.get("TICKCAST_DENO_OLD");
if (!old && Deno.env.get("TICKCAST_REQUIRE_REAL") === "1") {
  throw new Error(
    "Cannot run the tests as TICKCAST_REQUIRE_REAL=1 needs TICKCAST_DENO_OLD, the path of deno 2.5.0",
  );
}

async function edgeServesBoth(deno: string, settings: Record<string, string> = {}): Promise<void> {
  await using server = await startRedis();
  await using all = await startProcess({ environment: { ROLE: "all", REDIS_URL: server.url } });
  await using edge = await startProcess({
    deno,
    environment: { ROLE: "edge", REDIS_URL: server.url, ...settings },
  });
  await using ws = collectByWebSocket(edge.base, ["tick"], "tick:0-0");
  await using sse = collectBySse(edge.base, ["tick"], "tick:0-0");
  for (const client of [ws, sse]) {
    await client.until((seen) => (seen.get("tick")?.events.length ?? 0) >= 20, 15_000);
  }
  const health = await fetch(`${edge.base}/health/ready`);
  assertEquals(health.status, 200);
  await health.body?.cancel();
  assert(all.log.some((line) => line.message === "listening"));
}

Deno.test({
  name: `an edge serves WebSocket and SSE clients on this Deno, ${Deno.version.deno}${redis.note}`,
  ignore: redis.ignore,
  fn: () => edgeServesBoth(Deno.execPath()),
});

Deno.test({
  name: `a hardened edge serves WebSocket and SSE clients on this Deno, ${Deno.version.deno}${redis.note}`,
  ignore: redis.ignore,
  fn: () => edgeServesBoth(Deno.execPath(), { SERVER: "hardened" }),
});

Deno.test({
  name: `an edge serves WebSocket and SSE clients on Deno 2.5.0${
    redis.note || (old
      ? ""
      : " (ignored: npm i deno@2.5.0 and set TICKCAST_DENO_OLD to the path of the program, not of npm's wrapper)")
  }`,
  ignore: redis.ignore || !old,
  fn: () => edgeServesBoth(old ?? ""),
});

Deno.test({
  name:
    `a hardened edge refuses to start on Deno 2.5.0, where its limits don't hold, and says which Deno does${
      old ? "" : " (ignored: set TICKCAST_DENO_OLD)"
    }`,
  ignore: !old,
  async fn() {
    const { code, stdout, stderr } = await runProgram(old ?? "", { ROLE: "all", SERVER: "hardened" });
    assertEquals(code, 2, stdout);
    assertStringIncludes(stderr, `SERVER=hardened as its limits need Deno ${HARDENED_DENO_MIN} or later`);
    assertStringIncludes(stderr, "2.5.0");
  },
});
