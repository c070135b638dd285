/** `OTEL_DENO=true` for real: what a collector is sent has useful names and none of the secrets. */
import { assert, assertEquals } from "@std/assert";
import { SignJWT } from "jose";
import { systemClock } from "../../src/feed/clock.ts";
import { silentLog } from "../../src/feed/log.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import { SocketClient, StreamClient } from "../edge/test_clients.ts";
import { OtlpReceiver } from "../support/otlp_receiver.ts";
import { startProcess } from "../support/processes.ts";
import { realPart } from "../support/real_parts.ts";
import { startRedis } from "../support/redis_server.ts";
import { startRestFront } from "../support/rest_front.ts";

const DEADLINE_MS = 20_000;
const JWT_SECRET = "PLANTED-jwt-secret-of-more-than-32-characters";
const ADMIN_TOKEN = "PLANTED-admin-token-0123456789";
const REDIS_PASSWORD = "PLANTED-redis-password";
const API_KEY = "PLANTED-massive-key";

const redis = realPart("redis-server");

const clientToken = () =>
  new SignJWT({ sub: "user-1" }).setProtectedHeader({ alg: "HS256" }).setIssuer("https://id.example.com")
    .setAudience("tickcast").setExpirationTime("1h").sign(new TextEncoder().encode(JWT_SECRET));

/** Waits until nothing is missing any more. */
async function until(missing: () => readonly string[]): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  while (missing().length > 0) {
    assert(performance.now() < end, `never came: ${missing()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A client at every kind of door, with its token where that door takes it. */
async function visit(base: string, token: string): Promise<void> {
  const bearer = (one: string) => ({ headers: { authorization: `Bearer ${one}` } });
  const get = async (path: string, one: string) => await (await fetch(base + path, bearer(one))).text();
  await get("/health/streams", token);
  await get("/events/tick?cursor=earliest", token);
  await get("/nowhere/at/all", token);
  await (await fetch(`${base}/api/reload`, { method: "POST", ...bearer(ADMIN_TOKEN) })).text();
  const made = await fetch(`${base}/tickets`, { method: "POST", ...bearer(token) });
  const { ticket } = await made.json();
  {
    await using stream = new StreamClient(base, `/sse/tick?ticket=${ticket}`);
    await stream.first("subscribed");
  }
  await using socket = new SocketClient(base, "/ws/tick?symbols=*", ["tickcast.v1", `bearer.${token}`]);
  await socket.first("events");
  await socket.say({ action: "auth", token });
  await socket.first("authenticated");
}

const RUNS = [
  { server: "deno", deno: Deno.execPath(), on: "" },
  { server: "hardened", deno: Deno.execPath(), on: "" },
  { server: "deno", deno: Deno.env.get("TICKCAST_DENO_OLD") ?? "", on: ", the oldest Deno" },
].filter(({ deno }) => deno !== "");

for (const { server, deno, on } of RUNS) {
  Deno.test({
    name:
      `spans have the names of routes and steps, and nothing exported holds a secret: SERVER=${server}${on}${redis.note}`,
    ignore: redis.ignore,
    async fn() {
      await using receiver = new OtlpReceiver();
      const user = ["--user", "edge", "on", `>${REDIS_PASSWORD}`, "~*", "&*", "+@all"];
      await using store = await startRedis({ args: user });
      await using front = await startRestFront(store);
      await using simulator = await startSimulator({}, { clock: systemClock, log: silentLog });
      const token = await clientToken();
      const rest = { UPSTASH_REDIS_REST_URL: front.url, UPSTASH_REDIS_REST_TOKEN: front.token };
      {
        await using _ingest = await startProcess({
          environment: {
            ROLE: "ingest",
            MASSIVE_API_KEY: API_KEY,
            MASSIVE_REALTIME_URL: simulator.url,
            ...rest,
            ...receiver.environment,
          },
        });
        await using edge = await startProcess({
          deno,
          environment: {
            ROLE: "edge",
            SERVER: server,
            AUTH_MODE: "jwt",
            JWT_SECRET,
            JWT_ISSUER: "https://id.example.com",
            JWT_AUDIENCE: "tickcast",
            ADMIN_TOKEN,
            REDIS_URL: `redis://edge:${REDIS_PASSWORD}@127.0.0.1:${store.port}`,
            ...receiver.environment,
          },
        });
        await visit(edge.base, token);
        const awaited = [
          "GET /health/streams",
          "GET /events/{stream}",
          "GET page or nothing",
          "POST /api/reload",
          "POST /tickets",
          "GET /sse/{stream}",
          "upgrade /ws/{stream}",
          "append",
          "pull",
          "upstream connect",
        ];
        await until(() => awaited.filter((name) => !receiver.names().has(name)));
      }
      const connect = receiver.spans.find(({ name }) => name === "upstream connect")?.attributes;
      assertEquals(connect, { host: new URL(simulator.url).host, outcome: "open" });
      const said = receiver.bodies.join("\n");
      assertEquals(said.match(/.{0,200}PLANTED.{0,40}/)?.[0], undefined);
      for (const secret of [token, token.split(".")[2] ?? token, front.token]) {
        assertEquals(said.includes(secret), false, `…${secret.slice(-6)} was exported`);
      }
    },
  });
}
