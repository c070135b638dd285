/** Settings of what is received: the key, markets, frequencies, symbols, lists and derived streams. */
import { FREQUENCIES } from "../stream.ts";
import { MARKETS } from "../wire_fields.ts";
import { choices, flag, form, integer, priorities, seconds, symbols, url, words } from "./setting_kind.ts";
import { optional, secret, setting } from "./setting_spec.ts";

/** Form of a universe's name, e.g. `tech_leaders:top_20`. */
export const universeKey = form(
  /^[A-Za-z0-9_:.-]{1,64}$/,
  "1 to 64 letters, digits and _ : . -",
  "tech_leaders:top_20",
);

/** See the file's head. */
export const UPSTREAM_TABLE = {
  MASSIVE_API_KEY: secret(
    words("the key of your Massive account", "abc…"),
    "Key of the Massive account. Without it role `all` runs the simulator and role `ingest` refuses to start.",
  ),
  MASSIVE_REALTIME_URL: setting(
    url("wss://delayed.massive.com", "wss:", "ws:"),
    "wss://socket.massive.com",
    "Upstream of ticks and minute bars; the market's path is added.",
  ),
  MASSIVE_BUSINESS_URL: setting(
    url("wss://business.massive.com", "wss:", "ws:"),
    "wss://business.massive.com",
    "Upstream of fair market value; the market's path is added.",
  ),
  MASSIVE_MARKETS: setting(choices("stocks,crypto", ...MARKETS), "stocks", "Markets to connect to."),
  DATA_FREQUENCIES: optional(
    choices("tick,minute", ...FREQUENCIES),
    "Frequencies to subscribe. Default `tick`; all three with the built-in simulator.",
  ),
  TICK_EVENTS: optional(
    choices("A,T", "A", "T"),
    "What a tick is: second bars `A`, trades `T`. Default `A`; `A,T` with the built-in simulator.",
  ),
  TICK_SYMBOLS: optional(
    symbols,
    "Symbols of the tick stream. Default: the universe of `SYMBOL_UNIVERSE_KEY`, else `*`.",
  ),
  MINUTE_SYMBOLS: optional(symbols, "Symbols of the minute stream. Default: as ticks."),
  FMV_SYMBOLS: optional(symbols, "Symbols of the fair-value stream. Default: as ticks."),
  SYMBOL_UNIVERSE_KEY: optional(
    universeKey,
    "Universe whose tickers are subscribed where no symbols are named.",
  ),
  UNIVERSES_FILE: optional(
    words("the path of a JSON file {key: [ticker, …]}", "universes.json"),
    "Universes by key; those not in it are looked up in Redis (`<prefix>:universe:<key>`).",
  ),
  CRITICAL_SYMBOLS: optional(symbols, "Symbols carried by two connections at once."),
  SYMBOL_PRIORITIES: optional(priorities, "Priorities for the `priority` strategy."),
  SYNTHETIC_MINUTES: setting(
    flag,
    "false",
    "Build minute bars from seconds while the minute stream is down.",
  ),
  TICK_LISTS: setting(integer(1, 64, 4), "1", "Lists the tick stream is split over, by symbol."),
  PULL_INTERVAL_MS: optional(
    integer(1, 60_000, 250),
    "How often readers pull a list. Default 10 in memory, 250 over Redis (while markets are closed 2 000).",
  ),
  APPEND_INTERVAL_MS: optional(
    integer(0, 10_000, 100),
    "Least time between two appends to one list. Default 0 in memory, 10 by TCP, 100 by REST.",
  ),
  RECORD_DIR: optional(
    words("the path of a folder", "/var/lib/tickcast"),
    "Write what the upstream sends as hourly NDJSON.gz that can be replayed.",
  ),
  HEATMAP_SYMBOLS: optional(
    symbols,
    "Symbols of the heatmap, 200 at most. Default: the first 50 minute symbols; none when those are `*`.",
  ),
  HEATMAP_WINDOW_MINUTES: setting(integer(15, 1440, 390), "390", "How far back a heatmap reaches."),
  HEATMAP_INTERVAL_MINUTES: setting(integer(1, 60, 5), "5", "Width of a heatmap's column."),
  WS_UPDATE_INTERVAL: setting(seconds(1, 3600, 5), "5", "Seconds between two heatmap snapshots."),
};
