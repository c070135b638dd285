import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { readSettings } from "../../../src/feed/settings/read_settings.ts";
import type { IngestSettings } from "../../../src/feed/settings/settings.ts";
import { FREQUENCIES, type Frequency } from "../../../src/feed/stream.ts";
import { type ConnectionPlan, planConnections } from "../../../src/ingest/plan/connection_plan.ts";
import type { Universes } from "../../../src/ingest/plan/symbol_choice.ts";

function settingsOf(environment: Record<string, string>): IngestSettings {
  const reading = readSettings({ MASSIVE_API_KEY: "key", ...environment }, {
    signalThresholds: [],
    onDeploy: false,
  });
  if (!reading.ok) throw new Error(reading.problems.map((one) => `${one.name} ${one.rule}`).join("; "));
  return reading.settings.ingest;
}

const plan = (environment: Record<string, string>, universes: Universes = new Map()): ConnectionPlan =>
  planConnections(settingsOf(environment), universes);

/** `id market feed: topics`, for short expectations. */
const shown = (made: ConnectionPlan) =>
  made.connections.map((one) => `${one.id} ${one.market} ${one.feed}: ${one.topics.join(",")}`);

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

test("with nothing but a key one connection carries the second bars of all stocks", () => {
  const made = plan({});
  assertEquals(shown(made), ["connection_1 stocks realtime: A.*"]);
  assertEquals([made.mode, made.problems, made.fallback], ["single", [], []]);
  assertEquals(made.streams, { tick: { symbols: ["*"], lists: 1 } });
});

test("each of the seven combinations of frequencies asks for its own symbols, fmv on a business socket", () => {
  const own: Record<Frequency, string> = { tick: "AAPL", minute: "MSFT", fmv: "TSLA" };
  const topic: Record<Frequency, string> = { tick: "A.AAPL", minute: "AM.MSFT", fmv: "FMV.TSLA" };
  for (let bits = 1; bits < 8; bits++) {
    const chosen = FREQUENCIES.filter((_, n) => bits & (1 << n));
    const made = plan({
      DATA_FREQUENCIES: chosen.join(","),
      TICK_SYMBOLS: own.tick,
      MINUTE_SYMBOLS: own.minute,
      FMV_SYMBOLS: own.fmv,
    });
    assertEquals(made.problems, [], chosen.join());
    const realtime = chosen.filter((one) => one !== "fmv").map((one) => topic[one]).join(",");
    const expected = [
      ...(realtime ? [`connection_1 stocks realtime: ${realtime}`] : []),
      ...(chosen.includes("fmv") ? [`connection_${realtime ? 2 : 1} stocks business: ${topic.fmv}`] : []),
    ];
    assertEquals(shown(made), expected, chosen.join());
    assertEquals(Object.keys(made.streams).sort(), [...chosen].sort());
  }
});

test("a mixed list is split by market, and crypto is asked for in its own prefixes and spelling", () => {
  const made = plan({
    MASSIVE_MARKETS: "stocks,crypto",
    DATA_FREQUENCIES: "tick,minute",
    TICK_EVENTS: "A,T",
    TICK_SYMBOLS: "AAPL,BTC-USD,BRK.B,X:ETH-USD",
  });
  assertEquals(shown(made), [
    "connection_1 stocks realtime: T.AAPL,A.AAPL,T.BRK.B,A.BRK.B,AM.AAPL,AM.BRK.B",
    "connection_2 crypto realtime: XT.BTC-USD,XAS.BTC-USD,XT.ETH-USD,XAS.ETH-USD,XA.BTC-USD,XA.ETH-USD",
  ]);
  assertEquals(made.streams.tick?.symbols, ["AAPL", "BRK.B", "X:BTC-USD", "X:ETH-USD"]);
});

test("crypto fmv is subscribed without our prefix", () => {
  const made = plan({ MASSIVE_MARKETS: "crypto", DATA_FREQUENCIES: "fmv", FMV_SYMBOLS: "X:BTC-USD" });
  assertEquals(shown(made), ["connection_1 crypto business: FMV.BTC-USD"]);
});

