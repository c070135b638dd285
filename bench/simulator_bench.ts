/**
 * What the simulator can make: it must never be what a load test measures. Budgets: a generated event under 10 µs (100 000
 * a second on one core), a replayed one under 10 µs, so that the product is the bottleneck at every rate of
 * `reference/performance.md`.
 */
import { MarketGenerator } from "../src/simulator/generator/generator.ts";
import { DEFAULT_GENERATOR } from "../src/simulator/generator/generator_options.ts";
import { normalBehaviour } from "../src/simulator/protocol/behaviour.ts";
import { readReplayLine } from "../src/simulator/replay/replay_line.ts";

const START = Date.UTC(2026, 2, 2, 15);

const market = (symbols: number, rate: number) =>
  new MarketGenerator(
    { ...DEFAULT_GENERATOR, symbols, rate, openBurst: false },
    START,
    normalBehaviour(),
  );

const small = market(20, 2000);
Deno.bench("one step (50 ms) of 20 stocks at 2 000 trades/s", () => void small.step());

const large = market(8000, 20_000);
Deno.bench("one step (50 ms) of 8 000 stocks at 20 000 trades/s", () => void large.step());

const frame = `{"at":1,"feed":"stocks","events":[${
  market(20, 2000).step().filter(({ prefix }) => prefix === "T").map(({ text }) => text).join(",")
}]}`;
Deno.bench(
  `reading a recorded line of ${frame.split('"ev"').length - 1} trades`,
  () => void readReplayLine(frame),
);
