/**
 * What happens while many clients watch: the leader goes and a standby takes over, Redis hangs and goes. What the leader of the
 * day received reaches the clients, whatever else is missing is told.
 */
import { assert, assertEquals } from "@std/assert";
import { type LoadReport, reportTable } from "../../src/operations/load/load_report.ts";
import { type Cluster, startCluster } from "../support/cluster.ts";
import { metricTotal } from "../support/exposition.ts";
import { activeAt, BUSY_SYMBOLS, startLoad, untilCountedIn } from "../support/load_run.ts";
import { startProcess } from "../support/processes.ts";
import { realPart } from "../support/real_parts.ts";
import { collectByWebSocket, type CollectingClient } from "../support/stream_clients.ts";
import { until } from "../support/until.ts";

const redis = realPart("redis-server");
const nginx = realPart("nginx");
const missing = { ignore: redis.ignore || nginx.ignore, note: redis.note || nginx.note };
const long = Deno.env.get("TICKCAST_LONG") === "1";
const longNote = missing.note || (long ? "" : " (ignored: TICKCAST_LONG=1 runs it, 2 min)");

/** Design §5: a leader that died is replaced within so long, and the flow may take as long again on a slow machine. */
const FLOWS_AGAIN_LIMIT_MS = 30_000;
const WITHIN_MS = 60_000;
/** The fault itself: longer than any call's limit, and than health and the clients' own patience. */
const REDIS_AWAY_MS = 20_000;
const redisStaysAway = () => new Promise((resolve) => setTimeout(resolve, REDIS_AWAY_MS));
/** Trades the new leader receives before it is asked whether they all arrived. */
const TRADES_OF_NEW_LEADER = 60;

/** A trade's identity on the wire and in an event (design §3). */
const identity = (sym: unknown, x: unknown, trfi: unknown, id: unknown) => `${sym}|${x}|${trfi ?? ""}|${id}`;

/** Trades each connection of the simulator took. */
function ledger() {
  const trades = new Map<number, string[]>();
  const onWritten = (connection: number, events: readonly string[]) => {
    const taken = trades.get(connection) ?? [];
    for (const text of events) {
      const { ev, sym, x, trfi, i } = JSON.parse(text);
      if (ev === "T") taken.push(identity(sym, x, trfi, i));
    }
    trades.set(connection, taken);
  };
  return { onWritten, of: (connection: number): readonly string[] => trades.get(connection) ?? [] };
}

