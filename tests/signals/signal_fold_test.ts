import { assert, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import type { SymbolEvent } from "../../src/feed/event.ts";
import type { Detector } from "../../src/signals/detectors/detector.ts";
import { DETECTORS, SIGNAL_KINDS } from "../../src/signals/detectors/detector_table.ts";
import { createSignalFold } from "../../src/signals/signal_fold.ts";
import { SIGNAL_THRESHOLDS, thresholdSetting } from "../../src/signals/signal_thresholds.ts";
import {
  A_MONDAY,
  aFairValue,
  aHeatmap,
  aMinute,
  aSecond,
  aSignal,
  aTrade,
} from "../support/event_factory.ts";
import { applyAll, keysOf, signalsOf, tradesAt } from "./collect.ts";
import { market, minuteBars } from "./generated_market.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** Ticks, fair values and bars of one symbol, mixed by the time they were received. */
const everything: fc.Arbitrary<readonly SymbolEvent[]> = fc.tuple(market("both"), minuteBars).map((
  [ticks, bars],
) => [...ticks, ...bars].sort((a, b) => a.rx - b.rx));

const changedTexts = (changed: ReadonlyMap<string, string | undefined>) =>
  new Map([...changed].filter((entry): entry is [string, string] => entry[1] !== undefined));

pure("saved and taken up again between any two events, it goes on as if nothing had been", () => {
  fc.assert(
    fc.property(everything, fc.infiniteStream(fc.nat(30)), (events, cuts) => {
      const expected = signalsOf(events);
      let fold = createSignalFold();
      const saved = new Map<string, string>();
      const said = [];
      let untilCut = 0;
      for (const event of events) {
        if (untilCut-- === 0) {
          for (const [sym, text] of changedTexts(fold.checkpoints.whole())) saved.set(sym, text);
          fold = createSignalFold();
          assertEquals(fold.restore(saved), 0);
          untilCut = cuts.next().value ?? 0;
        }
        said.push(...fold.apply(event));
      }
      assertEquals(said, [...expected]);
    }),
    { numRuns: 100 },
  );
});

pure("a checkpoint holds the moment it was begun, however long it takes to write", () => {
  const symbols = Array.from({ length: 20 }, (_, n) => `S${n}`);
  const at = (seconds: number, price: number) =>
    symbols.map((sym) => aTrade({ sym, t: A_MONDAY + seconds * 1000, price }));
  const fold = createSignalFold();
  applyAll(fold, [...at(0, 100), ...at(1, 101)]);
  const whole = createSignalFold();
  applyAll(whole, [...at(0, 100), ...at(1, 101)]);
  fold.checkpoints.begin();
  assertEquals(fold.checkpoints.step(7), 13);
  applyAll(fold, at(2, 102));
  assertEquals(fold.checkpoints.step(Infinity), 0);
  assertEquals([...fold.checkpoints.take()].sort(), [...whole.checkpoints.whole()].sort());
  const next = fold.checkpoints.whole();
  assertEquals(next.size, 20);
  assertEquals(fold.checkpoints.whole().size, 0);
});

pure("only what changed is in a checkpoint", () => {
  const fold = createSignalFold();
  applyAll(fold, [aTrade({ sym: "A" }), aTrade({ sym: "B" })]);
  assertEquals([...fold.checkpoints.whole().keys()].sort(), ["A", "B"]);
  applyAll(fold, [aTrade({ sym: "B", price: 190 })]);
  assertEquals([...fold.checkpoints.whole().keys()], ["B"]);
});

pure("a symbol's state stays under a kilobyte, however much it has seen", () => {
  const events = Array.from({ length: 20_000 }, (_, n): SymbolEvent => {
    const t = A_MONDAY + n * 700;
    const price = Math.round(30_000 + 2000 * Math.sin(n / 90)) / 100;
    if (n % 86 === 85) return aMinute({ t: t - (t % 60_000), close: price, volume: 1_234_567 + n });
    return n % 9 === 8
      ? aFairValue({ t, fmv: price * 1.02 })
      : aTrade({ t, price, size: 12_345 + n, tid: `${n}` });
  });
  const fold = createSignalFold();
  applyAll(fold, events);
  const text = fold.checkpoints.whole().get("AAPL") ?? "";
  assert(text.length > 100);
  assertLess(text.length, 1024);
});

pure("over its bound the symbols unheard of for longest go, from checkpoints too", () => {
  const fold = createSignalFold({ maxSymbols: 40 });
  const trade = (n: number) => aTrade({ sym: `S${n}`, t: A_MONDAY + n });
  applyAll(fold, Array.from({ length: 40 }, (_, n) => trade(n)));
  applyAll(fold, [trade(0)]);
  fold.checkpoints.whole();
  applyAll(fold, [trade(40)]);
  assertEquals(fold.counts().symbols, 39);
  const changed = fold.checkpoints.whole();
  assertEquals([changed.has("S1"), changed.get("S1"), changed.has("S2"), changed.has("S0")], [
    true,
    undefined,
    true,
    false,
  ]);
  assertEquals(typeof changed.get("S40"), "string");
});

pure("a key known to stand in the list is not emitted again, even by a fold without memory", () => {
  const events = tradesAt([[0, 100], [1, 101], [2, 102]]);
  const [first] = signalsOf(events);
  assert(first !== undefined);
  const fold = createSignalFold();
  fold.remember([first]);
  assertEquals(keysOf(applyAll(fold, events), "session_high"), ["session_high|AAPL|2026-03-02|regular|102"]);
  assertEquals(fold.counts().repeated, 1);
});

pure("no key is ever emitted twice, whatever the market does", () => {
  fc.assert(
    fc.property(everything, (events) => {
      const keys = signalsOf(events).map((signal) => signal.key);
      assertEquals(new Set(keys).size, keys.length);
    }),
    { numRuns: 100 },
  );
});

const wild = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -1, NaN, Infinity, -Infinity, 1e308, Number.MAX_SAFE_INTEGER, A_MONDAY, 100),
);

