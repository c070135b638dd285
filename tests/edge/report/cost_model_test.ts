import { assertEquals } from "@std/assert";
import {
  COMMANDS_PER_APPEND,
  COMMANDS_PER_PULL,
  type CostInputs,
  estimateCommands,
  FIXED_BREAK_EVEN,
  perMonth,
  priceOf,
} from "../../../src/edge/report/cost_model.ts";
import { aChannel, anIngestHealth, aPlan } from "../../support/ingest_health_factory.ts";
import { anOperationalSide } from "../../support/operational_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

const inputs = (over: Partial<CostInputs> = {}): CostInputs => ({
  edges: 1,
  lists: 4,
  pull_ms: 250,
  quiet_pull_ms: 250,
  appends_per_second: 0,
  watched_hours: 24,
  market_hours: 24,
  days: 30,
  read_regions: 0,
  ...over,
});

pure("pulls of quiet lists cost lists × interval, whatever the number of clients", () => {
  const { pulls } = estimateCommands(inputs());
  assertEquals(pulls, 4 * 4 * 86_400 * 30 * COMMANDS_PER_PULL);
});

pure("a list that moves faster than its interval is read as often as it moves", () => {
  const { pulls, appends } = estimateCommands(inputs({ lists: 1, appends_per_second: 10 }));
  assertEquals(pulls, 10 * 86_400 * 30 * COMMANDS_PER_PULL);
  assertEquals(appends, 10 * 86_400 * 30 * COMMANDS_PER_APPEND);
});

pure("hours without events are pulled at their own interval where that is longer", () => {
  const closed = { watched_hours: 24, market_hours: 0 };
  const pullsADay = (over: Partial<CostInputs>) =>
    estimateCommands(inputs({ ...closed, ...over })).pulls / 30;
  assertEquals(pullsADay({ quiet_pull_ms: 2000 }), 4 * 86_400 / 2 * COMMANDS_PER_PULL);
  assertEquals(pullsADay({ pull_ms: 5000, quiet_pull_ms: 2000 }), 4 * 86_400 / 5 * COMMANDS_PER_PULL);
});

pure("nobody watching costs no pulls, and read regions multiply writes alone", () => {
  assertEquals(estimateCommands(inputs({ watched_hours: 0 })).pulls, 0);
  assertEquals(estimateCommands(inputs({ edges: 0 })).pulls, 0);
  assertEquals(estimateCommands(inputs({ lists: 0 })).pulls, 0);
  const here = estimateCommands(inputs({ appends_per_second: 1 }));
  const spread = estimateCommands(inputs({ appends_per_second: 1, read_regions: 2 }));
  assertEquals([spread.appends, spread.pulls], [here.appends * 3, here.pulls]);
});

pure("prices follow the price list", () => {
  assertEquals(priceOf(0).cheapest, "free");
  assertEquals(priceOf(100_000).pay_as_you_go_usd, 0.2);
  assertEquals(priceOf(1_000_000), {
    pay_as_you_go_usd: 2,
    fixed_usd: 10,
    fits_free: false,
    cheapest: "pay_as_you_go",
  });
  assertEquals(priceOf(FIXED_BREAK_EVEN + 1).cheapest, "fixed");
  assertEquals([perMonth(10, 0.5), perMonth(10, 10)], [0, 2_592_000]);
});

pure("GET /api/cost starts from what runs and takes the query's word over it", async () => {
  const list = { list: "tick", head: null, depth: 0, appends: 1200, paceMs: 250 };
  using scene = await anOperationalSide({
    plan: aPlan(),
    ingest: anIngestHealth({ channels: [aChannel({ lists: [list] })] }),
  });
  await scene.clock.advance(100_000);
  const plain = await (await scene.request("GET", "/api/cost")).json();
  assertEquals(plain.estimate.inputs, {
    edges: 1,
    lists: 2,
    pull_ms: 250,
    quiet_pull_ms: 2000,
    appends_per_second: 2,
    watched_hours: 16,
    market_hours: 16,
    days: 21,
    read_regions: 0,
  });
  assertEquals(plain.measured.ingest.commands_per_month, perMonth(1000, 600));
  assertEquals(plain.measured.this_process.seconds, 100);
  const asked = await (await scene.request("GET", "/api/cost?edges=3&pull_ms=1000&days=30&market_hours=24"))
    .json();
  assertEquals([asked.estimate.inputs.edges, asked.estimate.inputs.pull_ms], [3, 1000]);
});

pure("GET /api/cost refuses numbers out of range", async () => {
  using scene = await anOperationalSide();
  for (const query of ["edges=-1", "pull_ms=0", "watched_hours=25", "days=x", "lists=NaN", "edges=1e400"]) {
    const response = await scene.request("GET", `/api/cost?${query}`);
    assertEquals([response.status, (await response.json()).error.code], [400, "BAD_REQUEST"], query);
  }
});
