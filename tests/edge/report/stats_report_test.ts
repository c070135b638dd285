import { assertEquals } from "@std/assert";
import {
  mostWanted,
  noClients,
  STATS_FRESH_MS,
  STATS_SYMBOLS_MAX,
} from "../../../src/edge/report/stats_report.ts";
import { ADMIN_TOKEN, anOperationalSide } from "../../support/operational_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

pure("/ws/stats has exactly the four keys dashboards know", async () => {
  using scene = await anOperationalSide({
    clients: { ...noClients, subscriptionsBySymbol: () => new Map([["AAPL", 2], ["*", 1]]) },
  });
  scene.counters.active.ws = 2;
  scene.counters.active.sse = 1;
  scene.counters.slowWarned = 4;
  scene.counters.sent(70, 700, 7000);
  const response = await scene.request("GET", "/ws/stats");
  assertEquals(response.status, 200);
  assertEquals(await response.json(), {
    active_connections: 3,
    messages_sent_1m: 70,
    slow_consumers: 4,
    subscriptions_by_symbol: { AAPL: 2, "*": 1 },
  });
});

pure("messages_sent_1m forgets what is older than a minute", async () => {
  using scene = await anOperationalSide();
  scene.counters.sent(70, 70, 70);
  await scene.clock.advance(30_000);
  scene.counters.sent(5, 5, 5);
  const sent = async () => (await (await scene.request("GET", "/ws/stats")).json()).messages_sent_1m;
  assertEquals(await sent(), 75);
  await scene.clock.advance(31_000);
  assertEquals(await sent(), 5);
  await scene.clock.advance(3_600_000);
  assertEquals(await sent(), 0);
});

pure("mostWanted() is bounded, whatever a client subscribes to", () => {
  const wanted = new Map(Array.from({ length: 100_000 }, (_, n) => [`S${n}`, n % 7]));
  const told = mostWanted({ ...noClients, subscriptionsBySymbol: () => wanted });
  assertEquals([told.length, told[0]?.[1]], [STATS_SYMBOLS_MAX, 6]);
});

pure("however often it is asked, subscriptions are counted once a second", async () => {
  let counted = 0;
  using scene = await anOperationalSide({
    clients: {
      ...noClients,
      subscriptionsBySymbol: () => {
        counted++;
        return new Map();
      },
    },
  });
  for (let n = 0; n < 100; n++) await (await scene.request("GET", "/ws/stats")).body?.cancel();
  assertEquals(counted, 1);
  await scene.clock.advance(STATS_FRESH_MS);
  await (await scene.request("GET", "/ws/stats")).body?.cancel();
  assertEquals(counted, 2);
});

pure("statistics and metrics are open, and closed with PRIVATE_STATS", async () => {
  for (const path of ["/ws/stats", "/metrics", "/api/websocket/connections", "/health/streams"]) {
    using open = await anOperationalSide();
    const answer = await open.request("GET", path);
    await answer.body?.cancel();
    assertEquals(answer.status !== 401, true, path);
    using closed = await anOperationalSide({ privateStats: true });
    assertEquals((await closed.request("GET", path)).status, 401, path);
    assertEquals((await closed.request("GET", path, { token: ADMIN_TOKEN })).status, answer.status, path);
    using locked = await anOperationalSide({ privateStats: true, adminToken: undefined });
    const refused = await locked.request("GET", path, { token: "" });
    assertEquals(refused.status, 403, path);
  }
});

pure(
  "with ADMIN_PORT clients' port has health and the description alone, the other port everything",
  async () => {
    using scene = await anOperationalSide({ adminPort: 9000 });
    const status = async (app: "routes" | "adminRoutes", path: string) => {
      const response = await scene.side[app].request(path);
      await response.body?.cancel();
      return response.status;
    };
    for (const path of ["/ws/stats", "/metrics", "/api/cost", "/api/websocket/connections"]) {
      assertEquals([await status("routes", path), await status("adminRoutes", path)], [404, 200], path);
    }
    for (const path of ["/health", "/health/ready", "/docs", "/openapi.json"]) {
      assertEquals([await status("routes", path), await status("adminRoutes", path)], [200, 200], path);
    }
  },
);
