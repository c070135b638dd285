import { assertEquals } from "@std/assert";
import { healthEndpoint, type HealthSource } from "../../src/ingest/health_endpoint.ts";

function source(role: "leader" | "standby", ready = true): HealthSource {
  const health = {
    at: 0,
    instance: "i",
    version: "0",
    role,
    simulated: false,
    startedAt: 0,
    fence: null,
    planFallback: "",
    connections: [],
    channels: [],
    dropsByReason: {},
    store: { commands: 0, requests: 0, failures: 0, up: true },
  };
  return { health: () => health, ready };
}

const statusOf = async (from: HealthSource, path: string, method = "GET") => {
  const response = healthEndpoint(from)(new Request(`http://localhost${path}`, { method }));
  await response.body?.cancel();
  return response.status;
};

Deno.test({
  name: "ingest answers health from memory: alive always, ready as leader and as standby, not while stopping",
  permissions: "none",
  async fn() {
    assertEquals(await statusOf(source("leader"), "/health"), 200);
    assertEquals(await statusOf(source("leader"), "/health/ready"), 200);
    assertEquals(await statusOf(source("standby"), "/health/ready"), 200);
    assertEquals(await statusOf(source("leader", false), "/health/ready"), 503);
    assertEquals(await statusOf(source("leader", false), "/health"), 200);
    assertEquals(await statusOf(source("leader"), "/health/ingest"), 200);
    assertEquals(await statusOf(source("leader"), "/api/secrets"), 404);
    assertEquals(await statusOf(source("leader"), "/health", "POST"), 405);
  },
});
