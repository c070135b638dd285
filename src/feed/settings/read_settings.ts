/**
 * The environment becomes {@link Settings}, or a list of everything that is wrong with it. Pure: `main.ts` hands the
 * environment in. Problems of several connections don't refuse to start (unless `STRICT_CONFIG`): they are kept in
 * `ingest.multiConnectionProblems`, and the plan falls back to one connection (B9).
 */
import { CONNECTION_TABLE } from "./connection_table.ts";
import { readIngestSettings } from "./ingest_settings.ts";
import { readEdgeSettings } from "./edge_settings.ts";
import { describeProblem, type Environment, readValues, type SettingProblem } from "./read_values.ts";
import type { SettingTableValues } from "./setting_table.ts";
import type { Role, Settings, SignalSettings, StoreSettings } from "./settings.ts";

/** Good settings, or every problem at once. */
export type SettingsReading = { readonly ok: true; readonly settings: Settings } | {
  readonly ok: false;
  readonly problems: readonly SettingProblem[];
};

const problem = (name: string, value: string, rule: string, example = ""): SettingProblem => ({
  name,
  value,
  rule,
  example,
});

/** Where the lists are, and what is wrong with how that was said. */
function readStore(values: SettingTableValues, role: Role, problems: SettingProblem[]): StoreSettings {
  const {
    REDIS_URL: tcp,
    UPSTASH_REDIS_REST_URL: rest,
    UPSTASH_REDIS_REST_TOKEN: token,
    REDIS_ENABLED: enabled,
  } = values;
  const anyRest = rest !== undefined || token !== undefined;
  if (tcp !== undefined && anyRest) {
    problems.push(problem("REDIS_URL", "***", "the only store: UPSTASH_REDIS_REST_URL is set as well"));
  }
  if (anyRest && rest === undefined) {
    problems.push(
      problem(
        "UPSTASH_REDIS_REST_URL",
        "",
        "set where UPSTASH_REDIS_REST_TOKEN is",
        "https://eu1-example.upstash.io",
      ),
    );
  }
  if (anyRest && token === undefined) {
    problems.push(problem("UPSTASH_REDIS_REST_TOKEN", "", "set where UPSTASH_REDIS_REST_URL is", "AX…"));
  }
  if (enabled === false && (tcp !== undefined || anyRest)) {
    problems.push(problem("REDIS_ENABLED", "false", "true or absent where a Redis URL is set", "true"));
  }
  if (enabled === true && tcp === undefined && !anyRest) {
    problems.push(
      problem(
        "REDIS_ENABLED",
        "true",
        "false or absent where no Redis URL is set: set REDIS_URL or UPSTASH_*",
      ),
    );
  }
  if (tcp !== undefined) return { transport: "tcp", url: tcp };
  if (rest !== undefined && token !== undefined) return { transport: "rest", url: rest, token };
  if (role !== "all" && !anyRest) {
    problems.push(
      problem("ROLE", role, "all where the lists are in memory: set REDIS_URL or UPSTASH_*", "all"),
    );
  }
  return { transport: "memory" };
}

/** A threshold as the detectors declare it: the range its setting must be in. */
export interface ThresholdRange {
  /** Without `SIGNAL_`, lower case. */
  readonly key: string;
  readonly min: number;
  readonly max: number;
}

/** `SIGNAL_*`, by the detectors' own names and ranges. */
function readThresholds(
  environment: Environment,
  known: readonly ThresholdRange[],
  problems: SettingProblem[],
): ReadonlyMap<string, number> {
  const thresholds = new Map<string, number>();
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith("SIGNAL_") || !text?.trim()) continue;
    const range = known.find(({ key }) => name === `SIGNAL_${key.toUpperCase()}`);
    const value = Number(text);
    const shown = text.slice(0, 80);
    if (!range) problems.push(problem(name, shown, "one of the SIGNAL_ names in docs/settings.md"));
    else if (!(value >= range.min && value <= range.max)) {
      problems.push(problem(name, shown, `a number from ${range.min} to ${range.max}`));
    } else thresholds.set(range.key, value);
  }
  return thresholds;
}

