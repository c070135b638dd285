/** The real program in this process, on a free port: what an end-to-end test starts. */
import { assert } from "@std/assert";
import { startTickcast, type Tickcast } from "../../main.ts";
import { systemClock, systemRandom } from "../../src/feed/clock.ts";
import { createLog } from "../../src/feed/log.ts";
import { readSettings } from "../../src/feed/settings/read_settings.ts";
import { describeProblem, type Environment } from "../../src/feed/settings/read_values.ts";
import type { Settings } from "../../src/feed/settings/settings.ts";
import { SIGNAL_THRESHOLDS } from "../../src/signals/signal_thresholds.ts";

/** A started program, its address and its log. */
export interface Running extends AsyncDisposable {
  readonly tickcast: Tickcast;
  readonly base: string;
  readonly lines: readonly string[];
}

/** Settings as the environment would give them. */
export function settingsOf(environment: Environment): Settings {
  const reading = readSettings(environment, {
    signalThresholds: SIGNAL_THRESHOLDS,
    onDeploy: false,
  });
  assert(reading.ok, reading.ok ? "" : reading.problems.map(describeProblem).join("; "));
  return reading.settings;
}

/** Starts what the environment asks for, on the loopback and a free port. */
export async function startRunning(environment: Environment): Promise<Running> {
  const settings = settingsOf({ HOST: "127.0.0.1", PORT: "0", LOG_LEVEL: "info", ...environment });
  const lines: string[] = [];
  const log = createLog({
    level: settings.logLevel,
    write: (line) => void lines.push(line),
    clock: systemClock,
    secrets: settings.secrets,
  });
  const tickcast = await startTickcast(settings, { clock: systemClock, random: systemRandom, log });
  return {
    tickcast,
    base: `http://127.0.0.1:${tickcast.port}`,
    lines,
    [Symbol.asyncDispose]: () => tickcast[Symbol.asyncDispose](),
  };
}
