/** Settings of the side that clients meet. */
import { choice, flag, form, integer, list, seconds, url, words } from "./setting_kind.ts";
import { optional, secret, setting } from "./setting_spec.ts";
import { TIERS } from "./settings.ts";

const MIB = 1024 * 1024;

/** See the file's head. */
export const EDGE_TABLE = {
  WS_ENABLED: setting(
    flag,
    "true",
    "`false`: WebSocket routes answer 503 and clients fall back to SSE and polling.",
  ),
  WS_MAX_CONNECTIONS: setting(
    integer(1, 1_000_000, 1000),
    "1000",
    "Clients that stay connected to one instance: sockets, event streams and Massive programs together.",
  ),
  MAX_CONNECTIONS_PER_IP: optional(
    integer(1, 1_000_000, 100),
    "Connections one address (of IPv6: one /64) may hold at once. Default: the instance's limit.",
  ),
  MAX_CONNECTIONS_PER_TOKEN: optional(
    integer(1, 1_000_000, 10),
    "Connections the subject of a token may hold at once. Default: the instance's limit.",
  ),
  CLIENT_MESSAGES_PER_SECOND: setting(
    integer(1, 100_000, 50),
    "50",
    "Messages a second one socket may send, four times as many at once; then they are refused, then it is closed.",
  ),
  CLIENT_BYTES_PER_SECOND: setting(
    integer(1024, 64 * MIB, 65_536),
    "65536",
    "Bytes a second one socket may send, four times as many at once; then as above.",
  ),
  CLIENT_MESSAGE_MAX_BYTES: setting(
    integer(1024, 16 * 1024, 16 * 1024),
    String(16 * 1024),
    "Longest message of a client (of `SERVER=hardened`: with all its fragments).",
  ),
  CLIENT_MAX_SYMBOLS: setting(
    integer(1, 20_000, 2000),
    "2000",
    "Symbols one client may hold of a stream; one message names at most 2000.",
  ),
  CLIENT_AUTH_TIMEOUT: setting(
    seconds(0.5, 5, 5),
    "5",
    "Seconds a socket may stay unauthenticated where tokens are asked for.",
  ),
  HEADERS_MAX_BYTES: setting(
    integer(4096, 65_536, 16 * 1024),
    String(16 * 1024),
    "Headers of one request, all together (`SERVER=hardened`).",
  ),
  HEADERS_TIMEOUT: setting(
    seconds(1, 60, 5),
    "5",
    "Seconds in which the headers of a request must have come (`SERVER=hardened`).",
  ),
  TRUSTED_PROXIES: optional(
    list(/^[0-9A-Fa-f:.]+(\/\d{1,3})?$/, "addresses and ranges separated by commas", "10.0.0.0/8,127.0.0.1"),
    "Proxies whose X-Forwarded-For is believed. Default: none.",
  ),
  MEMORY_SHED_MB: setting(
    integer(0, 1_048_576, 1536),
    "1536",
    "Resident memory above which no new clients are taken until it falls; 0 switches that off.",
  ),
  WS_SLOW_CONSUMER_TIMEOUT: setting(
    seconds(0.1, 600, 1),
    "1.0",
    "Seconds a client may stay over the soft bound before it is closed.",
  ),
  WS_MAX_QUEUE_SIZE: setting(
    integer(1, 1000, 5),
    "5",
    "Flushes of one stream in a row that may find earlier bytes waiting before a client is called slow.",
  ),
  CLIENT_MAX_BUFFERED_BYTES: setting(
    integer(65_536, 256 * MIB, MIB),
    String(MIB),
    "Bytes that may wait for one client; over it the client is closed.",
  ),
  RING_BYTES: setting(
    integer(MIB, 4096 * MIB, 64 * MIB),
    String(64 * MIB),
    "Memory of what an instance has pulled and still holds, all streams together.",
  ),
  PULL_LINGER_MS: setting(
    integer(0, 3_600_000, 30_000),
    "30000",
    "How long a list is still pulled after its last client left.",
  ),
  TICK_FLUSH_MS: setting(
    integer(1, 60_000, 10),
    "10",
    "Least time between two flushes of ticks to one client.",
  ),
  MINUTE_FLUSH_MS: setting(
    integer(1, 60_000, 100),
    "100",
    "Least time between two flushes of minute bars to one client.",
  ),
  FMV_FLUSH_MS: setting(
    integer(1, 60_000, 100),
    "100",
    "Least time between two flushes of fair values to one client.",
  ),
  AUTH_MODE: setting(choice("none", "jwt"), "none", "Who may connect."),
  JWT_SECRET: secret(words("at least 32 characters", "…"), "Secret of HS256/384/512 tokens."),
  JWT_JWKS_URL: optional(
    url("https://id.example.com/.well-known/jwks.json", "https:", "http:"),
    "Where the public keys of tokens are.",
  ),
  JWT_ISSUER: optional(
    words("the `iss` of every token", "https://id.example.com"),
    "Required issuer of tokens.",
  ),
  JWT_AUDIENCE: optional(words("the `aud` of every token", "tickcast"), "Required audience of tokens."),
  JWT_ALGORITHMS: optional(
    list(
      /^(HS|RS|ES|PS)(256|384|512)$|^EdDSA$/,
      "a comma list of HS256, RS256, ES256, PS256 (or 384, 512) and EdDSA",
      "RS256",
    ),
    "Algorithms tokens may be signed with. Default HS256 with a secret, RS256 and ES256 with a key URL.",
  ),
  DEFAULT_TIER: setting(choice(...TIERS), "premium", "Tier of clients whose token names none."),
  ADMIN_TOKEN: secret(
    form(/^\S{16,}$/, "at least 16 characters without spaces", "…"),
    "Token of the routes that act. Without it they answer 403.",
  ),
  ADMIN_PORT: optional(
    integer(0, 65_535, 9000),
    "Port of their own for statistics, metrics and the routes that act. Default: the same port as clients.",
  ),
  PRIVATE_STATS: setting(flag, "false", "Health, statistics and metrics need the admin token too."),
  ALLOWED_ORIGINS: optional(
    list(
      /^https?:\/\/[^/\s,*]+$/,
      "origins (https://host[:port]) separated by commas",
      "https://app.example.com",
    ),
    "Pages that may connect from another origin.",
  ),
  SERVER: setting(
    choice("deno", "hardened"),
    "deno",
    "`hardened`: a WebSocket server with true fragment, header and linger limits (Deno 2.8 or later).",
  ),
  METRICS_BY_SYMBOL: setting(flag, "false", "A metric label per symbol. Costs memory with many symbols."),
};
