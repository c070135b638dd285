/**
 * Secrets are never in a log line, an error, a metric or an answer: planted ones are looked for in everything a full
 * run says.
 */
import {
  assertSaysNoSecret,
  PLANTED,
  PLANTED_AUTH,
  plantedToken,
  secretsOf,
} from "../support/planted_secrets.ts";
import { startRunning } from "../support/running.ts";
import { SocketClient } from "../edge/test_clients.ts";

const READING = [
  "/",
  "/status",
  "/health",
  "/health/ready",
  "/health/streams",
  "/health/streams/tick",
  "/ws/stats",
  "/metrics",
  "/api/cost",
  "/api/websocket/connections",
  "/api/websocket/connections/connection_1",
  "/api/websocket/tickers/AAPL",
  "/events/tick",
  "/snapshot/tick?symbols=AAPL",
  "/openapi.json",
  "/docs",
  "/nowhere",
  "/ws",
  "/massive/stocks",
  `/events/tick?token=${PLANTED.wrongToken}`,
  `/sse/tick?ticket=${PLANTED.wrongToken}`,
  `/sse/tick?access_token=${PLANTED.wrongToken}`,
];
/** Without a store these wait for it, which is their own affair. */
const READING_WITHOUT_STORE = READING.filter((path) => !/^\/(events|snapshot|sse)/.test(path));
const ACTING = [
  ["POST", "/api/reload", ""],
  ["POST", "/api/websocket/rebalance", ""],
  ["POST", "/api/websocket/tickers", JSON.stringify({ action: PLANTED.wrongToken })],
  ["POST", "/api/websocket/connections", PLANTED.wrongToken],
  ["POST", "/tickets", ""],
  ["DELETE", "/api/websocket/connections/none", ""],
] as const;

/** Everything the program answers to, with every kind of token. */
async function askEverything(
  base: string,
  tokens: readonly string[],
  reading: readonly string[] = READING,
): Promise<string[]> {
  const said: string[] = [];
  const note = async (response: Response) => {
    said.push(JSON.stringify([...response.headers.entries()].filter(([name]) => name !== "set-cookie")));
    const isEndless = response.headers.get("content-type")?.startsWith("text/event-stream");
    said.push(isEndless ? await firstChunk(response) : await response.text());
  };
  for (const authorization of tokens.map((one) => `Bearer ${one}`)) {
    for (const path of reading) {
      await note(
        await fetch(base + path, { headers: { authorization }, signal: AbortSignal.timeout(15_000) }),
      );
    }
    for (const [method, path, body] of ACTING) {
      await note(
        await fetch(base + path, { method, headers: { authorization }, ...body === "" ? {} : { body } }),
      );
    }
  }
  return said;
}

async function firstChunk(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(first?.value);
}

Deno.test("a full run with tokens says none of its secrets", async () => {
  const good = await plantedToken();
  await using running = await startRunning({
    ...PLANTED_AUTH,
    LOG_LEVEL: "debug",
    SIMULATOR_SYMBOLS: "5",
  });
  const port = Number(new URL(running.base).port);
  const said = await askEverything(running.base, [good, PLANTED.adminToken, PLANTED.wrongToken]);
  {
    await using client = new SocketClient(port, "/ws/tick?symbols=*", ["tickcast.v1", `bearer.${good}`]);
    await client.say({ action: "auth", token: PLANTED.wrongToken });
    await client.first("error");
    await client.say({ action: PLANTED.wrongToken });
    await client.until("a second error", () => client.of("error").length > 1);
    await using program = new SocketClient(port, "/massive/stocks");
    await program.say({ action: "auth", params: PLANTED.wrongToken });
    await program.closed;
    await using refused = new SocketClient(port, `/ws/tick?token=${PLANTED.wrongToken}`);
    await refused.closed;
    said.push(JSON.stringify([client.messages, program.messages]));
  }
  assertSaysNoSecret([...said, ...running.lines], [
    PLANTED.jwtSecret,
    PLANTED.adminToken,
    ...secretsOf(good),
  ]);
});

Deno.test("an edge that can't reach its Redis says so without its password", async () => {
  await using running = await startRunning({
    ROLE: "edge",
    REDIS_URL: `redis://edge:${PLANTED.redisPassword}@127.0.0.1:1/0`,
    ADMIN_TOKEN: PLANTED.adminToken,
    LOG_LEVEL: "debug",
  });
  const said = await askEverything(running.base, [PLANTED.adminToken], READING_WITHOUT_STORE);
  assertSaysNoSecret([...said, ...running.lines], [PLANTED.redisPassword]);
});

Deno.test("an edge with a wrong REST token says so without the token", async () => {
  await using front = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) =>
      Response.json({ error: `WRONGPASS ${request.headers.get("authorization")}` }, { status: 401 }),
  );
  await using running = await startRunning({
    ROLE: "edge",
    UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${front.addr.port}`,
    UPSTASH_REDIS_REST_TOKEN: PLANTED.restToken,
    ADMIN_TOKEN: PLANTED.adminToken,
    LOG_LEVEL: "debug",
  });
  const said = await askEverything(running.base, [PLANTED.adminToken], READING_WITHOUT_STORE);
  assertSaysNoSecret([...said, ...running.lines], [PLANTED.restToken]);
});

Deno.test("an ingest whose key is refused says so without the key", async () => {
  await using running = await startRunning({
    MASSIVE_API_KEY: PLANTED.apiKey,
    MASSIVE_REALTIME_URL: "ws://127.0.0.1:1",
    ADMIN_TOKEN: PLANTED.adminToken,
    LOG_LEVEL: "debug",
  });
  const said = await askEverything(running.base, [PLANTED.adminToken]);
  assertSaysNoSecret([...said, ...running.lines], [PLANTED.apiKey]);
});
