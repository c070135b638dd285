/** E5: a stream more is one line in the stream table and, for a derived one, one in the table of folds. Nothing else. */
import { assert, assertEquals } from "@std/assert";
import type { FeedEvent } from "../../src/feed/event.ts";
import { STREAM_SPECS, type StreamSpec, streamTable } from "../../src/feed/stream.ts";
import type { DerivedFold, DerivedSpec } from "../../src/signals/derived_fold.ts";
import { DERIVED_STREAMS } from "../../src/signals/derived_table.ts";
import { A_MONDAY } from "../support/event_factory.ts";
import { frameOf, wireTrade } from "../support/wire_factory.ts";
import { startDerived } from "./derived_scene.ts";

/** The first line: how it behaves. */
const turnoverSpec: StreamSpec = {
  name: "turnover",
  eventTypes: ["turnover"],
  listCapEvents: 50,
  sendPriority: 5,
  workPriority: 5,
  batchEvents: 1,
  batchTimeLimitMs: 10,
  queueCapEvents: 1000,
  overflow: "conflate",
  flushFloorMs: 100,
  slowClient: "conflate",
  latestKey: "symbol",
  derived: true,
  snapshotAlways: false,
};

/** Its fold: what was traded of a symbol so far, in money, told with every trade. */
function turnoverFold(): DerivedFold {
  const sums = new Map<string, number>();
  const changed = new Map<string, string>();
  return {
    stream: "turnover",
    inputs: new Set(["tick"]),
    tellsGaps: true,
    apply(event): readonly FeedEvent[] {
      if (event.type !== "trade") return [];
      const sum = (sums.get(event.sym) ?? 0) + event.price * (event.size ?? 0);
      sums.set(event.sym, sum);
      changed.set(event.sym, `${sum}`);
      const { sym, t, rx } = event;
      const key = `turnover|${sym}|${sum}`;
      return [{ type: "signal", sym, t, rx, kind: "turnover", source: "tick", key, sum }];
    },
    tick: () => [],
    remember: () => {},
    checkpoints: {
      begin: () => {},
      step: () => 0,
      take() {
        const taken = new Map(changed);
        changed.clear();
        return taken;
      },
    },
    restore(states) {
      for (const [sym, text] of states) sums.set(sym, Number(text));
      return 0;
    },
    newestT: () => -Infinity,
  };
}

/** The second line. */
const turnover: DerivedSpec = { stream: "turnover", create: turnoverFold };

Deno.test({
  name:
    "an added derived stream has list, ids, cap, health and checkpoint, and goes on after a crash; the others don't notice",
  permissions: "none",
  async fn() {
    const tables = {
      specs: [...DERIVED_STREAMS, turnover],
      pipeline: { streams: streamTable([...STREAM_SPECS, turnoverSpec]) },
    };
    const first = await startDerived({}, tables);
    const send = (scene: typeof first, from: number, count: number) => {
      for (let n = from; n < from + count; n++) {
        scene.pipeline.accept(frameOf([wireTrade({ i: `${n}`, p: 10, s: 1, t: A_MONDAY + n * 100 })]));
      }
      return scene.clock.advance(1000);
    };
    await send(first, 0, 60);
    const list = await first.list("turnover");
    assertEquals([list.length, list.at(-1)?.sum], [50, 600]);
    assert(/^[0-9a-z]{8}-60$/.test(String(list.at(-1)?.id)));
    const health = first.pipeline.health().channels.find((channel) => channel.stream === "turnover");
    assertEquals([health?.state, health?.processed], ["on", 60]);
    await first.clock.advance(5000);
    assertEquals([...(await first.store.loadFold("turnover")).states], [["AAPL", "600"]]);
    await send(first, 60, 5);
    await first.kill();
    const second = await startDerived(first, tables);
    await send(second, 65, 5);
    const sums = (await second.list("turnover")).map((event) => Number(event.sum));
    assertEquals(sums.slice(-11), [600, 610, 620, 630, 640, 650, 660, 670, 680, 690, 700]);
    assertEquals((await second.list("tick")).length, 70);
    await second.kill();
  },
});
