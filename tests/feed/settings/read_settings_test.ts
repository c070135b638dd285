import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readSettings } from "../../../src/feed/settings/read_settings.ts";
import { describeProblem, type Environment, shownSettings } from "../../../src/feed/settings/read_values.ts";
import type { Settings } from "../../../src/feed/settings/settings.ts";

const options = { signalThresholds: [{ key: "surge_price_percent", min: 0, max: 100 }], onDeploy: false };

function good(environment: Environment): Settings {
  const reading = readSettings(environment, options);
  assert(reading.ok, reading.ok ? "" : reading.problems.map(describeProblem).join("; "));
  return reading.settings;
}

function problems(environment: Environment): string[] {
  const reading = readSettings(environment, options);
  return reading.ok ? [] : reading.problems.map(describeProblem);
}

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

pure("with nothing set, role all runs the simulator on the loopback with all three frequencies", () => {
  const settings = good({});
  assertEquals([settings.role, settings.simulated, settings.host, settings.port], [
    "all",
    true,
    "127.0.0.1",
    8000,
  ]);
  assertEquals(settings.ingest.frequencies, ["tick", "minute", "fmv"]);
  assertEquals(settings.ingest.tickEvents, ["A", "T"]);
  assertEquals(settings.store, { transport: "memory" });
});

pure("with a key alone, one connection carries the per-second stream, as it always did", () => {
  const settings = good({ MASSIVE_API_KEY: "key" });
  assertEquals([settings.simulated, settings.host], [false, "0.0.0.0"]);
  assertEquals(settings.ingest.frequencies, ["tick"]);
  assertEquals(settings.ingest.tickEvents, ["A"]);
  assertEquals(settings.ingest.multiConnection, false);
});

pure("every name of the requirements has its stated default", () => {
  const { ingest, edge, signals } = good({});
  assertEquals([ingest.connectionsMax, ingest.strategy], [3, "manual"]);
  assertEquals(ingest.connections.map((one) => [one.enabled, one.name]), [[true, "primary"], [
    false,
    "secondary",
  ], [false, "tertiary"]]);
  assertEquals([ingest.healthCheckIntervalMs, ingest.autoRebalance, ingest.failoverEnabled], [
    30_000,
    true,
    true,
  ]);
  assertEquals([edge.wsEnabled, edge.wsMaxConnections, signals.heatmapUpdateIntervalMs], [true, 1000, 5000]);
  assertEquals([edge.slowConsumerTimeoutMs, edge.maxQueueFrames], [1000, 5]);
});

pure("every problem is listed at once, with name, value, rule and example, and secrets masked", () => {
  const found = problems({
    PORT: "http",
    WS_MAX_QUEUE_SIZE: "0",
    DATA_FREQUENCIES: "tick,hourly",
    ADMIN_TOKEN: "short secret",
    REDIS_URL: "localhost:6379",
  });
  assertEquals(found.length, 5);
  assert(found.includes("PORT=http must be a whole number from 0 to 65535, e.g. PORT=8000"));
  assert(found.some((line) => line.startsWith("DATA_FREQUENCIES=tick,hourly must be a comma list")));
  assert(found.some((line) => line.startsWith("ADMIN_TOKEN=*** must be")));
  assert(found.some((line) => line.startsWith("REDIS_URL=*** must be")));
});

pure("all seven combinations of frequencies are accepted, and an empty or repeated one is not", () => {
  for (
    const combination of ["tick", "minute", "fmv", "tick,minute", "tick,fmv", "minute,fmv", "tick,minute,fmv"]
  ) {
    assertEquals(good({ DATA_FREQUENCIES: combination }).ingest.frequencies.join(","), combination);
  }
  assertEquals(problems({ DATA_FREQUENCIES: "tick,tick" }).length, 1);
  assertEquals(problems({ DATA_FREQUENCIES: "," }).length, 1);
});

