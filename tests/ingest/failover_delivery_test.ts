/**
 * A connection is killed under load: what reached any other connection is in the list once, its tickers flow elsewhere in
 * time, and are home again later. Simulator, sockets, data path and lists are real; time runs faster.
 */
import { assert, assertEquals } from "@std/assert";
import { positionOfId } from "../../src/feed/cursor.ts";
import { peekElement } from "../../src/feed/event_text.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { simulatedIngest, until } from "../support/simulated_ingest.ts";

const FACTOR = 5;
/** Real events a second. */
const LOAD = 2_000;

/** Identity of a trade, from the wire's names or ours. */
const identity = (sym: unknown, x: unknown, trfi: unknown, id: unknown) => `${sym}|${x}|${trfi ?? ""}|${id}`;

/** Follows a list as an edge does and counts each trade. */
async function follow(
  store: FeedStore,
  list: string,
  seen: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  let last = 0;
  for await (const _hint of store.hints(signal)) {
    const { elements } = await store.readTail(list, 1_000);
    for (const element of elements) {
      const { seq } = positionOfId(peekElement(element)?.id ?? "");
      if (seq <= last) continue;
      assert(seq === last + 1 || last === 0, "this reader keeps up");
      last = seq;
      const event = JSON.parse(element);
      if (event.type !== "trade") continue;
      const key = identity(event.sym, event.x, event.trfi, event.tid);
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  }
}

Deno.test("a connection killed at 2 000 events/s costs nothing that reached another one, and nothing comes twice", async () => {
  const written = new Map<number, string[]>();
  const symbols = ["AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "TSLA", "META", "SPY", "QQQ"];
  await using world = await simulatedIngest(
    {
      USE_MULTI_CONNECTION: "true",
      WEBSOCKET_ROUTING_STRATEGY: "round_robin",
      WEBSOCKET_CONNECTION_2_ENABLED: "true",
      WEBSOCKET_CONNECTION_3_ENABLED: "true",
      WEBSOCKET_AUTO_REBALANCE: "false",
      TICK_EVENTS: "T",
      TICK_SYMBOLS: symbols.join(","),
      CRITICAL_SYMBOLS: "AAPL",
    },
    {
      symbols: 12,
      onWritten: (connection, events) => {
        const trades = written.get(connection) ?? [];
        for (const text of events) {
          const { ev, sym, x, trfi, i } = JSON.parse(text);
          if (ev === "T") trades.push(identity(sym, x, trfi, i));
        }
        written.set(connection, trades);
      },
    },
    () => {},
    FACTOR,
  );
  const up = (n: number) => world.connection(n).status === "connected";
  await until("all three are up", () => [0, 1, 2].every(up));
  const seen = new Map<string, number>();
  const stop = new AbortController();
  const following = follow(world.store, "tick", seen, stop.signal);
  // Heard at the end; what fails before that must be what is told.
  following.catch(() => {});
  world.simulator.control({ fault: "open_burst", events_per_second: LOAD / FACTOR, duration_ms: 45_000 });
  await world.clock.sleep(12_000);

  world.simulator.control({ fault: "refuse_upgrade", status: 503, times: 3 });
  const [victim] = world.simulator.state().connections;
  assert(victim !== undefined);
  const killedAt = world.clock.monotonic();
  world.simulator.control({ fault: "drop", connection: victim.id });
  const carried = () => world.ingest.health().connections.map((one) => one.tickers);
  assertEquals(carried(), [3, 3, 3]);
  await until("its tickers moved", () => world.lines.some((line) => line.fields.what === "moved"));
  assert(world.clock.monotonic() - killedAt < 5_000, `${world.clock.monotonic() - killedAt} ms`);
  await until(
    "its tickers are home again",
    () => world.lines.some((line) => line.fields.what === "home_again"),
  );
  await world.clock.sleep(3_000);

  const expected = [...written].filter(([id]) => id !== victim.id).flatMap(([, trades]) => trades);
  await until("everything is in", () => expected.every((key) => seen.has(key)));
  assertEquals([...seen].filter(([, times]) => times !== 1), []);
  assert(expected.length > 2_000, `${expected.length} events`);
  stop.abort();
  await following;
});
