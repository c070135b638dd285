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
  onTrade: (sym: string, key: string) => void,
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
      onTrade(event.sym, key);
    }
  }
}

/** Topics in what ingest says: [subscribed, unsubscribed]. */
function topicsSaid(texts: readonly string[]): readonly [number, number] {
  const of = (action: string) =>
    texts.map((text) => JSON.parse(text)).filter((message) => message.action === action)
      .reduce((sum, { params }) => sum + params.split(",").length, 0);
  return [of("subscribe"), of("unsubscribe")];
}

Deno.test("each of three connections killed at 2 000 events/s: nothing that reached another is lost or doubled, its tickers flow again and come home", async () => {
  const written = new Map<number, Set<string>>();
  // All that the simulator trades.
  const symbols = ["AAPL", "SPY", "NVDA", "BAC", "PFE", "WMT", "XOM", "BA", "QQQ"];
  const said: string[] = [];
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
      symbols: symbols.length,
      onWritten: (connection, events) => {
        const trades = written.get(connection) ?? new Set<string>();
        for (const text of events) {
          const { ev, sym, x, trfi, i } = JSON.parse(text);
          if (ev === "T") trades.add(identity(sym, x, trfi, i));
        }
        written.set(connection, trades);
      },
    },
    () => {},
    FACTOR,
    (text) => void said.push(text),
  );
  const up = (n: number) => world.connection(n).status === "connected";
  await until("all three are up", () => [0, 1, 2].every(up));
  const held = () =>
    world.simulator.state().connections.map((one) => one.subscriptions.toSorted().join()).sort();
  const atHome = held();
  assertEquals(topicsSaid(said), [10, 0]);
  const seen = new Map<string, number>();
  let onTrade: (sym: string, key: string) => void = () => {};
  const stop = new AbortController();
  const following = follow(world.store, "tick", seen, (sym, key) => onTrade(sym, key), stop.signal);
  // Heard at the end; what fails before that must be what is told.
  following.catch(() => {});
  world.simulator.control({ fault: "open_burst", events_per_second: LOAD / FACTOR, duration_ms: 180_000 });
  await until("it flows", () => seen.size > 1_000);

  const killed = new Set<number>();
  for (const n of [0, 1, 2]) {
    const victim = world.simulator.state().connections.find((one) =>
      one.subscriptions.includes(`T.${symbols[n + 3]}`)
    );
    assert(victim !== undefined);
    killed.add(victim.id);
    said.length = 0;
    const homeAgain = () => world.lines.filter((line) => line.fields.what === "home_again").length;
    const returned = homeAgain();
    const since: [sym: string, key: string][] = [];
    onTrade = (sym, key) => void since.push([sym, key]);
    // What a connection brought is known when its write is answered, which may be after the list has it.
    const flowing = () => {
      const alive = [...written].filter(([id]) => !killed.has(id)).map(([, keys]) => keys);
      const flow = new Set(
        since.filter(([, key]) => alive.some((keys) => keys.has(key))).map(([sym]) => sym),
      );
      return symbols.every((sym, at) => at % 3 !== n || flow.has(sym));
    };
    world.simulator.control({ fault: "refuse_upgrade", status: 503, times: 3 });
    const killedAt = world.clock.monotonic();
    world.simulator.control({ fault: "drop", connection: victim.id });
    await until(`the tickers of connection ${n} flow over others`, flowing);
    const flowsAfterMs = world.clock.monotonic() - killedAt;
    assert(flowsAfterMs < 15_000, `${flowsAfterMs} ms`);
    await until(`the tickers of connection ${n} are home again`, () => homeAgain() > returned && up(n));
    await until("each is where it was", () => held().join() === atHome.join());
    // Lent out, taken back and let go: each topic of the dead connection once, and nobody else's.
    const [subscribed, unsubscribed] = topicsSaid(said);
    assert(subscribed <= 8 && unsubscribed <= 4, `${subscribed} subscribed, ${unsubscribed} unsubscribed`);
  }

  await until(
    "everything is in",
    () => [...written].every(([id, keys]) => killed.has(id) || [...keys].every((key) => seen.has(key))),
  );
  const expected = [...written].filter(([id]) => !killed.has(id)).reduce(
    (sum, [, keys]) => sum + keys.size,
    0,
  );
  assert(expected > 2_000, `${expected} events`);
  assertEquals([...seen].filter(([, times]) => times !== 1), []);
  stop.abort();
  await following;
});
