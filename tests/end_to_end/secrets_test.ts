/**
 * Secrets are never in a log line, an error, a metric or an answer: planted ones are looked for in everything a full
 * run says.
 */
import { assert, assertEquals } from "@std/assert";
import { SignJWT } from "jose";
import { startRunning } from "../support/running.ts";
import { SocketClient } from "../edge/test_clients.ts";

const JWT_SECRET = "PLANTED-jwt-secret-of-more-than-32-characters";
const ADMIN_TOKEN = "PLANTED-admin-token-0123456789";
const WRONG_TOKEN = "PLANTED-wrong-token-0123456789";
const REDIS_PASSWORD = "PLANTED-redis-password";
const REST_TOKEN = "PLANTED-rest-token";
const API_KEY = "PLANTED-massive-key";

const token = () =>
  new SignJWT({ sub: "user-1" }).setProtectedHeader({ alg: "HS256" }).setIssuer("https://id.example.com")
    .setAudience("tickcast").setExpirationTime("1h").sign(new TextEncoder().encode(JWT_SECRET));

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
  `/events/tick?token=${WRONG_TOKEN}`,
  `/sse/tick?ticket=${WRONG_TOKEN}`,
  `/sse/tick?access_token=${WRONG_TOKEN}`,
];
/** Without a store these wait for it, which is their own affair. */
const READING_WITHOUT_STORE = READING.filter((path) => !/^\/(events|snapshot|sse)/.test(path));
const ACTING = [
  ["POST", "/api/reload", ""],
  ["POST", "/api/websocket/rebalance", ""],
  ["POST", "/api/websocket/tickers", JSON.stringify({ action: WRONG_TOKEN })],
  ["POST", "/api/websocket/connections", WRONG_TOKEN],
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

function assertClean(said: readonly string[], secrets: readonly string[]): void {
  const text = said.join("\n");
  assert(text.length > 10_000, "there was something to look in");
  assertEquals(text.match(/.{0,80}PLANTED.{0,40}/)?.[0], undefined);
  for (const secret of secrets) {
    const at = text.indexOf(secret);
    assertEquals(text.slice(Math.max(0, at - 80), Math.max(0, at)), "", `…${secret.slice(-6)} is said`);
  }
}

Deno.test("a full run with tokens says none of its secrets", async () => {
  const good = await token();
  await using running = await startRunning({
    AUTH_MODE: "jwt",
    JWT_SECRET,
    JWT_ISSUER: "https://id.example.com",
    JWT_AUDIENCE: "tickcast",
    ADMIN_TOKEN,
    LOG_LEVEL: "debug",
    SIMULATOR_SYMBOLS: "5",
  });
  const port = Number(new URL(running.base).port);
  const said = await askEverything(running.base, [good, ADMIN_TOKEN, WRONG_TOKEN]);
  {
    await using client = new SocketClient(port, "/ws/tick?symbols=*", ["tickcast.v1", `bearer.${good}`]);
    await client.say({ action: "auth", token: WRONG_TOKEN });
    await client.first("error");
    await client.say({ action: WRONG_TOKEN });
    await client.until("a second error", () => client.of("error").length > 1);
    await using program = new SocketClient(port, "/massive/stocks");
    await program.say({ action: "auth", params: WRONG_TOKEN });
    await program.closed;
    await using refused = new SocketClient(port, `/ws/tick?token=${WRONG_TOKEN}`);
    await refused.closed;
    said.push(JSON.stringify([client.messages, program.messages]));
  }
  assertClean([...said, ...running.lines], [JWT_SECRET, ADMIN_TOKEN, good, good.split(".")[2] ?? good]);
});

Deno.test("an edge that can't reach its Redis says so without its password", async () => {
  await using running = await startRunning({
    ROLE: "edge",
    REDIS_URL: `redis://edge:${REDIS_PASSWORD}@127.0.0.1:1/0`,
    ADMIN_TOKEN,
    LOG_LEVEL: "debug",
  });
  const said = await askEverything(running.base, [ADMIN_TOKEN], READING_WITHOUT_STORE);
  assertClean([...said, ...running.lines], [REDIS_PASSWORD]);
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
    UPSTASH_REDIS_REST_TOKEN: REST_TOKEN,
    ADMIN_TOKEN,
    LOG_LEVEL: "debug",
  });
  const said = await askEverything(running.base, [ADMIN_TOKEN], READING_WITHOUT_STORE);
  assertClean([...said, ...running.lines], [REST_TOKEN]);
});

Deno.test("an ingest whose key is refused says so without the key", async () => {
  await using running = await startRunning({
    MASSIVE_API_KEY: API_KEY,
    MASSIVE_REALTIME_URL: "ws://127.0.0.1:1",
    ADMIN_TOKEN,
    LOG_LEVEL: "debug",
  });
  const said = await askEverything(running.base, [ADMIN_TOKEN]);
  assertClean([...said, ...running.lines], [API_KEY]);
});
