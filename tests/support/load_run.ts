/** A run of `deno task load` inside a test, and what an edge says of its clients. */
import { assert } from "@std/assert";
import { systemClock, systemRandom } from "../../src/feed/clock.ts";
import { carryOutLoad } from "../../src/operations/load.ts";
import { readLoadArguments } from "../../src/operations/load/load_arguments.ts";
import type { LoadReport } from "../../src/operations/load/load_report.ts";

/** A run under way. */
export interface LoadRun {
  readonly report: Promise<LoadReport>;
  /** Ends it early; what was measured by then is reported. */
  finish(): void;
}

/** Starts one with the arguments of the command line. */
export function startLoad(args: readonly string[]): LoadRun {
  const plan = readLoadArguments(args);
  assert(plan !== undefined);
  const stop = new AbortController();
  const report = carryOutLoad(plan, {
    clock: systemClock,
    random: systemRandom,
    print: () => {},
    signal: stop.signal,
  });
  return { report, finish: () => stop.abort() };
}

/** Clients connected to the instance at `base`. */
export async function activeAt(base: string): Promise<number> {
  return Number((await (await fetch(`${base}/ws/stats`)).json()).active_connections);
}

/** Names that the simulator trades often. */
export const BUSY_SYMBOLS = ["--symbols", "AAPL,MSFT,NVDA,AMZN,TSLA,META,GOOGL,AMD", "--each", "2"] as const;
