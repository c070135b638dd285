import { assert, assertEquals } from "@std/assert";
import type { FeedEvent } from "../../src/feed/event.ts";
import { STREAM_SPECS, STREAMS, type StreamSpec, streamTable } from "../../src/feed/stream.ts";
import type { DerivedFold, DerivedSettings, DerivedSpec } from "../../src/signals/derived_fold.ts";
import { createDerivedStreams } from "../../src/signals/derived_streams.ts";
import { DERIVED_STREAMS } from "../../src/signals/derived_table.ts";
import { HEATMAPS_A_TURN } from "../../src/signals/heatmap/heatmap_stream.ts";
import { A_MONDAY, aGap, aHeatmap, aMinute, aSignal, aTrade } from "../support/event_factory.ts";
import { tradesAt } from "./collect.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const settings: DerivedSettings = {
  heatmapSymbols: ["AAPL"],
  heatmapWindowMinutes: 60,
  heatmapIntervalMinutes: 5,
  heatmapUpdateIntervalMs: 5000,
  thresholds: new Map(),
};

pure("events of the input streams come out as signals; gaps and other streams are passed over", () => {
  const derived = createDerivedStreams({ settings });
  assertEquals([...derived.inputs].sort(), ["fmv", "minute", "tick"]);
  const [first, second] = tradesAt([[0, 100], [1, 101]]);
  assert(first !== undefined && second !== undefined);
  assertEquals(derived.onEvents("tick", [first, aGap()]), []);
  assertEquals(derived.onEvents("signal", [aSignal(), second]), []);
  const made = derived.onEvents("tick", [second]);
  assertEquals(made.map(({ stream, events }) => [stream, events.map(({ type }) => type)]), [["signal", [
    "signal",
  ]]]);
});

pure("heatmaps come every update interval, a few a turn, and only those that changed", () => {
  const symbols = Array.from({ length: 5 }, (_, n) => `S${n}`);
  const derived = createDerivedStreams({ settings: { ...settings, heatmapSymbols: symbols } });
  const turn = (ms: number) =>
    derived.tick(A_MONDAY + ms).flatMap(({ events }) =>
      events.map((event) => event.type === "heatmap" && event.sym)
    );
  assertEquals([turn(0), turn(50), turn(100), turn(150)], [["S0", "S1"], ["S2", "S3"], ["S4"], []]);
  assertEquals(HEATMAPS_A_TURN, 2);
  derived.onEvents("minute", [aMinute({ sym: "S3" })]);
  assertEquals([turn(2000), turn(5099), turn(5100)], [[], [], ["S3"]]);
  assertEquals(turn(20_000), []);
});

pure("a clock set back does not silence the heatmaps", () => {
  const derived = createDerivedStreams({ settings });
  derived.tick(A_MONDAY);
  derived.onEvents("minute", [aMinute()]);
  assertEquals(derived.tick(A_MONDAY - 86_400_000).length, 1);
});

pure("without heatmap symbols there is no heatmap fold", () => {
  const derived = createDerivedStreams({ settings: { ...settings, heatmapSymbols: [] } });
  assertEquals(derived.folds.map((fold) => fold.stream), ["signal"]);
  assertEquals(derived.tick(A_MONDAY), []);
});

pure("every derived stream of the stream table has a fold, and its events are of that stream's types", () => {
  const derived = STREAM_SPECS.filter((spec) => spec.derived).map((spec) => spec.name);
  assertEquals(DERIVED_STREAMS.map((spec) => spec.stream).sort(), derived.sort());
  for (const fold of createDerivedStreams({ settings }).folds) {
    assert([...fold.inputs].every((input) => STREAMS.has(input)), fold.stream);
  }
});

/** A stream of one's own: how many trades each symbol has had, told every third. */
const count: DerivedSpec = {
  stream: "count",
  create(): DerivedFold {
    const counts = new Map<string, number>();
    let changed = new Map<string, string>();
    return {
      stream: "count",
      inputs: new Set(["tick"]),
      tellsGaps: true,
      apply(event): readonly FeedEvent[] {
        const n = (counts.get(event.sym) ?? 0) + 1;
        counts.set(event.sym, n);
        changed.set(event.sym, `${n}`);
        return n % 3 === 0
          ? [aSignal({ kind: "count", key: `count|${event.sym}|${n}`, sym: event.sym })]
          : [];
      },
      tick: () => [],
      remember: () => {},
      checkpoints: {
        begin: () => {},
        step: () => 0,
        take() {
          const taken = changed;
          changed = new Map();
          return taken;
        },
      },
      restore(states) {
        for (const [sym, text] of states) counts.set(sym, Number(text));
        return 0;
      },
      newestT: () => -Infinity,
    };
  },
};

pure(
  "a derived stream more is one line in each table; what was made already is remembered by its own fold",
  () => {
    const spec: StreamSpec = {
      ...STREAM_SPECS[0],
      ...must(STREAMS.get("signal")),
      name: "count",
      sendPriority: 9,
    };
    assertEquals(streamTable([...STREAM_SPECS, spec]).get("count")?.listCapEvents, 1000);
    const derived = createDerivedStreams({ settings, specs: [...DERIVED_STREAMS, count] });
    const made = derived.onEvents("tick", [1, 2, 3].map((n) => aTrade({ t: A_MONDAY + n, price: 100 })));
    assertEquals(made.map(({ stream, events }) => [stream, events.length]), [["count", 1]]);
  },
);

pure("a fold remembers only events of its own kind", () => {
  const [signal, heatmap] = createDerivedStreams({ settings }).folds;
  signal?.remember([aHeatmap(), aSignal(), aGap()]);
  heatmap?.remember([aSignal(), aHeatmap({ sym: "AAPL" }), aGap()]);
  assertEquals(heatmap?.tick(A_MONDAY + 60_000).length, 1);
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("missing");
  return value;
}
