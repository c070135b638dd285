/** The self-hosted whole as `deploy.yml` has it, on this machine: Redis, a simulator for the upstream, ingest, edges, nginx. */
import { systemClock } from "../../src/feed/clock.ts";
import { silentLog } from "../../src/feed/log.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import type { Simulator } from "../../src/simulator/simulator_options.ts";
import { type Nginx, startNginx } from "./nginx.ts";
import { type Process, startProcess } from "./processes.ts";
import { type RedisServer, startRedis } from "./redis_server.ts";

/** A running cluster. */
export interface Cluster extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly redis: RedisServer;
  readonly ingest: Process;
  /** What a standby is started with. */
  readonly ingestEnvironment: Readonly<Record<string, string>>;
  readonly edges: readonly Process[];
  readonly nginx: Nginx;
}

/** How it is made. */
export interface ClusterOptions {
  /** Trades a second. */
  readonly rate: number;
  readonly symbols?: number;
  readonly edge?: Readonly<Record<string, string>>;
  /** What the simulator's sockets took, by connection. */
  readonly onWritten?: (connection: number, events: readonly string[]) => void;
}

/** What `deploy.yml` runs its edges with. */
export const EDGE = { ROLE: "edge", SERVER: "hardened", TRUSTED_PROXIES: "127.0.0.1" } as const;

const hostOf = (base: string) => new URL(base).host;

/** Starts two edges behind nginx, and what feeds them. */
export async function startCluster(
  { rate, symbols = 50, edge = {}, onWritten }: ClusterOptions,
): Promise<Cluster> {
  await using started = new AsyncDisposableStack();
  const redis = started.use(await startRedis());
  const simulator = started.adopt(
    await startSimulator({ rate, symbols, onWritten }, { clock: systemClock, log: silentLog }),
    (one) => one.stop(),
  );
  const common = { REDIS_URL: redis.url, LOG_LEVEL: "info" };
  const ingestEnvironment = {
    ...common,
    ROLE: "ingest",
    MASSIVE_API_KEY: "demo-key",
    MASSIVE_REALTIME_URL: simulator.url,
    MASSIVE_BUSINESS_URL: `${simulator.url}/business`,
    DATA_FREQUENCIES: "tick,minute,fmv",
    TICK_EVENTS: "A,T",
  };
  const ingest = started.use(await startProcess({ environment: ingestEnvironment }));
  const edges: Process[] = [];
  const environment = { ...common, ...EDGE, ...edge };
  for (let n = 0; n < 2; n++) {
    edges.push(started.use(await startProcess({ environment })));
  }
  const nginx = started.use(await startNginx(edges.map(({ base }) => hostOf(base))));
  const running = started.move();
  return {
    simulator,
    redis,
    ingest,
    ingestEnvironment,
    edges,
    nginx,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
