/** What operators can ask for at run time, in depth: each command's effect, its refusals, and that what they changed lasts. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { ControlCommand } from "../../src/feed/control.ts";
import { COMMAND_MAX_AGE_MS, readCommand } from "../../src/ingest/control/control_commands.ts";
import { CHANGES_NOTE, RuntimeChanges } from "../../src/ingest/control/runtime_changes.ts";
import { ask, type IngestScene, scene, start, stop } from "../support/ingest_scene.ts";

const test = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

const TWO = {
  USE_MULTI_CONNECTION: "true",
  WEBSOCKET_CONNECTION_2_ENABLED: "true",
  WEBSOCKET_CONNECTION_1_SYMBOLS: "AAPL,IBM",
  WEBSOCKET_CONNECTION_2_SYMBOLS: "MSFT",
};

const held = (s: IngestScene) => s.upstream.open.map((socket) => [...socket.held].sort().join()).sort();

test("a ticker goes to the connection that is named, or to the one with the fewest", async () => {
  const s = scene();
  const { ingest } = await start(s, TWO);
  await s.clock.advance(500);
  const auto = await ask(s, { do: "subscribe", tickers: ["TSLA"], frequency: "tick" });
  assertEquals(auto, {
    ok: true,
    result: { subscribed: [{ ticker: "TSLA", connection: "connection_2" }], already: [] },
  });
  const named = await ask(s, {
    do: "subscribe",
    tickers: ["NVDA", "AAPL"],
    frequency: "tick",
    connection: "primary",
  });
  assertEquals(named, {
    ok: true,
    result: {
      subscribed: [{ ticker: "NVDA", connection: "connection_1" }],
      already: [{ ticker: "AAPL", connection: "connection_1" }],
    },
  });
  await s.clock.advance(500);
  assertEquals(held(s), ["A.AAPL,A.IBM,A.NVDA", "A.MSFT,A.TSLA"]);
  const tickers = await ask(s, { do: "tickers", connection: "connection_1" });
  assert(tickers.ok && tickers.result.total === 3, JSON.stringify(tickers));
  await stop(ingest, s.clock);
});

test("refusals leave everything as it was: another's ticker, another market, another frequency, under a wildcard", async () => {
  const s = scene();
  const { ingest } = await start(s, { ...TWO, DATA_FREQUENCIES: "tick,minute", MASSIVE_MARKETS: "stocks" });
  await s.clock.advance(500);
  const before = held(s);
  const refused = async (command: Parameters<typeof ask>[1], code: string) => {
    const answer = await ask(s, command);
    assertEquals(answer.ok ? "done" : answer.code, code, JSON.stringify(answer));
    if (!answer.ok) assert(answer.message.startsWith("Cannot "), answer.message);
  };
  await refused(
    { do: "subscribe", tickers: ["AAPL"], frequency: "tick", connection: "connection_2" },
    "CONFLICT",
  );
  await refused({ do: "subscribe", tickers: ["X:BTC-USD"], frequency: "tick" }, "BAD_SYMBOL");
  await refused({ do: "subscribe", tickers: ["ok", "not ok"], frequency: "tick" }, "BAD_SYMBOL");
  await refused({ do: "subscribe", tickers: ["*"], frequency: "tick" }, "BAD_SYMBOL");
  await refused(
    { do: "unsubscribe", tickers: ["MSFT"], frequency: "tick", connection: "connection_1" },
    "NOT_FOUND",
  );
  await refused({ do: "unsubscribe", tickers: ["MSFT", "GHOST"], frequency: "tick" }, "NOT_FOUND");
  await refused({ do: "lookup", ticker: "GHOST" }, "NOT_FOUND");
  await refused({ do: "tickers", connection: "ghost" }, "NOT_FOUND");
  await refused({ do: "start_stream", stream: "fmv" }, "CONFLICT");
  await s.clock.advance(500);
  assertEquals(held(s), before);
  await stop(ingest, s.clock);
});

test("every command for a connection that is not there says which there are, and nothing of the plan or the sockets moves", async () => {
  const s = scene();
  const { ingest } = await start(s, TWO);
  await s.clock.advance(500);
  const state = async () => [
    held(s),
    s.upstream.opened,
    ingest.health().connections.map(({ id, tickers }) => [id, tickers]),
    JSON.parse(await s.store.readNote("plan") ?? "").streams,
    await s.store.readNote(CHANGES_NOTE),
  ];
  const before = await state();
  const connection = "connection_3";
  const commands: readonly ControlCommand[] = [
    { do: "subscribe", tickers: ["TSLA"], frequency: "tick", connection },
    { do: "unsubscribe", tickers: ["AAPL"], frequency: "tick", connection },
    { do: "remove_connection", connection },
    { do: "tickers", connection },
  ];
  for (const command of commands) {
    const answer = await ask(s, command);
    assertEquals(answer, {
      ok: false,
      code: "NOT_FOUND",
      message:
        'Cannot find the connection "connection_3" as there is none of this id or name: there are connection_1, connection_2',
    });
  }
  await s.clock.advance(2_000);
  assertEquals(await state(), before);
  await stop(ingest, s.clock);
});

test("under a wildcard nothing is subscribed twice, nothing of it can be taken off, and the wildcard itself can", async () => {
  const s = scene();
  const { ingest } = await start(s, {});
  await s.clock.advance(500);
  const already = await ask(s, { do: "subscribe", tickers: ["AAPL"], frequency: "tick" });
  assertEquals(already, {
    ok: true,
    result: { subscribed: [], already: [{ ticker: "AAPL", connection: "connection_1" }] },
  });
  const covered = await ask(s, { do: "unsubscribe", tickers: ["AAPL"], frequency: "tick" });
  assertEquals(covered.ok ? "done" : covered.code, "CONFLICT");
  assert((await ask(s, { do: "unsubscribe", tickers: ["*"], frequency: "tick" })).ok);
  await ask(s, { do: "subscribe", tickers: ["AAPL"], frequency: "tick" });
  await s.clock.advance(500);
  assertEquals(held(s), ["A.AAPL"]);
  await stop(ingest, s.clock);
});

test("crypto is subscribed by either spelling, on its own connection", async () => {
  const s = scene();
  const { ingest } = await start(s, { MASSIVE_MARKETS: "stocks,crypto", TICK_SYMBOLS: "AAPL,X:BTC-USD" });
  await s.clock.advance(500);
  await ask(s, { do: "subscribe", tickers: ["ETH-USD", "X:SOL-USD"], frequency: "tick" });
  await s.clock.advance(500);
  assertEquals(held(s), ["A.AAPL", "XAS.BTC-USD,XAS.ETH-USD,XAS.SOL-USD"]);
  const found = await ask(s, { do: "lookup", ticker: "ETH-USD" });
  assert(found.ok && found.result.ticker === "X:ETH-USD");
  await stop(ingest, s.clock);
});

test("what was changed outlives its leader: a standby that takes over carries the same tickers and connections", async () => {
  const s = scene();
  const first = await start(s, TWO, "a");
  await s.clock.advance(500);
  const second = await start(s, TWO, "b");
  await ask(s, { do: "subscribe", tickers: ["TSLA"], frequency: "tick", connection: "connection_1" });
  await ask(s, { do: "unsubscribe", tickers: ["IBM"], frequency: "tick" });
  await ask(s, { do: "add_connection", name: "extra", tickers: ["NVDA"] });
  first.pipeline.on = second.pipeline.on = ["tick", "signal"];
  await ask(s, { do: "stop_stream", stream: "signal" });
  await s.clock.advance(2_000);
  const before = held(s);
  assertEquals(before, ["A.AAPL,A.TSLA", "A.MSFT", "A.NVDA"]);
  await stop(first.ingest, s.clock);
  await s.clock.advance(3_000);
  assertEquals(second.ingest.health().role, "leader");
  assertEquals(held(s), before);
  assertEquals(second.pipeline.switched, ["stop signal"]);
  await stop(second.ingest, s.clock);
});

test("a configured connection that was removed stays away over a reload, its tickers on the others", async () => {
  const s = scene();
  const { ingest } = await start(s, TWO);
  await s.clock.advance(500);
  assert((await ask(s, { do: "remove_connection", connection: "secondary" })).ok);
  await s.clock.advance(500);
  assertEquals(held(s), ["A.AAPL,A.IBM,A.MSFT"]);
  assert((await ask(s, { do: "reload" })).ok);
  await s.clock.advance(500);
  assertEquals(held(s), ["A.AAPL,A.IBM,A.MSFT"]);
  await stop(ingest, s.clock);
});

test("changes are kept and read as they were, and no text makes reading them throw or half apply", () => {
  const changes = new RuntimeChanges();
  changes.added("tick", "TSLA", "connection_1");
  changes.removed("minute", "IBM");
  changes.laneAdded({
    id: "connection_3",
    name: "x",
    feed: "realtime",
    market: "stocks",
    frequencies: ["tick"],
  });
  changes.laneRemoved("connection_2");
  changes.switched("fmv", false);
  const copy = new RuntimeChanges();
  assertEquals(copy.restore(changes.toText()), true);
  assertEquals(copy.toText(), changes.toText());
  assertEquals([copy.isRemoved("minute", "IBM"), copy.isLaneRemoved("connection_2"), copy.isEmpty], [
    true,
    true,
    false,
  ]);
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    if (!copy.restore(text)) assertEquals(copy.toText(), changes.toText());
  }));
});

test("no text on the control list throws, and only what is whole, known and fresh is a command", () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ id: fc.string(), at: fc.double(), command: fc.object() }).map((one) => JSON.stringify(one)),
  );
  fc.assert(fc.property(text, (one) => {
    const reading = readCommand(one, 0);
    if (!reading.ok) assert(!reading.answer.ok && reading.answer.message.startsWith("Cannot "));
  }));
  const command = (at: number) => JSON.stringify({ id: "1", at, command: { do: "rebalance" } });
  assertEquals(readCommand(command(0), COMMAND_MAX_AGE_MS).ok, true);
  assertEquals(readCommand(command(0), COMMAND_MAX_AGE_MS + 1).ok, false);
});