pure("nothing that comes from outside makes it throw, and what it then says is still sound", () => {
  const rubbish = fc.record({
    which: fc.constantFrom("trade", "second", "minute", "fmv", "signal", "heatmap"),
    sym: fc.oneof(fc.constantFrom("AAPL", "X:BTC-USD", "", "__proto__", "constructor"), fc.string()),
    t: fc.oneof(fc.integer({ min: A_MONDAY, max: A_MONDAY + 600_000 }), wild),
    a: wild,
    b: wild,
    c: wild,
    d: wild,
  }).map(({ which, sym, t, a, b, c, d }): SymbolEvent => {
    const bar = { sym, t, end: b, open: a, high: b, low: c, close: d, volume: a };
    switch (which) {
      case "trade":
        return aTrade({ sym, t, price: a, size: b, conds: [c, d] });
      case "second":
        return aSecond(bar);
      case "minute":
        return aMinute({ ...bar, vwap: b, avgSize: c });
      case "fmv":
        return aFairValue({ sym, t, fmv: a });
      case "signal":
        return aSignal({ sym, t });
      default:
        return aHeatmap({ sym, t });
    }
  });
  fc.assert(
    fc.property(fc.array(rubbish, { maxLength: 200 }), (events) => {
      const fold = createSignalFold();
      for (const signal of applyAll(fold, events)) assert(SIGNAL_KINDS.includes(signal.kind), signal.kind);
      const again = createSignalFold();
      assertEquals(again.restore(changedTexts(fold.checkpoints.whole())), 0);
      again.apply(aTrade());
    }),
    { numRuns: 300 },
  );
});

pure("saved text that is none of ours is left out, never thrown at", () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      const fold = createSignalFold();
      fold.restore(
        new Map([["AAPL", text], ["MSFT", `{"v":1,"b":${JSON.stringify(text)},"d":{"surge":${text}}}`]]),
      );
      applyAll(fold, tradesAt([[0, 100], [1, 101]]));
    }),
    { numRuns: 300 },
  );
});

/** A detector of one's own: every hundredth share. */
const roundLot: Detector = {
  name: "round_lot",
  kinds: ["round_lot"],
  thresholds: [{ key: "round_lot_size", fallback: 100, min: 1, max: 1e6, help: "Shares to a lot." }],
  prepare(read) {
    const lot = read({ key: "round_lot_size", fallback: 100, min: 1, max: 1e6, help: "" });
    return (saved) => {
      let traded = typeof saved === "number" ? saved : 0;
      return {
        onPrint(print, emit) {
          const before = Math.floor(traded / lot);
          traded += print.volume;
          const lots = Math.floor(traded / lot);
          if (lots > before) emit("round_lot", `${lots}`, { lots });
        },
        save: () => traded,
      };
    };
  },
};

pure(
  "a detector more is one line in the table: its memory is checkpointed and its signals keyed like all others",
  () => {
    const detectors = [...DETECTORS, roundLot];
    const events = tradesAt([[0, 100, 60], [1, 100, 60], [2, 100, 60], [3, 100, 60]]);
    const fold = createSignalFold({ detectors });
    assertEquals(keysOf(applyAll(fold, events.slice(0, 3)), "round_lot"), ["round_lot|AAPL|1"]);
    const next = createSignalFold({ detectors });
    next.restore(changedTexts(fold.checkpoints.whole()));
    assertEquals(applyAll(next, events.slice(3)).map(({ key, source, lots }) => [key, source, lots]), [
      ["round_lot|AAPL|2", "tick", 2],
    ]);
    // A release without it reads the same checkpoint.
    assertEquals(createSignalFold().restore(changedTexts(next.checkpoints.whole())), 0);
  },
);

pure(
  "the kinds and thresholds are listed once each, and settings replace defaults only within their range",
  () => {
    assertEquals([...SIGNAL_KINDS].sort(), [
      "bar_move",
      "close_at_high",
      "close_at_low",
      "fmv_deviation",
      "session_high",
      "session_low",
      "surge",
      "trend",
      "volume_spike",
    ]);
    const keys = SIGNAL_THRESHOLDS.map((spec) => spec.key);
    assertEquals(new Set(keys).size, keys.length);
    for (const spec of SIGNAL_THRESHOLDS) {
      assert(
        /^[a-z][a-z0-9_]*$/.test(spec.key) && spec.fallback >= spec.min && spec.fallback <= spec.max,
        spec.key,
      );
      assert(thresholdSetting(spec).startsWith("SIGNAL_"));
    }
    const bar = aMinute({ open: 100, high: 103, low: 99, close: 101.5 });
    const moves = (value: number) =>
      keysOf(signalsOf([bar], { thresholds: new Map([["bar_move_percent", value]]) }), "bar_move").length;
    assertEquals([moves(1), moves(2), moves(-1), moves(NaN)], [1, 0, 0, 0]);
  },
);