/** How often each trade came to a client that wants all. */
function tradesSeen({ seen }: CollectingClient): Map<string, number> {
  const times = new Map<string, number>();
  for (const { type, sym, x, trfi, tid } of seen.get("tick")?.events ?? []) {
    if (type !== "trade") continue;
    const key = identity(sym, x, trfi, tid);
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  return times;
}

const everybody = async ({ edges }: Cluster) =>
  (await Promise.all(edges.map(({ base }) => activeAt(base)))).reduce((sum, one) => sum + one, 0);

const eventsAt = (client: CollectingClient) => client.seen.get("tick")?.events.length ?? 0;

/** Resolves when the edges have told so many gaps of `cause`: one a client at least. */
const untilToldOf = (cause: string, clients: number, { edges }: Cluster) =>
  until(
    async () =>
      await metricTotal(edges.map(({ base }) => base), `tickcast_gaps_told_total{cause="${cause}"}`) >=
        clients,
    `${clients} clients told of the gap`,
    WITHIN_MS,
  );

/** Everything but what was lost untold is a figure; that is none. */
function assertNothingUntold({ totals, malformed }: LoadReport, table: string): void {
  assertEquals([totals.undetected, totals.repeats, malformed], [0, 0, {}], table);
}

interface Watched {
  readonly cluster: Cluster;
  readonly client: CollectingClient;
  readonly taken: ReturnType<typeof ledger>;
}

/** Runs `fault` while `clients` watch through nginx, and answers what they saw. */
async function underWatch(
  clients: number,
  rampSeconds: number,
  fault: (watched: Watched) => Promise<string>,
): Promise<{ report: LoadReport; table: string }> {
  const taken = ledger();
  const edge = { WS_MAX_CONNECTIONS: "2500" };
  await using cluster = await startCluster({ rate: 20, edge, onWritten: taken.onWritten });
  const { nginx: { base }, edges: [first] } = cluster;
  assert(first);
  const run = startLoad([
    ...["--url", base, "--metrics", first.base, "--pid", String(first.pid)],
    ...["--stages", `${clients}:${rampSeconds},${clients}:300`, "--mix", "ws:75,sse:25", ...BUSY_SYMBOLS],
  ]);
  try {
    await until(async () => await everybody(cluster) > clients, "everybody", WITHIN_MS + rampSeconds * 1000);
    await using client = collectByWebSocket(base, ["tick"], "tick:0-0");
    await client.until(() => eventsAt(client) > 20, WITHIN_MS);
    const told = await fault({ cluster, client, taken });
    // The run's own word that everybody is in: what the edges had sent before is read by then.
    await untilCountedIn(run, clients, WITHIN_MS);
    run.finish();
    const report = await run.report;
    return { report, table: `${reportTable(report)}\n  ${told}` };
  } finally {
    run.finish();
    await run.report.catch(() => {});
  }
}

/** Every trade the present connection has taken so far reaches the client, once. */
async function assertAllArrive({ cluster, client, taken }: Watched): Promise<number> {
  const [connection] = cluster.simulator.state().connections;
  assert(connection !== undefined);
  const received = [...taken.of(connection.id)];
  await client.until(() => {
    const seen = tradesSeen(client);
    return received.every((key) => seen.has(key));
  }, WITHIN_MS);
  assertEquals([...tradesSeen(client).values()].filter((times) => times > 1), []);
  return received.length;
}

/** A standby beside the leader; the leader ends by `signal`; what the new one receives reaches everybody. */
function takeover(clients: number, rampSeconds: number, signal: Deno.Signal) {
  return underWatch(clients, rampSeconds, async (watched) => {
    const { cluster, client, taken } = watched;
    await using standby = await startProcess({ environment: cluster.ingestEnvironment });
    const old = new Set(cluster.simulator.state().connections.map(({ id }) => id));
    cluster.ingest.kill(signal);
    const startMs = performance.now();
    const leads = () => standby.log.some(({ message }) => message === "lease_taken");
    await until(leads, "the standby leads", FLOWS_AGAIN_LIMIT_MS);
    const ledMs = performance.now() - startMs;
    const present = () => cluster.simulator.state().connections.find(({ id }) => !old.has(id));
    await until(
      () => taken.of(present()?.id ?? -1).length > 20,
      "the standby receives",
      FLOWS_AGAIN_LIMIT_MS,
    );
    const count = eventsAt(client);
    await client.until(() => eventsAt(client) > count, FLOWS_AGAIN_LIMIT_MS);
    const flowsMs = performance.now() - startMs;
    await until(
      () => taken.of(present()?.id ?? -1).length > TRADES_OF_NEW_LEADER,
      "more for the new leader",
      WITHIN_MS,
    );
    await untilToldOf("upstream", clients, cluster);
    const received = await assertAllArrive(watched);
    return `${signal}: the standby led after ${Math.round(ledMs)} ms, events after ${
      Math.round(flowsMs)
    } ms at most; all ${received} trades the new leader received arrived once`;
  });
}

async function keep(name: string, table: string): Promise<void> {
  await Deno.writeTextFile(`${Deno.env.get("TICKCAST_REPORTS") ?? "/tmp"}/${name}.txt`, table);
}

Deno.test({
  name:
    `a leader stops and its standby goes on while 60 clients watch: what it receives reaches them${missing.note}`,
  ignore: missing.ignore,
  async fn() {
    const { report, table } = await takeover(60, 1, "SIGTERM");
    assertNothingUntold(report, table);
    assertEquals([report.totals.failed, report.totals.dropped], [0, 0], table);
  },
});

Deno.test({
  name: `a leader is killed and its standby takes over while 1 000 clients watch${longNote}`,
  ignore: missing.ignore || !long,
  async fn() {
    const { report, table } = await takeover(1_000, 20, "SIGKILL");
    await keep("takeover", table);
    assertNothingUntold(report, table);
    assertEquals([report.totals.failed, report.totals.dropped], [0, 0], table);
    assert(Number(report.gapsTold.upstream) >= 1_000, `everybody is told of the time between: ${table}`);
  },
});

Deno.test({
  name:
    `Redis hangs for 20 s, then is gone for 20 s and comes back empty while 1 000 clients watch${longNote}`,
  ignore: missing.ignore || !long,
  async fn() {
    const { report, table } = await underWatch(1_000, 20, async (watched) => {
      const { cluster, client } = watched;
      const back = async (what: string, since: number) => {
        const startMs = performance.now();
        await client.until(() => eventsAt(client) > since, WITHIN_MS);
        return `${what}: events ${Math.round(performance.now() - startMs)} ms after`;
      };
      let since = eventsAt(client);
      cluster.redis.pause();
      await redisStaysAway();
      cluster.redis.resume();
      const hung = await back("hung", since);
      // Ingest kept what it received meanwhile: nothing is missing.
      const received = await assertAllArrive(watched);
      await cluster.redis.stop();
      await redisStaysAway();
      since = eventsAt(client);
      await cluster.redis.start();
      const gone = await back("gone", since);
      await untilToldOf("epoch", 1_000, cluster);
      return `${hung}, all ${received} trades received by then arrived once; ${gone}`;
    });
    await keep("redis_away", table);
    assertNothingUntold(report, table);
    assertEquals([report.totals.failed, report.totals.dropped], [0, 0], table);
    assert(Number(report.gapsTold.epoch) >= 1_000, `everybody is told of the lost lists: ${table}`);
  },
});