function readSignals(
  values: SettingTableValues,
  simulated: boolean,
  thresholds: ReadonlyMap<string, number>,
  problems: SettingProblem[],
): SignalSettings {
  const heatmapSymbols = values.HEATMAP_SYMBOLS;
  if ((heatmapSymbols?.length ?? 0) > 200) {
    problems.push(problem("HEATMAP_SYMBOLS", `${heatmapSymbols?.length} symbols`, "200 symbols at most"));
  }
  if (heatmapSymbols?.includes("*") && !simulated) {
    problems.push(problem("HEATMAP_SYMBOLS", "*", "named symbols, 200 at most", "X:BTC-USD,AAPL"));
  }
  return {
    heatmapSymbols: heatmapSymbols?.includes("*") ? undefined : heatmapSymbols,
    heatmapWindowMinutes: values.HEATMAP_WINDOW_MINUTES,
    heatmapIntervalMinutes: values.HEATMAP_INTERVAL_MINUTES,
    heatmapUpdateIntervalMs: values.WS_UPDATE_INTERVAL,
    thresholds,
  };
}

/** Values that must never be shown, in every spelling they may turn up in. */
function secretsOf(values: SettingTableValues): readonly string[] {
  const found = [
    values.MASSIVE_API_KEY,
    values.REDIS_URL,
    values.UPSTASH_REDIS_REST_TOKEN,
    values.JWT_SECRET,
    values.ADMIN_TOKEN,
  ];
  try {
    const password = values.REDIS_URL === undefined ? "" : new URL(values.REDIS_URL).password;
    if (password) found.push(password, decodeURIComponent(password));
  } catch {
    // A URL that doesn't parse was refused already; the whole of it is on the list.
  }
  return found.filter((value) => value !== undefined);
}

/** Options of {@link readSettings} that don't come from the environment. */
export interface ReadSettingsOptions {
  readonly signalThresholds: readonly ThresholdRange[];
  /** True on Deno Deploy, where the default role is `edge`. */
  readonly onDeploy: boolean;
}

/** Reads, checks and groups the settings. */
export function readSettings(environment: Environment, options: ReadSettingsOptions): SettingsReading {
  const read = readValues(environment);
  const { values } = read;
  const forgiven = (one: SettingProblem) =>
    one.name in CONNECTION_TABLE && one.name !== "USE_MULTI_CONNECTION" && !values.STRICT_CONFIG;
  const multiConnectionProblems = values.USE_MULTI_CONNECTION
    ? read.problems.filter(forgiven).map(describeProblem)
    : [];
  const problems = read.problems.filter((one) => !forgiven(one));
  const role = values.ROLE ?? (options.onDeploy ? "edge" : "all");
  const simulated = role === "all" && values.MASSIVE_API_KEY === undefined;
  if (role === "ingest" && values.MASSIVE_API_KEY === undefined) {
    problems.push(
      problem("MASSIVE_API_KEY", "", "set in role ingest: the simulator only runs in role all", "abc…"),
    );
  }
  const settings: Settings = {
    role,
    host: values.HOST ?? (simulated ? "127.0.0.1" : "0.0.0.0"),
    port: values.PORT,
    keyPrefix: values.KEY_PREFIX,
    logLevel: values.LOG_LEVEL,
    strictConfig: values.STRICT_CONFIG,
    simulated,
    store: readStore(values, role, problems),
    ingest: readIngestSettings(values, environment, simulated, multiConnectionProblems),
    signals: readSignals(
      values,
      simulated,
      readThresholds(environment, options.signalThresholds, problems),
      problems,
    ),
    edge: readEdgeSettings(values, problems),
    simulator: {
      seed: values.SIMULATOR_SEED,
      symbols: values.SIMULATOR_SYMBOLS,
      rate: values.SIMULATOR_RATE,
      replayFile: values.SIMULATOR_REPLAY,
      speed: values.SIMULATOR_SPEED,
    },
    secrets: secretsOf(values),
  };
  return problems.length === 0 ? { ok: true, settings } : { ok: false, problems };
}
