/**
 * The settings every room is started with, read from the environment by `read_settings.ts`. Names and defaults of the
 * environment are in `setting_table.ts`; here they are typed, defaulted and grouped by who uses them.
 */
import type { LogLevel } from "../log.ts";
import type { Frequency } from "../stream.ts";
import type { Market } from "../wire_fields.ts";

/** A premium client waits least; free gets the latest once a second. */
export const TIERS = ["premium", "standard", "free"] as const;
/** One of {@link TIERS}. */
export type Tier = (typeof TIERS)[number];

/** What a process is. */
export type Role = "all" | "ingest" | "edge";

/** How tickers are spread over connections. */
export const ROUTING_STRATEGIES = ["manual", "round_robin", "priority", "load_balanced"] as const;
/** One of {@link ROUTING_STRATEGIES}. */
export type RoutingStrategy = (typeof ROUTING_STRATEGIES)[number];

/** Where the lists are. */
export type StoreSettings =
  | { readonly transport: "memory" }
  | { readonly transport: "tcp"; readonly url: string }
  | { readonly transport: "rest"; readonly url: string; readonly token: string };

/** One configured upstream connection of `USE_MULTI_CONNECTION`. */
export interface ConnectionSettings {
  readonly id: `connection_${1 | 2 | 3}`;
  readonly enabled: boolean;
  readonly name: string;
  readonly universeKey: string | undefined;
  readonly symbols: readonly string[];
  readonly market: Market;
  /** Undefined: those of `DATA_FREQUENCIES` on its feed. */
  readonly frequencies: readonly Frequency[] | undefined;
}

/** What the upstream side runs on. */
export interface IngestSettings {
  /** Undefined: the simulator, in role `all`. */
  readonly apiKey: string | undefined;
  readonly realtimeUrl: string;
  readonly businessUrl: string;
  readonly markets: readonly Market[];
  readonly frequencies: readonly Frequency[];
  /** `A`, `T` or both, in Massive's stock spelling; crypto uses its twins. */
  readonly tickEvents: readonly ("A" | "T")[];
  /** `["*"]` or symbols, per frequency; undefined: the universe of `universeKey`, else `*`. */
  readonly symbols: Readonly<Record<Frequency, readonly string[] | undefined>>;
  readonly universeKey: string | undefined;
  readonly universesFile: string | undefined;
  readonly criticalSymbols: readonly string[];
  /** Symbol or `*` → priority, 1 first. */
  readonly symbolPriorities: ReadonlyMap<string, number>;
  readonly syntheticMinutes: boolean;
  readonly multiConnection: boolean;
  readonly connectionsMax: number;
  readonly strategy: RoutingStrategy;
  readonly connections: readonly ConnectionSettings[];
  /** Problems of the several-connections settings: the plan falls back to one connection and says so. */
  readonly multiConnectionProblems: readonly string[];
  readonly healthCheckIntervalMs: number;
  readonly autoRebalance: boolean;
  readonly failoverEnabled: boolean;
  readonly tickLists: number;
  /** Undefined: 10 in memory, 250 over Redis. */
  readonly pullIntervalMs: number | undefined;
  /** Undefined: 0 in memory, 10 over TCP, 100 over REST. */
  readonly appendIntervalMs: number | undefined;
  readonly recordDir: string | undefined;
}

/** What derived streams run on. */
export interface SignalSettings {
  readonly heatmapSymbols: readonly string[] | undefined;
  readonly heatmapWindowMinutes: number;
  readonly heatmapIntervalMinutes: number;
  /** `WS_UPDATE_INTERVAL`: heatmap snapshots. */
  readonly heatmapUpdateIntervalMs: number;
  /** `SIGNAL_*` by name without the prefix, lower case; defaults are the detectors' own. */
  readonly thresholds: ReadonlyMap<string, number>;
}

/** What the client side runs on. */
export interface EdgeSettings {
  readonly wsEnabled: boolean;
  readonly wsMaxConnections: number;
  /** Connections one address may hold at once, all transports together. */
  readonly maxConnectionsPerIp: number;
  /** Connections one token's subject may hold at once; a token without a subject isn't counted. */
  readonly maxConnectionsPerToken: number;
  /** Messages a second one socket may send, four times as many at once. */
  readonly messagesPerSecond: number;
  /** Bytes a second one socket may send, four times as many at once. */
  readonly bytesPerSecond: number;
  /** Longest message of a client, all its fragments together. */
  readonly messageMaxBytes: number;
  /** Symbols one subscription may hold. */
  readonly maxSymbols: number;
  /** How long a socket may stay unauthenticated. */
  readonly authTimeoutMs: number;
  /** Headers of a request, all together, and how long they may take; the hardened server's. */
  readonly headersMaxBytes: number;
  readonly headersTimeoutMs: number;
  /** Addresses and ranges whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Resident memory above which no new clients are taken; 0: never. */
  readonly memoryShedBytes: number;
  /** Statistics, metrics and acting on a port of their own; undefined: on the same. */
  readonly adminPort: number | undefined;
  readonly slowConsumerTimeoutMs: number;
  readonly maxQueueFrames: number;
  readonly clientMaxBufferedBytes: number;
  readonly ringBytes: number;
  readonly pullLingerMs: number;
  readonly flushFloorMs: Readonly<Record<Frequency, number>>;
  readonly authMode: "none" | "jwt";
  readonly jwt: {
    readonly secret: string | undefined;
    readonly jwksUrl: string | undefined;
    readonly issuer: string | undefined;
    readonly audience: string | undefined;
    readonly algorithms: readonly string[];
  };
  readonly defaultTier: Tier;
  readonly adminToken: string | undefined;
  readonly privateStats: boolean;
  /** Exact origins; undefined: those of the host itself, and none is fine for programs. */
  readonly allowedOrigins: readonly string[] | undefined;
  readonly server: "deno" | "hardened";
  readonly metricsBySymbol: boolean;
}

/** The simulator inside role `all`. */
export interface SimulatorSettings {
  readonly seed: number;
  readonly symbols: number;
  readonly rate: number;
  readonly replayFile: string | undefined;
  /** 0: as fast as ingest takes it. */
  readonly speed: number;
}

/** Everything. */
export interface Settings {
  readonly role: Role;
  readonly host: string;
  readonly port: number;
  readonly keyPrefix: string;
  readonly logLevel: LogLevel;
  readonly strictConfig: boolean;
  /** Role `all` without a key. */
  readonly simulated: boolean;
  readonly store: StoreSettings;
  readonly ingest: IngestSettings;
  readonly signals: SignalSettings;
  readonly edge: EdgeSettings;
  readonly simulator: SimulatorSettings;
  /** Values that must never be shown. */
  readonly secrets: readonly string[];
}
