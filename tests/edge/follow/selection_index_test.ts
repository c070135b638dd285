/** Who wants a symbol: found once, and kept up as subscriptions come and go. */
import { assertEquals } from "@std/assert";
import { SelectionIndex } from "../../../src/edge/follow/selection_index.ts";
import type { Wanted } from "../../../src/edge/follow/wanted.ts";
import { EdgeCounters } from "../../../src/edge/edge_counters.ts";
import { FrameShare } from "../../../src/edge/follow/frame_share.ts";
import { RingBudget } from "../../../src/edge/pull/ring_budget.ts";
import { StreamLog } from "../../../src/edge/pull/stream_log.ts";
import { symbolPatterns } from "../../../src/feed/symbol.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** Counts how often it is looked at. */
class WatchedNames extends Set<string> {
  asked = 0;

  override has(name: string): boolean {
    this.asked++;
    return super.has(name);
  }
}

function anIndex() {
  const log = new StreamLog(["tick"], 1000, new RingBudget(1e6));
  const counters = new EdgeCounters(new ManualClock());
  return new SelectionIndex({ name: "tick", log, byKey: false, counters, share: new FrameShare() });
}

const wanting = (...patterns: string[]): Wanted => ({
  patterns: symbolPatterns(patterns),
  mode: "all",
  maxHz: undefined,
  fields: undefined,
});

pure("a subscription that comes or goes has nobody else's looked through again", () => {
  const index = anIndex();
  const names = new WatchedNames(["AAPL", "MSFT"]);
  index.hold({ ...wanting("AAPL"), patterns: { all: false, names, prefixes: [] } }, 25);
  index.note("AAPL", 0);
  const before = names.asked;
  for (let n = 1; n <= 10; n++) {
    const other = index.hold(wanting(`N${n}`, "M*"), 25);
    index.note("AAPL", n);
    index.release(other);
  }
  assertEquals(names.asked, before);
});

pure("who comes is told of symbols seen before, and who goes no more", () => {
  const index = anIndex();
  const told: string[] = [];
  const hold = (...patterns: string[]) => {
    const selection = index.hold(wanting(...patterns), 25);
    selection.note = (offset) => void told.push(`${patterns} ${offset}`);
    return selection;
  };
  hold("AAPL");
  index.note("AAPL", 1);
  index.note("AMD", 2);
  const names = hold("AMD", "AAPL");
  const prefix = hold("A*");
  index.note("AAPL", 3);
  index.note("AMD", 4);
  index.release(names);
  index.release(prefix);
  index.note("AAPL", 5);
  index.note("AMD", 6);
  assertEquals(told.sort(), ["A* 3", "A* 4", "AAPL 1", "AAPL 3", "AAPL 5", "AMD,AAPL 3", "AMD,AAPL 4"]);
});
