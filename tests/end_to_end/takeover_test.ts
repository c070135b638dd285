/**
 * Two ingests on one key over a real Redis, as processes: one is connected; when it is stopped like a machine that hangs, or
 * killed, the other goes on where it was: ids continue, nothing twice, what the new leader received is all there, the rest is told.
 */
import { assert, assertEquals } from "@std/assert";
import { systemClock, systemRandom } from "../../src/feed/clock.ts";
import { comparePositions, ORIGIN, type Position, positionOfId } from "../../src/feed/cursor.ts";
import { silentLog } from "../../src/feed/log.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import { openStore } from "../../src/store/open_store.ts";
import { type Process, startProcess } from "../support/processes.ts";
import { ownTime } from "../support/own_time.ts";
import { realPart } from "../support/real_parts.ts";
import { startRedis } from "../support/redis_server.ts";
import { until } from "../support/until.ts";

const redis = realPart("redis-server");
/** Within what 250 ms lists carry. */
const EVENTS_PER_SECOND = 500;
const TAKEOVER_LIMIT_MS = 15_000;

const identity = (sym: unknown, x: unknown, trfi: unknown, id: unknown) => `${sym}|${x}|${trfi ?? ""}|${id}`;

/** What a reader of the tick list has seen. */
interface Seen {
  readonly trades: Map<string, number>;
  readonly epochs: Set<string>;
  gaps: number;
  holes: number;
  last: Position;
}

/** Follows the list as an edge does: on hints, and at least every 100 ms. */
async function follow(store: FeedStore, seen: Seen, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { elements } = await store.readTail("tick", 1_000);
    for (const element of elements) {
      const event = JSON.parse(element);
      const position = positionOfId(event.id);
      if (comparePositions(position, seen.last) <= 0) continue;
      if (position.epoch === seen.last.epoch && position.seq !== seen.last.seq + 1) seen.holes++;
      seen.last = position;
      seen.epochs.add(position.epoch);
      if (event.type === "gap") seen.gaps++;
      else if (event.type === "trade") {
        const key = identity(event.sym, event.x, event.trfi, event.tid);
        seen.trades.set(key, (seen.trades.get(key) ?? 0) + 1);
      }
    }
    await systemClock.sleep(50);
  }
}

const role = (process: Process) => {
  const turns = process.log.filter((line) =>
    ["lease_taken", "lease_lost", "lease_released"].includes(String(line.message))
  );
  return turns.at(-1)?.message === "lease_taken" ? "leader" : "standby";
};

Deno.test({
  name:
    `a leader that hangs, wakes, or is killed is replaced within 15 s, ids go on and nothing comes twice${redis.note}`,
  ignore: redis.ignore,
  async fn() {
    await using server = await startRedis();
    const written = new Map<number, string[]>();
    await using simulator = await startSimulator({
      symbols: 12,
      alwaysOpen: true,
      accounts: {
        accounts: [{
          name: "one",
          keys: ["key"],
          quota: 1,
          policy: "refuse-newest",
          markets: { stocks: { realtime: ["T"] } },
        }],
      },
      onWritten: (connection, events) => {
        const trades = written.get(connection) ?? [];
        for (const text of events) {
          const { sym, x, trfi, i } = JSON.parse(text);
          trades.push(identity(sym, x, trfi, i));
        }
        written.set(connection, trades);
      },
    }, { clock: systemClock, log: silentLog });
    const environment = {
      ROLE: "ingest",
      MASSIVE_API_KEY: "key",
      MASSIVE_REALTIME_URL: simulator.url,
      TICK_EVENTS: "T",
      REDIS_URL: server.url,
    };
    await using store = await openStore({ transport: "tcp", url: server.url }, {
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      keyPrefix: "tickcast",
    });
    const seen: Seen = { trades: new Map(), epochs: new Set(), gaps: 0, holes: 0, last: ORIGIN };
    const stop = new AbortController();

    await using first = await startProcess({ environment });
    await until(
      () => role(first) === "leader" && simulator.state().connections.length === 1,
      "the first leads",
    );
    await using second = await startProcess({ environment });
    const following = follow(store, seen, stop.signal);
    simulator.control({ fault: "open_burst", events_per_second: EVENTS_PER_SECOND, duration_ms: 120_000 });
    await until(() => seen.trades.size > 1_000, "events flow");
    assertEquals([role(first), role(second), simulator.state().connections.length], ["leader", "standby", 1]);

    // Hung: the socket stays open and takes the only slot, so the service is told to let it go.
    first.kill("SIGSTOP");
    const sinceHung = ownTime();
    await until(() => role(second) === "leader", "the second leads");
    const hungMs = sinceHung();
    assert(hungMs <= TAKEOVER_LIMIT_MS, `${hungMs} ms`);
    const [hung] = simulator.state().connections;
    simulator.control({ fault: "drop", connection: hung?.id });
    first.kill("SIGCONT");
    await until(() => role(first) === "standby", "the first stands by");
    await until(() => simulator.state().connections.length === 1, "the second is connected", 90_000);
    const before = seen.trades.size;
    await until(() => seen.trades.size > before + 1_000, "events flow again");
    assert(seen.gaps >= 1, "the time between is told");

    // Killed in the middle of it: the kernel closes its socket.
    second.kill("SIGKILL");
    const sinceKilled = ownTime();
    await until(() => role(first) === "leader", "the first leads again");
    const killedMs = sinceKilled();
    assert(killedMs <= TAKEOVER_LIMIT_MS, `${killedMs} ms`);
    const gaps = seen.gaps;
    await until(() => seen.gaps > gaps, "the time between is told");
    const [present] = simulator.state().connections;
    assert(present !== undefined);
    await until(() => (written.get(present.id)?.length ?? 0) > 1_000, "events flow");

    // Everything the new leader received is in the list, whatever comes after.
    const received = [...written.get(present.id) ?? []];
    await until(() => received.every((key) => seen.trades.has(key)), "all of it is in");
    stop.abort();
    await following;
    assertEquals([...seen.trades].filter(([, times]) => times !== 1), []);
    // Ids go on, but where a standby lost sight of Redis meanwhile, which a starved machine brings about, and said so.
    const doubted = [...first.log, ...second.log].filter((line) => line.may_have_gone_back === true).length;
    assertEquals([seen.epochs.size, seen.holes], [1 + doubted, 0]);
  },
});
