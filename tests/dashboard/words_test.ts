/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import type { Status } from "../../src/client/status.ts";
import { rebalanceText } from "../../src/dashboard/health/connections_table.ts";
import { costRows } from "../../src/dashboard/health/cost_panel.ts";
import { overallLight, statusText } from "../../src/dashboard/live/link_bar.ts";
import {
  formatChange,
  formatCompact,
  formatPercent,
  formatPrice,
  formatRate,
  formatSpan,
  zoneName,
} from "../../src/dashboard/number_format.ts";
import { gapText } from "../../src/dashboard/live/signal_feed.ts";
import { signalText } from "../../src/dashboard/live/signal_text.ts";
import { lagShares } from "../../src/dashboard/health/streams_table.ts";
import { matchSymbols } from "../../src/dashboard/live/symbol_search.ts";
import { verdictOf } from "../../src/dashboard/health/verdict.ts";
import { askedSymbols, busiest } from "../../src/dashboard/live/watched_symbols.ts";
import { aSignal, aTrade } from "../support/event_factory.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const id = "k0000001-1";

test("numbers read short and aligned, and what is unknown is a dash", () => {
  assertEquals(
    [187.254, 64_012.5, 0.08211, 0.00012, undefined, Number.NaN].map((each) => formatPrice(each)),
    ["187.25", "64,012.50", "0.0821", "0.000120", "–", "–"],
  );
  assertEquals([0.421, -1.5, 0, -0.001].map((each) => formatPercent(each)), [
    "+0.42%",
    "−1.50%",
    "0.00%",
    "0.00%",
  ]);
  assertEquals([2, -2].map((each) => formatChange(each)), ["+2.00", "−2.00"]);
  assertEquals([1_240_000, 12, undefined].map((each) => formatCompact(each)), ["1.24M", "12", "–"]);
  assertEquals([0, 0.42, 12.4, 1204].map((each) => formatRate(each)), ["0", "0.4", "12", "1,204"]);
  assertEquals([12, 1400, 31_000, 180_000, 7_200_000, null].map((each) => formatSpan(each)), [
    "12 ms",
    "1.4 s",
    "31 s",
    "3 min",
    "2 h",
    "–",
  ]);
  assertEquals(/^UTC([+−]\d+(\.5|\.8)?)?$/.test(zoneName(new Date())), true);
});

test("the light is green only when connected and flowing", () => {
  const open: Status = { state: "open", transport: "websocket", edge: "e" };
  const closed: Status = { state: "closed", error: undefined };
  assertEquals(overallLight(open, { tick: "live", heatmap: "off", fmv: "quiet" }), "green");
  assertEquals(overallLight(open, { tick: "live", fmv: "stale" }), "yellow");
  assertEquals(overallLight(open, { tick: "down", fmv: "off" }), "red");
  assertEquals(overallLight({ state: "connecting", transport: "sse", attempt: 1 }, {}), "yellow");
  assertEquals(overallLight(closed, { tick: "live" }), "red");
  const waiting: Status = { state: "waiting", transport: "sse", attempt: 1, retryInMs: 4000, reason: "" };
  assertEquals([open, closed, waiting].map(statusText), ["Live", "Closed", "Reconnecting in 4.0 s"]);
});

test("signals read as sentences, and a kind of tomorrow reads as its own name", () => {
  const read = (over: Record<string, unknown>) => signalText({ ...aSignal(), ...over, id });
  assertEquals(read({ kind: "session_high", price: 187.5 }), {
    title: "Session high",
    detail: "187.50",
    sign: "up",
    isAlert: false,
  });
  assertEquals(
    read({
      kind: "fmv_deviation",
      market_price: 100,
      deviation_percent: -1.2,
      direction: "overvalued",
      confidence: 0.86,
      alert: true,
    }),
    {
      title: "Off fair value",
      detail: "100.00 · −1.20% · overvalued · confidence 0.86",
      sign: "down",
      isAlert: true,
    },
  );
  assertEquals(
    read({ kind: "surge", measure: "volume", ratio: 4, price: 10 }).detail,
    "10.00 · 4.0× the usual volume",
  );
  assertEquals(read({ kind: "something_new", price: "x" }), {
    title: "something new",
    detail: "",
    sign: "",
    isAlert: false,
  });
});

