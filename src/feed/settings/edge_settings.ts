/** Groups what the client side runs on, and checks how tokens are to be verified. */
import type { SettingProblem } from "./read_values.ts";
import type { SettingTableValues } from "./setting_table.ts";
import type { EdgeSettings } from "./settings.ts";

const BYTES_PER_MB = 1024 * 1024;
const JWT_SECRET_MIN_CHARS = 32;

function readJwt(values: SettingTableValues, problems: SettingProblem[]): EdgeSettings["jwt"] {
  const { JWT_SECRET: secret, JWT_JWKS_URL: jwksUrl, JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = values;
  const algorithms = values.JWT_ALGORITHMS ?? (secret === undefined ? ["RS256", "ES256"] : ["HS256"]);
  if (values.AUTH_MODE === "jwt") {
    const add = (name: string, value: string, rule: string, example = "") =>
      problems.push({ name, value, rule, example });
    if ((secret === undefined) === (jwksUrl === undefined)) {
      add(
        "JWT_SECRET",
        secret === undefined ? "" : "***",
        "set, or JWT_JWKS_URL, and not both, where AUTH_MODE=jwt",
      );
    }
    if (secret !== undefined && secret.length < JWT_SECRET_MIN_CHARS) {
      add("JWT_SECRET", "***", `at least ${JWT_SECRET_MIN_CHARS} characters`);
    }
    if (issuer === undefined) add("JWT_ISSUER", "", "set where AUTH_MODE=jwt", "https://id.example.com");
    if (audience === undefined) add("JWT_AUDIENCE", "", "set where AUTH_MODE=jwt", "tickcast");
    const symmetric = algorithms.filter((name) => name.startsWith("HS")).length;
    // A public key taken for an HMAC secret is the classic forgery: one kind of key, one kind of algorithm.
    if (secret === undefined ? symmetric > 0 : symmetric < algorithms.length) {
      add(
        "JWT_ALGORITHMS",
        algorithms.join(","),
        secret === undefined
          ? "free of HS… where keys come from JWT_JWKS_URL"
          : "HS256, HS384 or HS512 where JWT_SECRET is set",
      );
    }
  }
  return { secret, jwksUrl, issuer, audience, algorithms };
}

/** See the file's head. */
export function readEdgeSettings(values: SettingTableValues, problems: SettingProblem[]): EdgeSettings {
  return {
    wsEnabled: values.WS_ENABLED,
    wsMaxConnections: values.WS_MAX_CONNECTIONS,
    maxConnectionsPerIp: values.MAX_CONNECTIONS_PER_IP ?? values.WS_MAX_CONNECTIONS,
    maxConnectionsPerToken: values.MAX_CONNECTIONS_PER_TOKEN ?? values.WS_MAX_CONNECTIONS,
    messagesPerSecond: values.CLIENT_MESSAGES_PER_SECOND,
    bytesPerSecond: values.CLIENT_BYTES_PER_SECOND,
    messageMaxBytes: values.CLIENT_MESSAGE_MAX_BYTES,
    maxSymbols: values.CLIENT_MAX_SYMBOLS,
    authTimeoutMs: values.CLIENT_AUTH_TIMEOUT,
    headersMaxBytes: values.HEADERS_MAX_BYTES,
    headersTimeoutMs: values.HEADERS_TIMEOUT,
    trustedProxies: values.TRUSTED_PROXIES ?? [],
    memoryShedBytes: values.MEMORY_SHED_MB * BYTES_PER_MB,
    adminPort: values.ADMIN_PORT,
    slowConsumerTimeoutMs: values.WS_SLOW_CONSUMER_TIMEOUT,
    maxQueueFrames: values.WS_MAX_QUEUE_SIZE,
    clientMaxBufferedBytes: values.CLIENT_MAX_BUFFERED_BYTES,
    ringBytes: values.RING_BYTES,
    pullLingerMs: values.PULL_LINGER_MS,
    flushFloorMs: { tick: values.TICK_FLUSH_MS, minute: values.MINUTE_FLUSH_MS, fmv: values.FMV_FLUSH_MS },
    authMode: values.AUTH_MODE,
    jwt: readJwt(values, problems),
    defaultTier: values.DEFAULT_TIER,
    adminToken: values.ADMIN_TOKEN,
    privateStats: values.PRIVATE_STATS,
    allowedOrigins: values.ALLOWED_ORIGINS,
    server: values.SERVER,
    metricsBySymbol: values.METRICS_BY_SYMBOL,
  };
}
