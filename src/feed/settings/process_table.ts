/** Settings of the process itself and of the store it meets its peers at. */
import { LOG_LEVELS } from "../log.ts";
import { choice, flag, form, integer, url, words } from "./setting_kind.ts";
import { optional, secret, setting } from "./setting_spec.ts";

/** See the file's head. */
export const PROCESS_TABLE = {
  ROLE: optional(
    choice("all", "ingest", "edge"),
    "What this process is: `all` in one, `ingest` or `edge`. Default `all`; `edge` on Deno Deploy.",
  ),
  HOST: optional(
    form(/^[0-9A-Za-z.:_-]+$/, "an address or host name", "0.0.0.0"),
    "Address to listen on. Default `0.0.0.0`; `127.0.0.1` with the built-in simulator.",
  ),
  PORT: setting(integer(0, 65_535, 8000), "8000", "Port to listen on; 0 takes a free one."),
  KEY_PREFIX: setting(
    form(/^[a-z0-9_-]{1,32}$/, "1 to 32 of a–z 0–9 _ -", "tickcast"),
    "tickcast",
    "Prefix of every Redis key.",
  ),
  LOG_LEVEL: setting(choice(...LOG_LEVELS), "info", "Quieter lines are not written."),
  STRICT_CONFIG: setting(
    flag,
    "false",
    "Refuse to start on a wrong plan of several connections instead of falling back to one.",
  ),
  REDIS_ENABLED: optional(flag, "Default: on when a URL is set. `false` beside a URL is refused."),
  REDIS_URL: secret(url("redis://localhost:6379", "redis:", "rediss:"), "Redis by TCP."),
  UPSTASH_REDIS_REST_URL: optional(
    url("https://eu1-example.upstash.io", "https:", "http:"),
    "Upstash Redis by REST; needs the token.",
  ),
  UPSTASH_REDIS_REST_TOKEN: secret(words("the database's REST token", "AX…"), "Token of the REST URL."),
};
