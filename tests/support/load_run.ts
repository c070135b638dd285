/** A run of `deno task load` inside a test, and what an edge says of its clients. */
import { assert } from "@std/assert";
import { systemClock, systemRandom } from "../../src/feed/clock.ts";
import { carryOutLoad } from "../../src/operations/load.ts";
import { readLoadArguments } from "../../src/operations/load/load_arguments.ts";
import type { LoadReport } from "../../src/operations/load/load_report.ts";
import { metricTotal } from "./exposition.ts";
import { until } from "./until.ts";

/** A run under way. */
export interface LoadRun {
  /** What it has told so far, a line every five seconds of how many clients it counts in. */
  readonly lines: readonly string[];
  readonly report: Promise<LoadReport>;
  /** Ends it early; what was measured by then is reported. */
  finish(): void;
}

/** Starts one with the arguments of the command line. */
export function startLoad(args: readonly string[]): LoadRun {
  const plan = readLoadArguments(args);
  assert(plan !== undefined);
  const stop = new AbortController();
  const lines: string[] = [];
  const report = carryOutLoad(plan, {
    clock: systemClock,
    random: systemRandom,
    print: (line) => void lines.push(line),
    signal: stop.signal,
  });
  return { lines, report, finish: () => stop.abort() };
}

/** Clients connected to the instance at `base`. */
export async function activeAt(base: string): Promise<number> {
  return Number((await (await fetch(`${base}/ws/stats`)).json()).active_connections);
}

/** Resolves when `run` itself tells that it counts `clients` in, or more: by then its course has them too. */
export async function untilCountedIn(run: LoadRun, clients: number, deadlineMs: number): Promise<void> {
  const told = run.lines.length;
  const areIn = (line: string) => Number(/ (\d+)\/\d+ clients /.exec(line)?.[1] ?? 0) >= clients;
  await until(() => run.lines.slice(told).some(areIn), `${clients} clients counted in`, deadlineMs);
}

/** Resolves when the instances at `bases` have sent as many events more as they have clients, and some. */
export async function untilEventsFlow(bases: readonly string[], deadlineMs: number): Promise<void> {
  const sent = () => metricTotal(bases, "tickcast_events_sent_total");
  const wanted = await sent() + await metricTotal(bases, "ws_active_connections") + 1;
  await until(async () => await sent() >= wanted, "events to everybody", deadlineMs);
}

/** Names that the simulator trades often. */
export const BUSY_SYMBOLS = ["--symbols", "AAPL,MSFT,NVDA,AMZN,TSLA,META,GOOGL,AMD", "--each", "2"] as const;
