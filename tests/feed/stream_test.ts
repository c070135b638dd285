import { assert, assertEquals } from "@std/assert";
import { listOfSymbol, listsOfStream, STREAM_SPECS, streamOfList, STREAMS } from "../../src/feed/stream.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

pure("channels have the queues, batches and time limits that were asked for", () => {
  const of = (name: string) => {
    const spec = STREAMS.get(name);
    return [spec?.queueCapEvents, spec?.batchEvents, spec?.batchTimeLimitMs];
  };
  assertEquals([of("tick"), of("minute"), of("fmv")], [[10_000, 1, 10], [10_000, 100, 100], [
    10_000,
    50,
    500,
  ]]);
});

pure("signals are sent first, then ticks, minute bars, fair values and heatmaps", () => {
  assertEquals([...STREAM_SPECS].sort((a, b) => a.sendPriority - b.sendPriority).map((spec) => spec.name), [
    "signal",
    "tick",
    "minute",
    "fmv",
    "heatmap",
  ]);
});

pure("a symbol stays in one list of a split stream, and every list gets its share", () => {
  const counts = new Map(listsOfStream("tick", 4).map((list) => [list, 0]));
  for (let n = 0; n < 8000; n++) {
    const list = listOfSymbol("tick", `SYM${n}`, 4);
    assertEquals(list, listOfSymbol("tick", `SYM${n}`, 4));
    assertEquals(streamOfList(list), "tick");
    counts.set(list, (counts.get(list) ?? 0) + 1);
  }
  for (const [list, count] of counts) assert(count > 1600 && count < 2400, `${list} holds ${count}`);
  assertEquals(listOfSymbol("tick", "AAPL", 1), "tick");
});