test("a gap says how many, of what, and why", () => {
  assertEquals(
    gapText({ type: "gap", stream: "tick", lost: 1, cause: "slow" }),
    "1 event of tick lost: this page could not keep up",
  );
  assertEquals(
    gapText({ type: "gap", stream: "fmv", lost: null, cause: "new" }),
    "An unknown number of events of fmv lost: new",
  );
});

test("search gives what begins with the text before what holds it", () => {
  assertEquals(matchSymbols(["X:BTC-USD", "MSFT", "TM", "T", "AMT"], "t"), [
    "T",
    "TM",
    "AMT",
    "MSFT",
    "X:BTC-USD",
  ]);
  assertEquals(matchSymbols(["A"], " "), []);
});

test("the watched are the address's, cleaned of what can't be a symbol", () => {
  assertEquals(askedSymbols("?symbols=AAPL,%3Cb%3E,AAPL,X:BTC-USD,"), ["AAPL", "X:BTC-USD"]);
  const trade = { ...aTrade({ sym: "A", price: 10 }), id };
  const bar = { id, type: "second", sym: "B", close: 1, dayVolume: 5, t: 0, rx: 0 } as const;
  assertEquals(busiest([trade, { ...bar, end: 1, open: 1, high: 1, low: 1, volume: 1 }]), ["B", "A"]);
  assertEquals(busiest([{ ...trade, sym: "<b>" }, { ...trade, sym: "-A" }, trade]), ["A"]);
});

test("the verdict names what doesn't flow", () => {
  const health = (states: Record<string, string>) => ({
    streams: Object.fromEntries(
      Object.entries(states).map(([stream, state]) => [stream, { stream, state, detail: "why" }]),
    ),
  });
  const read = (states: Record<string, string>) => {
    const { light, text } = verdictOf(health(states));
    return [light, text];
  };
  assertEquals(read({ tick: "live", fmv: "quiet", heatmap: "off" }), ["green", "All streams are flowing"]);
  assertEquals(read({ tick: "live", fmv: "stale", minute: "down" }), [
    "yellow",
    "fmv and minute are not flowing",
  ]);
  assertEquals(read({ tick: "down" }), ["red", "No stream is flowing"]);
  assertEquals(read({ tick: "closed" }), ["green", "The market is closed"]);
  assertEquals(read({ tick: "off" }), ["yellow", "No stream is configured"]);
  assertEquals(verdictOf(undefined).light, "red");
  assertEquals(verdictOf(undefined, 401).text, "These figures are private");
});

test("lag is shown by hop, and nothing where nothing is known", () => {
  assertEquals(lagShares({ exchange_to_ingest: 750, ingest_to_redis: null, redis_to_edge: 0 }), {
    widths: [50, 0, 0],
    totalMs: 750,
  });
  assertEquals(
    lagShares({ exchange_to_ingest: null, ingest_to_redis: null, redis_to_edge: null }),
    undefined,
  );
  assertEquals(lagShares(undefined), undefined);
});

test("rebalancing and cost are told in words", () => {
  assertEquals(rebalanceText(200, { moved: [] }), "Nothing to move: the load is already even");
  assertEquals(rebalanceText(200, { moved: [1, 2] }), "Moved 2 symbols");
  assertEquals(rebalanceText(401, { error: { message: "no token" } }), "no token");
  assertEquals(rebalanceText(502, undefined), "The server answered 502");
  assertEquals(costRows({ transport: "memory" })[0]?.[1], "memory: no store to pay for");
  assertEquals(
    costRows({ estimate: { price: { cheapest: "fixed", fixed_usd: 10 } } }).at(-1)?.[1],
    "fixed plan",
  );
});
