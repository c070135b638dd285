/** Where data comes from: the generated market or a recording, told apart once, here. */
import type { Clock } from "../feed/clock.ts";
import type { Log } from "../feed/log.ts";
import type { FlowControl } from "./flow_control.ts";
import { MarketGenerator } from "./generator/generator.ts";
import { driveGenerator } from "./generator/generator_driver.ts";
import type { Hub } from "./hub.ts";
import type { Behaviour } from "./protocol/behaviour.ts";
import { replay, type ReplaySummary } from "./replay/replayer.ts";
import { generatorOptions, type ReplayOptions, type SimulatorOptions } from "./simulator_options.ts";

/** How long a replay waits for feeds nobody subscribes, unless it was told which to wait for. */
const DEFAULT_GRACE_MS = 5000;
/** Quiet time after the last subscription before a replay begins. */
const DEFAULT_SETTLE_MS = 500;

/** A source of data. */
export interface MarketSource {
  /** Undefined for a recording. */
  readonly generator: MarketGenerator | undefined;
  /** Publishes until aborted (then it rejects) or until the recording ends. */
  run(signal: AbortSignal): Promise<ReplaySummary | undefined>;
}

/** What a source publishes into and keeps time by. */
export interface SourceDeps {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly flow: FlowControl;
  readonly log: Log;
  readonly lastSubscribedAt: () => number | undefined;
}

/** The source the options ask for. */
export function marketSource(
  options: SimulatorOptions,
  behaviour: Behaviour,
  deps: SourceDeps,
): MarketSource {
  const speed = options.speed ?? 1;
  if (options.replay) {
    const plan = { path: options.replay.file, speed, start: replayStart(options.replay) };
    return { generator: undefined, run: (signal) => replay(plan, deps, signal) };
  }
  const generator = new MarketGenerator(generatorOptions(options), deps.clock.now(), behaviour);
  return {
    generator,
    run: async (signal) => {
      await driveGenerator(generator, deps, speed, signal);
      return undefined;
    },
  };
}

const replayStart = (options: ReplayOptions) => ({
  feeds: options.waitForFeeds,
  graceMs: options.graceMs ?? (options.waitForFeeds ? Infinity : DEFAULT_GRACE_MS),
  settleMs: options.settleMs ?? DEFAULT_SETTLE_MS,
});
