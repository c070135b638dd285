import { assertEquals, assertMatch } from "@std/assert";
import { readElements, WireFrames } from "../../../src/edge/massive/massive_frame.ts";
import { encodeEvent, stampBody } from "../../../src/feed/event_text.ts";
import type { FeedEvent } from "../../../src/feed/event.ts";
import {
  A_MONDAY,
  aFairValue,
  aGap,
  aHeatmap,
  aMinute,
  aSecond,
  aSignal,
  aTrade,
} from "../../support/event_factory.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const bodyOf = (...events: readonly FeedEvent[]): string =>
  `[${events.map((event, n) => stampBody(`k3f9a0b1-${n + 1}`, encodeEvent(event).text)).join(",")}]`;

pure("events are written back in Massive's names, ids and receipts left out", () => {
  const [trade, second, minute] = readElements(
    bodyOf(aTrade({ conds: [12] }), aSecond(), aMinute()),
    "stocks",
  )
    .map(({ text }) => JSON.parse(text));
  assertEquals(trade, {
    ev: "T",
    sym: "AAPL",
    p: 187.25,
    s: 100,
    i: "1",
    x: 4,
    z: 3,
    c: [12],
    q: 1,
    t: A_MONDAY,
  });
  assertEquals([second.ev, second.s, second.e, second.o, second.vw, second.av, second.a, second.z], [
    "A",
    A_MONDAY,
    A_MONDAY + 1000,
    187,
    187.1,
    4_000_000,
    186.9,
    60,
  ]);
  assertEquals([minute.ev, "rx" in minute, "id" in minute, "t" in minute], ["AM", false, false, false]);
});

pure("fair values get all 19 digits of their time back", () => {
  const [fmv] = readElements(bodyOf(aFairValue({ ns: 843 })), "stocks");
  assertEquals(fmv?.text, `{"ev":"FMV","sym":"AAPL","fmv":187.31,"t":${A_MONDAY}000843}`);
});

pure("fields of tomorrow keep their wire names and values", () => {
  const event = { ...aTrade(), ds: "0.740474", pt: 5, trfi: 202, of_tomorrow: { deep: [1, null] } };
  const [trade] = readElements(bodyOf(event), "stocks").map(({ text }) => JSON.parse(text));
  assertEquals([trade.ds, trade.pt, trade.trfi, trade.of_tomorrow], ["0.740474", 5, 202, {
    deep: [1, null],
  }]);
});

pure("synthetic bars, signals, heatmaps and gaps have no word in Massive's protocol", () => {
  assertEquals(
    readElements(bodyOf(aMinute({ synthetic: true }), aSignal(), aHeatmap(), aGap()), "stocks"),
    [],
  );
});

pure("a market's door shows that market alone", () => {
  const both = bodyOf(aTrade(), aTrade({ sym: "X:BTC-USD", size: 4.522e-5 }));
  assertEquals(readElements(both, "stocks").map(({ sym }) => sym), ["AAPL"]);
  const [coin] = readElements(both, "crypto").map(({ text }) => JSON.parse(text));
  assertEquals([coin.ev, coin.pair, coin.s], ["XT", "BTC-USD", 4.522e-5]);
});

pure("crypto fair values keep X: in their symbol, as Massive sends it", () => {
  const [fmv] = readElements(bodyOf(aFairValue({ sym: "X:BTC-USD" })), "crypto").map(({ text }) =>
    JSON.parse(text)
  );
  assertEquals([fmv.ev, fmv.sym], ["FMV", "X:BTC-USD"]);
});

pure("a frame is written once for all who want the same, and filtered for those who don't", () => {
  const frames = new WireFrames("stocks");
  const frame = { body: bodyOf(aTrade(), aSecond()) };
  let asked = 0;
  const trades = (type: string) => {
    asked++;
    return type === "trade";
  };
  assertMatch(frames.message(frame, "trade", trades), /^\[\{"ev":"T".*\}\]$/);
  frames.message(frame, "trade", trades);
  assertEquals(asked, 2);
  assertMatch(frames.message(frame, undefined, (type) => type === "second"), /^\[\{"ev":"A".*\}\]$/);
  assertEquals(frames.message(frame, undefined, () => false), "");
});
