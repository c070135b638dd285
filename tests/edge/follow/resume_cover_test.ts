/** Whatever position a client comes back from, what it is told and given covers all that came after it, and moves it on. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { comparePositions } from "../../../src/feed/cursor.ts";
import { encodeEvent, stampBody } from "../../../src/feed/event_text.ts";
import type { ListStore } from "../../../src/feed/store.ts";
import { EdgeCounters } from "../../../src/edge/edge_counters.ts";
import { RingBudget } from "../../../src/edge/pull/ring_budget.ts";
import { StreamLog } from "../../../src/edge/pull/stream_log.ts";
import { TailReader } from "../../../src/edge/pull/tail_reader.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { aTrade } from "../../support/event_factory.ts";
import { EPOCH } from "../log_factory.ts";
import { at, comeAgain, fillingLog, stay } from "./resume_scene.ts";

const RUNS = 400;
const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const step = fc.record({
  list: fc.nat(2),
  what: fc.oneof(
    { weight: 8, arbitrary: fc.constant("event") },
    { weight: 1, arbitrary: fc.constant("gap") },
    { weight: 1, arbitrary: fc.constantFrom("rewrite", "rewrite to a gap") },
  ),
});

for (const lists of [1, 3]) {
  for (
    const [how, follow] of [["once and followed", stay], ["again after every answer", comeAgain]] as const
  ) {
    pure(`resumed ${how}, a stream of ${lists} lists leaves nothing out from whatever position`, () => {
      fc.assert(
        fc.property(
          fc.array(step, { minLength: 1, maxLength: 60 }),
          fc.array(fc.nat(60), { minLength: lists, maxLength: lists }),
          fc.constantFrom(1e9, 12),
          (steps, given, floor) => {
            const scene = fillingLog(lists, floor);
            for (const { list, what } of steps) {
              const of = list % lists;
              if (what === "event") scene.add(of);
              else if (what === "gap") scene.gap(of, 7);
              else scene.rewrite(of, what === "rewrite to a gap");
            }
            const { log, heads, rewrites } = scene;
            const from = given.map((seq, list) => Math.min(seq, heads[list] ?? 0));
            const learnt = follow(log, from.map(at));
            heads.forEach((head, list) => {
              const start = from[list] ?? 0;
              const expected = Array.from({ length: head - start }, (_, n) => start + n + 1);
              assertEquals(learnt.positions[list], expected, `list ${list} from ${start}`);
            });
            for (const { list, seq } of rewrites) {
              const start = from[list] ?? 0;
              if (start > seq) continue;
              const isEvicted = comparePositions(at(start), log.basePosition(list)) < 0;
              assert(
                isEvicted || learnt.told[list]?.includes(seq),
                `list ${list} from ${start}: what was rewritten up to ${seq} was not told`,
              );
            }
          },
        ),
        { numRuns: RUNS },
      );
    });
  }
}

pure(
  "who had all of a list that was then rewritten under ids already read is told so, as who had less of it",
  () => {
    for (const lists of [1, 2]) {
      const scene = fillingLog(lists);
      for (let seq = 1; seq <= 20; seq++) scene.add(0);
      if (lists > 1) { for (let seq = 1; seq <= 20; seq++) scene.add(1); }
      scene.rewrite(0, false);
      for (let seq = 22; seq <= 25; seq++) scene.add(0);
      for (const start of [18, 19, 20]) {
        const learnt = stay(scene.log, [at(start), at(20)]);
        assertEquals(learnt.told[0], [20], `${lists} lists, from ${start}`);
      }
      assertEquals(stay(scene.log, [at(22), at(20)]).told[0], []);
    }
  },
);

Deno.test({
  name:
    "a list that is read again under ids already read is told to everybody who comes back from before that",
  permissions: "none",
  async fn() {
    const log = new StreamLog(["tick"], 1000, new RingBudget(1e9));
    const refused = () => Promise.reject(new Error("not part of this test"));
    let list: string[] = [];
    const store: ListStore = {
      readTail: (_list, count) =>
        Promise.resolve({
          head: { epoch: EPOCH, seq: list.length, pullMs: 10 },
          elements: list.slice(Math.max(0, list.length - count)),
        }),
      append: refused,
      setPullInterval: refused,
      readLatest: refused,
      hints: () => {
        throw new Error("not part of this test");
      },
    };
    const reader = new TailReader({
      name: "tick",
      index: 0,
      capEvents: 1000,
      store,
      counters: new EdgeCounters(new ManualClock()),
      sink: {
        begin: (index, position) => log.begin(index, position),
        append: (record) => log.append(record),
        isLate: () => false,
      },
    });
    const grow = async (to: number, life: string) => {
      for (let seq = list.length + 1; seq <= to; seq++) {
        list.push(stampBody(`${EPOCH}-${seq}`, encodeEvent(aTrade({ tid: `${life}${seq}` })).text));
      }
      await reader.read(at(to), new AbortController().signal);
    };
    await grow(20, "old");
    list = list.slice(0, 12);
    await grow(21, "new");
    for (const start of [18, 19, 20]) {
      const learnt = stay(log, [at(start)]);
      assertEquals(learnt.told[0], [20], `from ${start}, with nothing after it`);
    }
    await grow(25, "new");
    for (const start of [18, 19, 20]) {
      for (const learnt of [stay(log, [at(start)]), comeAgain(log, [at(start)])]) {
        assertEquals(learnt.told[0], [20], `from ${start}`);
        assertEquals(learnt.positions[0]?.at(-1), 25);
      }
    }
  },
});