test("one list of lists: minute and fmv follow the tick symbols where they have none", () => {
  const made = plan({ DATA_FREQUENCIES: "tick,minute,fmv", TICK_SYMBOLS: "AAPL" });
  assertEquals(shown(made), [
    "connection_1 stocks realtime: A.AAPL,AM.AAPL",
    "connection_2 stocks business: FMV.AAPL",
  ]);
});

test("a universe is used where no symbols are named, and symbols win over it for their frequency", () => {
  const universes = new Map([["tech:top_2", ["AAPL", "MSFT"]]]);
  const made = plan(
    { SYMBOL_UNIVERSE_KEY: "tech:top_2", DATA_FREQUENCIES: "tick,minute", MINUTE_SYMBOLS: "SPY" },
    universes,
  );
  assertEquals(shown(made), ["connection_1 stocks realtime: A.AAPL,A.MSFT,AM.SPY"]);
});

test("an empty universe without symbols is a problem that names it", () => {
  const made = plan({ SYMBOL_UNIVERSE_KEY: "ghost", DATA_FREQUENCIES: "tick,minute" });
  assertEquals(made.connections, []);
  assertEquals(made.problems.length > 0, true);
  assert(
    made.problems.some((problem) => problem.includes("SYMBOL_UNIVERSE_KEY=ghost")),
    made.problems.join(),
  );
});

test("four sockets are refused although every setting by itself is good", () => {
  const made = plan({ MASSIVE_MARKETS: "stocks,crypto", DATA_FREQUENCIES: "tick,fmv" });
  assertEquals(made.connections, []);
  assert(made.problems.some((problem) => problem.includes("4 sockets")), made.problems.join());
});

test("symbols of a market that is not used are a problem that names them", () => {
  const made = plan({ TICK_SYMBOLS: "X:BTC-USD,AAPL" });
  assertEquals(made.problems.length, 1, made.problems.join("; "));
  assert(made.problems[0]?.includes("X:BTC-USD"));
});

const MULTI = { USE_MULTI_CONNECTION: "true", WEBSOCKET_CONNECTION_2_ENABLED: "true" };

test("manual routing: each connection has what is written for it, its universe first", () => {
  const made = plan({
    ...MULTI,
    WEBSOCKET_CONNECTION_1_UNIVERSE_KEY: "tech",
    WEBSOCKET_CONNECTION_1_SYMBOLS: "IBM",
    WEBSOCKET_CONNECTION_2_UNIVERSE_KEY: "ghost",
    WEBSOCKET_CONNECTION_2_SYMBOLS: "XOM,CVX",
  }, new Map([["tech", ["AAPL", "MSFT"]]]));
  assertEquals(made.fallback, []);
  assertEquals(shown(made), [
    "connection_1 stocks realtime: A.AAPL,A.MSFT",
    "connection_2 stocks realtime: A.XOM,A.CVX",
  ]);
  assertEquals(made.streams.tick?.symbols, ["AAPL", "CVX", "MSFT", "XOM"]);
});

test("a connection without symbols of its own takes its share of what is named for all", () => {
  const made = plan({
    ...MULTI,
    WEBSOCKET_CONNECTION_3_ENABLED: "true",
    WEBSOCKET_CONNECTION_1_SYMBOLS: "AAPL",
    TICK_SYMBOLS: "AAPL,A1,A2,A3,A4",
  });
  assertEquals(shown(made), [
    "connection_1 stocks realtime: A.AAPL",
    "connection_2 stocks realtime: A.A1,A.A3",
    "connection_3 stocks realtime: A.A2,A.A4",
  ]);
});

test("priority routing puts priority n on the n-th connection", () => {
  const made = plan({
    ...MULTI,
    WEBSOCKET_CONNECTION_3_ENABLED: "true",
    WEBSOCKET_ROUTING_STRATEGY: "priority",
    SYMBOL_PRIORITIES: "AAPL:1,MSFT:2,*:3",
    TICK_SYMBOLS: "TSLA,MSFT,AAPL,NVDA",
  });
  assertEquals(shown(made), [
    "connection_1 stocks realtime: A.AAPL",
    "connection_2 stocks realtime: A.MSFT",
    "connection_3 stocks realtime: A.TSLA,A.NVDA",
  ]);
});

