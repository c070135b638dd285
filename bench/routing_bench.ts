/**
 * The upstream side's own costs, with 8 000 tickers on three connections. Budgets: finding a ticker's connection < 1 ms (B2), what the
 * manager adds to a frame < 5 ms (B2). Run: `deno bench -A bench/routing_bench.ts`.
 */
import { systemClock } from "../src/feed/clock.ts";
import { silentLog } from "../src/feed/log.ts";
import { ConnectionManager } from "../src/ingest/manage/connection_manager.ts";
import { planLoans } from "../src/ingest/manage/failover.ts";
import { lookupTicker } from "../src/ingest/control/lookup.ts";
import { AUTOMATIC_REBALANCE, planRebalance } from "../src/ingest/plan/rebalance.ts";
import { assignTickers } from "../src/ingest/plan/routing.ts";
import { FakePipeline } from "../tests/support/fake_pipeline.ts";
import { FakeUpstream } from "../tests/support/fake_upstream.ts";

const TICKERS = Array.from({ length: 8_000 }, (_, n) => `S${n}`);
const IDS = ["connection_1", "connection_2", "connection_3"];

const manager = new ConnectionManager({
  clock: systemClock,
  random: () => 0.5,
  log: silentLog,
  open: new FakeUpstream(systemClock).opener,
  pipeline: new FakePipeline(),
  upstream: { realtimeUrl: "ws://up", businessUrl: "ws://up/business", apiKey: "key" },
  tickEvents: ["A", "T"],
  failoverEnabled: true,
});
for (const id of IDS) {
  manager.add({ id, name: id, feed: "realtime", market: "stocks", frequencies: ["tick", "minute"] });
}
const rates = new Map(TICKERS.map((ticker, n) => [ticker, 1 + (n * 7919) % 100]));
const loads = () => new Map(IDS.map((id) => [id, { tickers: 0, rate: 0 }]));
for (const strategy of ["round_robin"] as const) {
  for (const [ticker, id] of assignTickers(TICKERS, loads(), { strategy, priorities: new Map(), rates })) {
    manager.placement.place("tick", ticker, id);
    manager.placement.place("minute", ticker, id);
  }
}

let turn = 0;
Deno.bench("a ticker's connection is found among 8 000 (budget 1 ms)", () => {
  lookupTicker(manager, TICKERS[turn++ % TICKERS.length] ?? "");
});

Deno.bench("8 000 tickers are routed by load (once, at a plan)", () => {
  assignTickers(TICKERS, loads(), { strategy: "load_balanced", priorities: new Map(), rates });
});

const weights = new Map(IDS.map((id, c) => [
  id,
  new Map(
    TICKERS.filter((_, n) => n % 3 === c).map((ticker) => [ticker, (rates.get(ticker) ?? 0) * (c + 1)]),
  ),
]));
Deno.bench("a rebalance of 8 000 tickers is planned (100 moves)", () => {
  planRebalance(weights, AUTOMATIC_REBALANCE);
});

const seats = IDS.map((id, n) => ({
  id,
  group: "stocks realtime",
  standing: n === 0 ? "down" as const : "up" as const,
  topics: manager.placement.topics(id),
}));
Deno.bench("loans of a dead connection with 8 000 topics are planned", () => {
  planLoans(seats, new Map());
});

Deno.bench("the manager looks at everything, nothing wrong (every 250 ms)", () => {
  manager.watch();
});
