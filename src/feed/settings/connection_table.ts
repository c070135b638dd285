/** Settings of several upstream connections. What is wrong here falls back to one connection instead of refusing to start. */
import { FREQUENCIES } from "../stream.ts";
import { MARKETS } from "../wire_fields.ts";
import { choice, choices, flag, form, integer, seconds, symbols } from "./setting_kind.ts";
import { optional, setting } from "./setting_spec.ts";
import { ROUTING_STRATEGIES } from "./settings.ts";
import { universeKey } from "./upstream_table.ts";

const name = form(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, _ and -", "primary");

const connection = (enabled: string, fallbackName: string) => ({
  enabled: setting(flag, enabled, "Whether this connection is used."),
  name: setting(name, fallbackName, "Its name in health and logs."),
  universe: optional(universeKey, "Universe of its tickers; wins over its symbols."),
  symbols: optional(symbols, "Its tickers, where the universe gives none."),
  market: optional(choice(...MARKETS), "Its market. Default: the first of `MASSIVE_MARKETS`."),
  frequencies: optional(
    choices("tick,minute", ...FREQUENCIES),
    "Its frequencies. Default: those of `DATA_FREQUENCIES` on its feed.",
  ),
});

const first = connection("true", "primary");
const second = connection("false", "secondary");
const third = connection("false", "tertiary");

/** See the file's head. */
export const CONNECTION_TABLE = {
  USE_MULTI_CONNECTION: setting(flag, "false", "Use several upstream connections."),
  WEBSOCKET_CONNECTIONS_MAX: setting(integer(1, 3, 3), "3", "Connections the account allows."),
  WEBSOCKET_ROUTING_STRATEGY: setting(
    choice(...ROUTING_STRATEGIES),
    "manual",
    "How tickers are spread over connections.",
  ),
  WEBSOCKET_HEALTH_CHECK_INTERVAL: setting(
    seconds(1, 3600, 30),
    "30",
    "Seconds between two published health checks and rebalances; liveness is quicker.",
  ),
  WEBSOCKET_AUTO_REBALANCE: setting(flag, "true", "Rebalance by load at every health check."),
  WEBSOCKET_FAILOVER_ENABLED: setting(flag, "true", "Move a dead connection's tickers to the others."),
  WEBSOCKET_CONNECTION_1_ENABLED: first.enabled,
  WEBSOCKET_CONNECTION_1_NAME: first.name,
  WEBSOCKET_CONNECTION_1_UNIVERSE_KEY: first.universe,
  WEBSOCKET_CONNECTION_1_SYMBOLS: first.symbols,
  WEBSOCKET_CONNECTION_1_MARKET: first.market,
  WEBSOCKET_CONNECTION_1_FREQUENCIES: first.frequencies,
  WEBSOCKET_CONNECTION_2_ENABLED: second.enabled,
  WEBSOCKET_CONNECTION_2_NAME: second.name,
  WEBSOCKET_CONNECTION_2_UNIVERSE_KEY: second.universe,
  WEBSOCKET_CONNECTION_2_SYMBOLS: second.symbols,
  WEBSOCKET_CONNECTION_2_MARKET: second.market,
  WEBSOCKET_CONNECTION_2_FREQUENCIES: second.frequencies,
  WEBSOCKET_CONNECTION_3_ENABLED: third.enabled,
  WEBSOCKET_CONNECTION_3_NAME: third.name,
  WEBSOCKET_CONNECTION_3_UNIVERSE_KEY: third.universe,
  WEBSOCKET_CONNECTION_3_SYMBOLS: third.symbols,
  WEBSOCKET_CONNECTION_3_MARKET: third.market,
  WEBSOCKET_CONNECTION_3_FREQUENCIES: third.frequencies,
};