test("a ticker rides with all its frequencies on one connection", () => {
  const made = plan({
    ...MULTI,
    WEBSOCKET_ROUTING_STRATEGY: "round_robin",
    DATA_FREQUENCIES: "tick,minute",
    TICK_SYMBOLS: "B,C",
    MINUTE_SYMBOLS: "C,B,D",
  });
  const ticks = made.connections.map(({ tickers }) => tickers.get("tick") ?? []);
  assertEquals(ticks.flat().sort(), ["B", "C"]);
  for (const [n, { tickers }] of made.connections.entries()) {
    assertEquals(ticks[n]?.filter((ticker) => !tickers.get("minute")?.includes(ticker)), []);
  }
});

test("fmv among several connections gets a business socket of its own, counted with the others", () => {
  const made = plan({
    ...MULTI,
    DATA_FREQUENCIES: "tick,fmv",
    WEBSOCKET_CONNECTION_1_SYMBOLS: "AAPL",
    WEBSOCKET_CONNECTION_2_SYMBOLS: "MSFT",
  });
  assertEquals(shown(made), [
    "connection_1 stocks realtime: A.AAPL",
    "connection_2 stocks realtime: A.MSFT",
    "connection_3 stocks business: FMV.AAPL,FMV.MSFT",
  ]);
  const four = plan({
    ...MULTI,
    WEBSOCKET_CONNECTION_3_ENABLED: "true",
    DATA_FREQUENCIES: "tick,fmv",
    TICK_SYMBOLS: "A,B,C",
  });
  assertEquals(four.mode, "single");
  assert(four.fallback.some((reason) => reason.includes("4 are wanted")), four.fallback.join());
});

test("critical symbols ride on a second connection of their market and feed", () => {
  const made = plan({
    ...MULTI,
    CRITICAL_SYMBOLS: "AAPL",
    WEBSOCKET_CONNECTION_1_SYMBOLS: "AAPL,IBM",
    WEBSOCKET_CONNECTION_2_SYMBOLS: "MSFT",
  });
  assertEquals(shown(made), [
    "connection_1 stocks realtime: A.AAPL,A.IBM",
    "connection_2 stocks realtime: A.MSFT,A.AAPL",
  ]);
});

const WRONG: Record<string, [Record<string, string>, string]> = {
  "two connections with one name": [{ WEBSOCKET_CONNECTION_2_NAME: "primary" }, "_2_NAME=primary"],
  "overlapping tickers": [{ WEBSOCKET_CONNECTION_2_SYMBOLS: "AAPL,XOM" }, "must not overlap"],
  "a wildcard beside names": [{ WEBSOCKET_CONNECTION_2_SYMBOLS: "*" }, "must not overlap"],
  "an unknown strategy": [{ WEBSOCKET_ROUTING_STRATEGY: "magic" }, "WEBSOCKET_ROUTING_STRATEGY"],
  "a fourth connection": [{ WEBSOCKET_CONNECTION_4_ENABLED: "true" }, "WEBSOCKET_CONNECTION_4"],
  "more connections than allowed": [{ WEBSOCKET_CONNECTIONS_MAX: "1" }, "WEBSOCKET_CONNECTIONS_MAX=1"],
  "an empty universe without symbols": [{
    WEBSOCKET_CONNECTION_2_SYMBOLS: "",
    WEBSOCKET_CONNECTION_2_UNIVERSE_KEY: "ghost",
  }, "_2_UNIVERSE_KEY=ghost"],
  "a ticker of another market": [{ WEBSOCKET_CONNECTION_2_SYMBOLS: "X:BTC-USD" }, "market used"],
  "a market that is not used": [{ WEBSOCKET_CONNECTION_2_MARKET: "crypto" }, "_2_MARKET=crypto"],
  "frequencies of two hosts on one socket": [
    { WEBSOCKET_CONNECTION_2_FREQUENCIES: "tick,fmv", DATA_FREQUENCIES: "tick,fmv" },
    "fmv alone",
  ],
  "a frequency that is not on": [{ WEBSOCKET_CONNECTION_2_FREQUENCIES: "minute" }, "among DATA_FREQUENCIES"],
  "nothing to carry": [{ WEBSOCKET_CONNECTION_2_SYMBOLS: "" }, "nothing is left"],
  "a critical symbol nobody carries": [{ CRITICAL_SYMBOLS: "GHOST" }, "CRITICAL_SYMBOLS=GHOST"],
};
for (const [what, [environment, told]] of Object.entries(WRONG)) {
  test(`${what} falls back to one connection with everything on it, and says why`, () => {
    const made = plan({
      ...MULTI,
      WEBSOCKET_CONNECTION_1_SYMBOLS: "AAPL",
      WEBSOCKET_CONNECTION_2_SYMBOLS: "MSFT",
      ...environment,
    });
    assertEquals(made.mode, "single");
    assert(made.fallback.some((reason) => reason.includes(told)), made.fallback.join("\n"));
    assert(made.connections.length > 0, made.problems.join());
  });
}

