/** Groups what the upstream side runs on. */
import { FREQUENCIES } from "../stream.ts";
import type { Environment } from "./read_values.ts";
import type { SettingTableValues } from "./setting_table.ts";
import type { ConnectionSettings, IngestSettings } from "./settings.ts";

function connections(values: SettingTableValues): readonly ConnectionSettings[] {
  const market = values.MASSIVE_MARKETS[0] ?? "stocks";
  return [
    {
      id: "connection_1",
      enabled: values.WEBSOCKET_CONNECTION_1_ENABLED,
      name: values.WEBSOCKET_CONNECTION_1_NAME,
      universeKey: values.WEBSOCKET_CONNECTION_1_UNIVERSE_KEY,
      symbols: values.WEBSOCKET_CONNECTION_1_SYMBOLS ?? [],
      market: values.WEBSOCKET_CONNECTION_1_MARKET ?? market,
      frequencies: values.WEBSOCKET_CONNECTION_1_FREQUENCIES,
    },
    {
      id: "connection_2",
      enabled: values.WEBSOCKET_CONNECTION_2_ENABLED,
      name: values.WEBSOCKET_CONNECTION_2_NAME,
      universeKey: values.WEBSOCKET_CONNECTION_2_UNIVERSE_KEY,
      symbols: values.WEBSOCKET_CONNECTION_2_SYMBOLS ?? [],
      market: values.WEBSOCKET_CONNECTION_2_MARKET ?? market,
      frequencies: values.WEBSOCKET_CONNECTION_2_FREQUENCIES,
    },
    {
      id: "connection_3",
      enabled: values.WEBSOCKET_CONNECTION_3_ENABLED,
      name: values.WEBSOCKET_CONNECTION_3_NAME,
      universeKey: values.WEBSOCKET_CONNECTION_3_UNIVERSE_KEY,
      symbols: values.WEBSOCKET_CONNECTION_3_SYMBOLS ?? [],
      market: values.WEBSOCKET_CONNECTION_3_MARKET ?? market,
      frequencies: values.WEBSOCKET_CONNECTION_3_FREQUENCIES,
    },
  ];
}

/** A fourth connection named in the environment: the account allows three. */
const fourthConnections = (environment: Environment): readonly string[] =>
  Object.keys(environment)
    .filter((name) => /^WEBSOCKET_CONNECTION_(?![123]_)\d+_/.test(name) && environment[name]?.trim())
    .map((name) => `${name} must be absent, as there are three connections at most: 1, 2 and 3`);

/** See the file's head. */
export function readIngestSettings(
  values: SettingTableValues,
  environment: Environment,
  simulated: boolean,
  problems: readonly string[],
): IngestSettings {
  return {
    apiKey: values.MASSIVE_API_KEY,
    realtimeUrl: values.MASSIVE_REALTIME_URL,
    businessUrl: values.MASSIVE_BUSINESS_URL,
    markets: values.MASSIVE_MARKETS,
    frequencies: values.DATA_FREQUENCIES ?? (simulated ? FREQUENCIES : ["tick"]),
    tickEvents: values.TICK_EVENTS ?? (simulated ? ["A", "T"] : ["A"]),
    symbols: { tick: values.TICK_SYMBOLS, minute: values.MINUTE_SYMBOLS, fmv: values.FMV_SYMBOLS },
    universeKey: values.SYMBOL_UNIVERSE_KEY,
    universesFile: values.UNIVERSES_FILE,
    criticalSymbols: values.CRITICAL_SYMBOLS ?? [],
    symbolPriorities: values.SYMBOL_PRIORITIES ?? new Map(),
    syntheticMinutes: values.SYNTHETIC_MINUTES,
    multiConnection: values.USE_MULTI_CONNECTION,
    connectionsMax: values.WEBSOCKET_CONNECTIONS_MAX,
    strategy: values.WEBSOCKET_ROUTING_STRATEGY,
    connections: connections(values),
    multiConnectionProblems: values.USE_MULTI_CONNECTION
      ? [...problems, ...fourthConnections(environment)]
      : [],
    healthCheckIntervalMs: values.WEBSOCKET_HEALTH_CHECK_INTERVAL,
    autoRebalance: values.WEBSOCKET_AUTO_REBALANCE,
    failoverEnabled: values.WEBSOCKET_FAILOVER_ENABLED,
    tickLists: values.TICK_LISTS,
    pullIntervalMs: values.PULL_INTERVAL_MS,
    appendIntervalMs: values.APPEND_INTERVAL_MS,
    recordDir: values.RECORD_DIR,
  };
}