pure("Redis is one or the other, never both, and not where it is switched off", () => {
  const rest = { UPSTASH_REDIS_REST_URL: "https://x.upstash.io", UPSTASH_REDIS_REST_TOKEN: "token" };
  assertEquals(good({ REDIS_URL: "redis://localhost:6379" }).store.transport, "tcp");
  assertEquals(good(rest).store.transport, "rest");
  assertStringIncludes(problems({ ...rest, REDIS_URL: "redis://localhost:6379" }).join(), "the only store");
  assertStringIncludes(
    problems({ REDIS_ENABLED: "false", REDIS_URL: "redis://localhost:6379" }).join(),
    "REDIS_ENABLED=false",
  );
  assertStringIncludes(problems({ REDIS_ENABLED: "true" }).join(), "set REDIS_URL");
  assertStringIncludes(
    problems({ UPSTASH_REDIS_REST_URL: "https://x.upstash.io" }).join(),
    "UPSTASH_REDIS_REST_TOKEN",
  );
});

pure("role ingest needs a key, and lists in memory need role all", () => {
  const found = problems({ ROLE: "ingest" });
  assertStringIncludes(found.join("\n"), "MASSIVE_API_KEY");
  assertStringIncludes(found.join("\n"), "ROLE=ingest must be all where the lists are in memory");
  assertEquals(good({ ROLE: "edge", REDIS_URL: "redis://localhost:6379" }).simulated, false);
});

pure("Deno Deploy runs an edge unless told otherwise", () => {
  const reading = readSettings({ REDIS_URL: "redis://localhost:6379" }, { ...options, onDeploy: true });
  assert(reading.ok);
  assertEquals(reading.settings.role, "edge");
});

pure(
  "a wrong setting of several connections is kept for the plan, and refused only where STRICT_CONFIG says so",
  () => {
    const wrong = {
      USE_MULTI_CONNECTION: "true",
      WEBSOCKET_ROUTING_STRATEGY: "lottery",
      WEBSOCKET_CONNECTION_4_NAME: "fourth",
    };
    assertEquals(good(wrong).ingest.multiConnectionProblems.length, 2);
    assertEquals(problems({ ...wrong, STRICT_CONFIG: "true" }).length, 1);
    assertEquals(good({ ...wrong, USE_MULTI_CONNECTION: "false" }).ingest.multiConnectionProblems, []);
  },
);

pure("tokens are verified with one kind of key and one kind of algorithm", () => {
  const jwt = { AUTH_MODE: "jwt", JWT_ISSUER: "https://id", JWT_AUDIENCE: "tickcast" };
  assertEquals(good({ ...jwt, JWT_SECRET: "x".repeat(32) }).edge.jwt.algorithms, ["HS256"]);
  assertEquals(good({ ...jwt, JWT_JWKS_URL: "https://id/jwks" }).edge.jwt.algorithms, ["RS256", "ES256"]);
  assertEquals(problems({ ...jwt, JWT_JWKS_URL: "https://id/jwks", JWT_ALGORITHMS: "HS256" }).length, 1);
  assertEquals(problems({ ...jwt, JWT_SECRET: "x".repeat(32), JWT_ALGORITHMS: "HS256,RS256" }).length, 1);
  assertEquals(problems({ AUTH_MODE: "jwt" }).length, 3);
});

pure("signal thresholds are known names with numbers", () => {
  assertEquals(
    good({ SIGNAL_SURGE_PRICE_PERCENT: "2.5" }).signals.thresholds.get("surge_price_percent"),
    2.5,
  );
  assertEquals(problems({ SIGNAL_SURGE_PRICE_PERCENT: "101", SIGNAL_MOOD: "1" }).length, 2);
});

pure("secrets are known in every spelling, so that the log can mask them", () => {
  const settings = good({ MASSIVE_API_KEY: "the-key", REDIS_URL: "redis://user:p%40ss@localhost:6379" });
  for (const secret of ["the-key", "p%40ss", "p@ss"]) assert(settings.secrets.includes(secret));
  assertEquals(shownSettings({ MASSIVE_API_KEY: "the-key", PORT: "1" }), {
    MASSIVE_API_KEY: "***",
    PORT: "1",
  });
});
