/**
 * What a fault of Redis is shown under: a real redis-server, a simulated upstream whose every trade is known, ingest and two edges as
 * processes of their own, and clients of every transport on both edges, each held to the laws of {@link ToldTimeline}.
 */
import { assert, assertEquals } from "@std/assert";
import { systemClock } from "../../src/feed/clock.ts";
import { silentLog } from "../../src/feed/log.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import { EnduringClient, type Leg, TRANSPORTS } from "./enduring_client.ts";
import { type Process, startProcess } from "./processes.ts";
import { type RedisServer, startRedis } from "./redis_server.ts";
import { type RestFront, startRestFront } from "./rest_front.ts";
import { startTcpProxy, type TcpProxy } from "./tcp_proxy.ts";
import { tradeKey } from "./told_timeline.ts";
import { until } from "./until.ts";

const FLOWS_WITHIN_MS = 60_000;

/** See the file comment. */
export interface StoreFaultScene extends AsyncDisposable {
  readonly redis: RedisServer;
  /** Between the processes and Redis, where they speak REST. */
  readonly front: RestFront | undefined;
  /** The same, where they speak TCP over a wire that can be slow. */
  readonly wire: TcpProxy | undefined;
  readonly ingest: Process;
  readonly edges: readonly Process[];
  /** Every trade the upstream handed to a connection, in order. */
  readonly written: ReadonlyMap<string, number>;
  /** Of `tick`: one of every transport at either edge. */
  readonly clients: readonly EnduringClient[];
  /** Of the other streams, held to their ids alone. */
  readonly others: readonly EnduringClient[];
  /** A process that speaks to this Redis and this upstream. */
  start(role: "ingest" | "edge"): Promise<Process>;
  /** A further client of `tick`, ended with the scene. */
  follow(legs: readonly [Leg, ...Leg[]]): EnduringClient;
  /** Resolves once each of these, or every client of `tick`, has a trade that is yet to be written. */
  flows(clients?: readonly EnduringClient[]): Promise<void>;
  /** Holds these, or every client, to the laws. */
  lawful(clients?: readonly EnduringClient[]): void;
}

/** Starts it; resolves once every client has events. */
export async function storeFaultScene(
  transport: "tcp" | "rest" | "wire",
  tradesPerSecond: number,
): Promise<StoreFaultScene> {
  await using started = new AsyncDisposableStack();
  const redis = started.use(await startRedis());
  const front = transport === "rest" ? started.use(await startRestFront(redis)) : undefined;
  const wire = transport === "wire" ? started.use(startTcpProxy(redis.port)) : undefined;
  const written = new Map<string, number>();
  const note = (texts: readonly string[]) => {
    for (const text of texts) {
      const { ev, sym, x, trfi, i } = JSON.parse(text);
      if (ev === "T") written.set(tradeKey(sym, x, trfi, i), written.size);
    }
  };
  const simulator = started.use(
    await startSimulator({
      rate: tradesPerSecond,
      symbols: 12,
      cryptoPairs: 0,
      seed: 11,
      openBurst: false,
      onWritten: (_connection, events) => note(events),
    }, { clock: systemClock, log: silentLog }),
  );
  const store: Record<string, string> = front === undefined
    ? { REDIS_URL: wire === undefined ? redis.url : `redis://127.0.0.1:${wire.port}` }
    : { UPSTASH_REDIS_REST_URL: front.url, UPSTASH_REDIS_REST_TOKEN: front.token };
  const upstream = {
    MASSIVE_API_KEY: "demo-key",
    MASSIVE_REALTIME_URL: simulator.url,
    MASSIVE_BUSINESS_URL: `${simulator.url}/business`,
    DATA_FREQUENCIES: "tick,minute",
    TICK_EVENTS: "A,T",
  };
  const launch = (role: "ingest" | "edge") =>
    startProcess({
      environment: { ROLE: role, LOG_LEVEL: "info", ...store, ...(role === "ingest" && upstream) },
    });
  const edges = [started.use(await launch("edge")), started.use(await launch("edge"))];
  const ingest = started.use(await launch("ingest"));
  await until(() => written.size > 50, "trades upstream", FLOWS_WITHIN_MS);
  const follow = (stream: string, legs: readonly [Leg, ...Leg[]]) =>
    started.use(new EnduringClient(stream, legs));
  const legs = edges.flatMap(({ base }) => TRANSPORTS.map((transport): Leg => ({ base, transport })));
  const clients = legs.map((leg) => follow("tick", [leg]));
  const others = edges.flatMap(({ base }) =>
    ["minute", "signal"].map((stream) => follow(stream, [{ base, transport: "ws" }]))
  );
  const flows = (some = clients) => flow(written, some, tradesPerSecond);
  await flows();
  const running = started.move();
  // Disposed in order: what is started later is ended first.
  return {
    redis,
    front,
    wire,
    ingest,
    edges,
    written,
    clients,
    others,
    start: async (role) => running.use(await launch(role)),
    follow: (legs) => running.use(new EnduringClient("tick", legs)),
    flows,
    lawful: (some) => lawful(written, some ?? clients, some === undefined ? others : []),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function flow(
  written: ReadonlyMap<string, number>,
  clients: readonly EnduringClient[],
  ahead: number,
): Promise<void> {
  const mark = written.size + ahead;
  const isPast = ({ told }: EnduringClient) => (written.get(told.newest ?? "") ?? -1) >= mark;
  try {
    await until(() => clients.every(isPast), "new trades at every client", FLOWS_WITHIN_MS);
  } catch (error) {
    const state = clients.map((one) => `${one.name}: ${one.told.trades} trades, ${one.losses} losses`);
    throw new Error(`trades do not flow, ${written.size} written; ${state.join("; ")}`, { cause: error });
  }
}

function lawful(
  written: ReadonlyMap<string, number>,
  clients: readonly EnduringClient[],
  others: readonly EnduringClient[],
): void {
  for (const { name, told } of [...clients, ...others]) {
    assertEquals(told.byIds(), [], `${told.list} by ${name}: ids`);
  }
  for (const { name, told } of clients) {
    assert(told.trades > 0);
    assertEquals(told.byContent(written), [], `${name}: content`);
  }
}