test("a fall-back still carries the tickers that were written for connections, not the whole market", () => {
  const made = plan({
    ...MULTI,
    WEBSOCKET_CONNECTION_1_SYMBOLS: "AAPL",
    WEBSOCKET_CONNECTION_2_SYMBOLS: "MSFT",
    WEBSOCKET_CONNECTION_2_NAME: "primary",
  });
  assertEquals(shown(made), ["connection_1 stocks realtime: A.AAPL,A.MSFT"]);
});

test("a universe that is missing for all does not stop a fall-back that has tickers of its own", () => {
  const made = plan({
    ...MULTI,
    SYMBOL_UNIVERSE_KEY: "ghost",
    WEBSOCKET_CONNECTION_1_SYMBOLS: "AAPL",
    WEBSOCKET_CONNECTION_2_SYMBOLS: "MSFT",
  });
  assertEquals([made.mode, made.problems], ["single", []]);
  assert(made.fallback.some((reason) => reason.includes("SYMBOL_UNIVERSE_KEY=ghost")));
  assertEquals(shown(made), ["connection_1 stocks realtime: A.AAPL,A.MSFT"]);
});

test("trouble with the universes file refuses one connection, and makes several fall back", () => {
  const trouble = ["UNIVERSES_FILE=u.json must be JSON"];
  assertEquals(planConnections(settingsOf({}), new Map(), trouble).problems, trouble);
  const several = planConnections(settingsOf({ ...MULTI, TICK_SYMBOLS: "A,B" }), new Map(), trouble);
  assertEquals([several.mode, several.problems, several.fallback], ["single", [], trouble]);
});

test("every ticker has exactly one home and counts differ by one at most, whatever the lists", () => {
  const ticker = fc.stringMatching(/^[A-Z]{1,4}$/);
  fc.assert(
    fc.property(
      fc.uniqueArray(ticker, { minLength: 3, maxLength: 300 }),
      fc.constantFrom("round_robin", "load_balanced"),
      (tickers, strategy) => {
        const made = plan({
          ...MULTI,
          WEBSOCKET_CONNECTION_3_ENABLED: "true",
          WEBSOCKET_ROUTING_STRATEGY: strategy,
          DATA_FREQUENCIES: "tick,minute",
          TICK_SYMBOLS: tickers.join(","),
        });
        const counts = made.connections.map((one) => one.tickers.get("tick")?.length ?? 0);
        const all = made.connections.flatMap((one) => one.tickers.get("tick") ?? []);
        assertEquals(all.toSorted(), tickers.toSorted());
        assert(Math.max(...counts) - Math.min(...counts) <= 1, counts.join());
        for (const one of made.connections) assertEquals(one.tickers.get("tick"), one.tickers.get("minute"));
      },
    ),
  );
});
