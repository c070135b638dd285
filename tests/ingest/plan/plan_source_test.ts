/** Universes from the store, and a store that is away when ingest starts or while it leads. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { TickcastError } from "../../../src/feed/error.ts";
import type { FeedStore } from "../../../src/feed/store.ts";
import { ask, type IngestScene, scene, start, stop } from "../../support/ingest_scene.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const away = () => Promise.reject(new TickcastError("STORE_UNAVAILABLE", "Cannot reach the store"));

/** A store some of whose methods are replaced, the rest as they are. */
function but(store: FeedStore, replaced: () => Partial<FeedStore>): FeedStore {
  return new Proxy(store, {
    get(target, name) {
      const other = Reflect.get(replaced(), name) ?? Reflect.get(target, name);
      return typeof other === "function" ? other.bind(target) : other;
    },
  });
}

function sceneBut(replaced: () => Partial<FeedStore>): IngestScene {
  const s = scene();
  return { ...s, store: but(s.store, replaced) };
}

const universe = (tickers: readonly string[]): Partial<FeedStore> => ({
  readUniverse: () => Promise.resolve(tickers),
});

test("a universe in the store is used, and an empty one refuses to start by name", async () => {
  const s = sceneBut(() => universe(["AAPL", "MSFT"]));
  const { ingest } = await start(s, { SYMBOL_UNIVERSE_KEY: "tech" });
  await s.clock.advance(500);
  assertEquals([...s.upstream.last.held], ["A.AAPL", "A.MSFT"]);
  await stop(ingest, s.clock);
  const error = await assertRejects(
    () => start(sceneBut(() => universe([])), { SYMBOL_UNIVERSE_KEY: "tech" }),
    TickcastError,
  );
  assertEquals(error.code, "SETTINGS");
  assert(error.message.includes("SYMBOL_UNIVERSE_KEY=tech"), error.message);
});

test("a connection whose universe is empty and that names no symbols: one connection, loudly, and not with STRICT_CONFIG", async () => {
  const environment = {
    USE_MULTI_CONNECTION: "true",
    WEBSOCKET_CONNECTION_1_SYMBOLS: "AAPL,IBM",
    WEBSOCKET_CONNECTION_2_ENABLED: "true",
    WEBSOCKET_CONNECTION_2_UNIVERSE_KEY: "tech",
  };
  const named = "WEBSOCKET_CONNECTION_2_UNIVERSE_KEY=tech";
  const s = sceneBut(() => universe([]));
  const { ingest, lines } = await start(s, environment);
  await s.clock.advance(500);
  assertEquals(s.upstream.open.map(({ held }) => [...held].sort()), [["A.AAPL", "A.IBM"]]);
  const [said, more] = lines.filter((line) => line.event === "plan_fallback");
  assertEquals([said?.level, more], ["warning", undefined]);
  assert(JSON.stringify(said?.fields).includes(named));
  assert(ingest.health().planFallback.includes(named));
  await stop(ingest, s.clock);

  const strict = sceneBut(() => universe([]));
  await assertRejects(() => start(strict, { ...environment, STRICT_CONFIG: "true" }), TickcastError, named);
  assertEquals([strict.upstream.opened, strict.clock.pending], [0, 0]);
});

test("a universe that is found empty at a reload is refused by name, and what is carried stays", async () => {
  let tickers = ["AAPL", "MSFT"];
  const s = sceneBut(() => universe(tickers));
  const { ingest } = await start(s, { SYMBOL_UNIVERSE_KEY: "tech" });
  await s.clock.advance(500);
  tickers = [];
  const answer = await ask(s, { do: "reload" });
  assert(!answer.ok && answer.message.includes("SYMBOL_UNIVERSE_KEY=tech"), JSON.stringify(answer));
  await s.clock.advance(500);
  assertEquals([[...s.upstream.last.held], s.upstream.opened], [["A.AAPL", "A.MSFT"], 1]);
  await stop(ingest, s.clock);
});

test("a store that is away at the start does not refuse: the plan is made once it is there", async () => {
  let isAway = true;
  const s = sceneBut(() => isAway ? { readUniverse: away, readLease: away } : universe(["AAPL"]));
  const { ingest, lines } = await start(s, { SYMBOL_UNIVERSE_KEY: "tech" });
  await s.clock.advance(10_000);
  assertEquals([s.upstream.opened, ingest.health().role, ingest.health().store.up], [0, "standby", false]);
  assert(lines.some((line) => line.event === "plan_deferred"));
  assertEquals(lines.filter((line) => line.event === "lease_store_away").length, 1);
  isAway = false;
  await s.clock.advance(3_000);
  assertEquals([...s.upstream.last.held], ["A.AAPL"]);
  await stop(ingest, s.clock);
});

test("a plan that turns out wrong then is said, tried again, and right once the universe is filled", async () => {
  let tickers: readonly string[] | undefined;
  const s = sceneBut(() =>
    tickers === undefined ? { readUniverse: away, readLease: away } : universe(tickers)
  );
  const { ingest, lines } = await start(s, { SYMBOL_UNIVERSE_KEY: "tech" });
  tickers = [];
  await s.clock.advance(8_000);
  assert(
    lines.some((line) =>
      line.event === "plan_refused" && String(line.fields.detail).includes("SYMBOL_UNIVERSE_KEY")
    ),
  );
  tickers = ["AAPL"];
  await s.clock.advance(8_000);
  assertEquals([...s.upstream.last.held], ["A.AAPL"]);
  await stop(ingest, s.clock);
});

test("while the store is away a leader keeps its sockets: its queues hold what they can", async () => {
  let isAway = false;
  const s = sceneBut(() => isAway ? { renewLease: away, writeNote: away, takeCommands: away } : {});
  const { ingest } = await start(s, {});
  await s.clock.advance(1_000);
  isAway = true;
  await s.clock.advance(60_000);
  assertEquals([s.upstream.open.length, ingest.health().role, ingest.health().store.up], [
    1,
    "leader",
    false,
  ]);
  isAway = false;
  await s.clock.advance(3_000);
  assertEquals([s.upstream.opened, ingest.health().store.up], [1, true]);
  await stop(ingest, s.clock);
});

test("a lease that cannot be given back costs the stop two seconds at most", async () => {
  const s = sceneBut(() => ({ releaseLease: () => new Promise<boolean>(() => {}) }));
  const { ingest, lines } = await start(s, {});
  await s.clock.advance(1_000);
  await stop(ingest, s.clock);
  assert(lines.some((line) => line.event === "lease_not_released"));
});

test("a universes file that is not JSON refuses to start, but makes several connections fall back to one", async () => {
  const readTextFile = Deno.readTextFile;
  Deno.readTextFile = () => Promise.resolve("{not json");
  try {
    const file = { UNIVERSES_FILE: "u.json", TICK_SYMBOLS: "AAPL,MSFT" };
    const error = await assertRejects(() => start(scene(), file), TickcastError);
    assert(error.message.includes("UNIVERSES_FILE=u.json must be JSON"), error.message);
    const s = scene();
    const several = { USE_MULTI_CONNECTION: "true", WEBSOCKET_CONNECTION_2_ENABLED: "true" };
    const { ingest, lines } = await start(s, { ...file, ...several });
    await s.clock.advance(500);
    assertEquals(s.upstream.open.map((socket) => [...socket.held].join()), ["A.AAPL,A.MSFT"]);
    assert(lines.some((line) => line.event === "plan_fallback"));
    await stop(ingest, s.clock);
  } finally {
    Deno.readTextFile = readTextFile;
  }
});
