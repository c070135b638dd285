/** The simulator as role `all` runs it in its own process when there is no key. */
import type { Clock } from "../feed/clock.ts";
import type { Log } from "../feed/log.ts";
import type { Settings } from "../feed/settings/settings.ts";
import type { RecordedFeed } from "./feed_path.ts";
import { stockUniverse } from "./generator/universe.ts";
import type { Simulator } from "./simulator_options.ts";
import { startSimulator } from "./start_simulator.ts";

/** It waits while a channel of ingest is fuller than this share. */
const PRESSURE_LIMIT = 0.5;
/** So many of its symbols have a heatmap unless `HEATMAP_SYMBOLS` says which. */
const HEATMAP_SYMBOLS = 20;

/** What it runs on. */
export interface BuiltInDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** 0…1: the fullest channel queue of the ingest it feeds. */
  readonly pressure: () => number;
}

/** The feeds ingest will connect to: a replay begins once all of them have subscribed. */
function feedsOf({ ingest: { frequencies, markets } }: Settings): readonly RecordedFeed[] {
  const realtime = frequencies.some((frequency) => frequency !== "fmv");
  const business = frequencies.includes("fmv");
  return markets.flatMap((market): RecordedFeed[] => [
    ...(realtime ? [market] : []),
    ...(business ? [market === "crypto" ? "business/crypto" as const : "business" as const] : []),
  ]);
}

/** Starts it on a free port of the loopback, as the settings say. */
export function startBuiltIn(settings: Settings, { clock, log, pressure }: BuiltInDeps): Promise<Simulator> {
  const { seed, symbols, rate, replayFile, speed } = settings.simulator;
  const replay = replayFile === undefined ? undefined : { file: replayFile, waitForFeeds: feedsOf(settings) };
  const mayContinue = () => pressure() < PRESSURE_LIMIT;
  return startSimulator({ seed, symbols, rate, replay, speed, mayContinue }, { clock, log });
}

/** Where ingest finds it: any key opens it. */
export const builtInUpstream = ({ url }: Simulator) => ({
  apiKey: "simulator",
  realtimeUrl: url,
  businessUrl: `${url}/business`,
});

/** Its heatmap where none is named: its most active names. A replay's names are not known beforehand. */
export function builtInHeatmapSymbols(settings: Settings): readonly string[] {
  const { simulated, simulator: { replayFile, symbols, seed } } = settings;
  if (!simulated || replayFile !== undefined) return [];
  return stockUniverse(Math.min(symbols, HEATMAP_SYMBOLS), seed).map((one) => one.symbol);
}
