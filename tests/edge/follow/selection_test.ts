/** Frames: built once for all who want the same, bounded, and complete whichever way they were found. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { systemClock } from "../../../src/feed/clock.ts";
import { matchesPatterns, symbolPatterns } from "../../../src/feed/symbol.ts";
import { EdgeCounters } from "../../../src/edge/edge_counters.ts";
import { FrameShare } from "../../../src/edge/follow/frame_share.ts";
import { FRAME_MAX_BYTES } from "../../../src/edge/follow/selection.ts";
import { SelectionIndex } from "../../../src/edge/follow/selection_index.ts";
import { selectionKey } from "../../../src/edge/follow/wanted.ts";
import { RingBudget } from "../../../src/edge/pull/ring_budget.ts";
import { StreamLog } from "../../../src/edge/pull/stream_log.ts";
import { aTrade } from "../../support/event_factory.ts";
import { EPOCH, eventRecord, hole } from "../log_factory.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

function scene() {
  const log = new StreamLog(["tick"], 100_000, new RingBudget(1e9));
  log.begin(0, { epoch: EPOCH, seq: 0 });
  const counters = new EdgeCounters(systemClock);
  const index = new SelectionIndex({ name: "tick", log, byKey: false, counters, share: new FrameShare() });
  let seq = 0;
  return {
    log,
    index,
    counters,
    want: (symbols: readonly string[], fields?: readonly string[]) =>
      index.hold({
        patterns: symbolPatterns(symbols),
        mode: "all",
        maxHz: undefined,
        fields: fields && new Set(fields),
      }, 25),
    add(sym: string, over = {}) {
      log.append(eventRecord(aTrade({ sym, tid: String(++seq), ...over }), seq));
      index.note(sym, log.end - 1);
    },
    miss() {
      log.append(hole({ epoch: EPOCH, seq }, { epoch: EPOCH, seq: seq + 3 }, 2));
      seq += 2;
    },
  };
}

const idsOf = (body: string): number[] =>
  body === "" ? [] : JSON.parse(body).map(({ id }: { id: string }) => Number(id.split("-")[1]));

pure(
  "from the second on different subscriptions that want the same events of a range get the very same frame",
  () => {
    const s = scene();
    const [one, other, third, all] = [
      s.want(["AAPL", "X"]),
      s.want(["A*", "Y"]),
      s.want(["AAPL", "Z"]),
      s.want(["*"]),
    ];
    s.add("AAPL");
    s.add("AAPL");
    const alone = one.frameAt(0, false);
    const kept = other.frameAt(0, false);
    assertStrictEquals(third.frameAt(0, false), kept);
    assertStrictEquals(all.frameAt(0, false), kept);
    assertEquals(alone.wsText, kept.wsText);
    assertEquals(s.counters.framesBuilt, 2);
    s.add("MSFT");
    assertEquals(idsOf(one.frameAt(0, false).body), [1, 2]);
    assertEquals(idsOf(all.frameAt(0, false).body), [1, 2, 3]);
  },
);

pure("a frame reads the same every time it is asked for, for sockets and event streams", () => {
  const s = scene();
  s.add("AAPL");
  s.miss();
  const [all] = [s.want(["*"])];
  const decoder = new TextDecoder();
  for (const from of [0, 1]) {
    const frame = all.frameAt(from, false);
    const texts = Array.from({ length: 3 }, () => frame.wsText);
    assertEquals(new Set(texts).size, 1);
    const [first, second, third, other] = ["c1", "c1", "c1", "c2"].map((cursor) =>
      decoder.decode(frame.sseBlock(cursor))
    );
    assertEquals([second, third], [first, first]);
    assertEquals(other, first?.replace("id: c1\n", "id: c2\n"));
    assertEquals(first?.endsWith("\n\n"), true);
  }
});

pure("a frame holds no more than its bound, a single event aside, and the next goes on behind it", () => {
  const s = scene();
  const all = s.want(["*"]);
  for (let n = 0; n < 4000; n++) s.add("AAPL");
  const seen: number[] = [];
  for (let at = 0; at < s.log.end;) {
    const frame = all.frameAt(at, false);
    assert(frame.body.length <= FRAME_MAX_BYTES + 2, `${frame.body.length} bytes`);
    seen.push(...idsOf(frame.body));
    at = frame.to;
  }
  assertEquals(seen, Array.from({ length: 4000 }, (_, n) => n + 1));
  s.add("AAPL", { conds: Array.from({ length: 200_000 }, () => 1) });
  assertEquals(all.frameAt(4000, false).count, 1);
});

pure("clients left behind at as many places as there are meet within a few frames", () => {
  const s = scene();
  const all = s.want(["*"]);
  const some = s.want(["AAPL"], ["price"]);
  for (let n = 0; n < 8_000; n++) s.add("AAPL");
  for (const selection of [all, some]) {
    let places = Array.from({ length: 60 }, (_, n) => n * 20);
    const built: number[] = [];
    for (let round = 0; round < 4; round++) {
      const before = s.counters.framesBuilt;
      places = places.map((place) => selection.frameAt(place, false).to);
      built.push(s.counters.framesBuilt - before);
      assert(new Set(places).size <= 4, `${new Set(places).size} places after ${round + 1}`);
    }
    assert(built.slice(1).every((count) => count <= 4), built.join());
  }
});

pure("what is found by remembered matches is what looking at everything finds, gaps in their place", () => {
  const symbol = fc.constantFrom("AAPL", "AMZN", "MSFT", "X:BTC-USD", "");
  const patterns = fc.subarray(["AAPL", "A*", "X:*", "MSFT", "NOPE"], { minLength: 1 });
  fc.assert(
    fc.property(
      fc.array(symbol, { maxLength: 60 }),
      patterns,
      fc.nat(60),
      fc.nat(60),
      (symbols, wanted, joinAt, forget) => {
        const s = scene();
        let selection: ReturnType<typeof s.want> | undefined;
        for (const [n, sym] of symbols.entries()) {
          if (n === joinAt) selection = s.want(wanted);
          if (sym === "") s.miss();
          else s.add(sym);
        }
        selection ??= s.want(wanted);
        selection.forget(Math.min(forget, s.log.end));
        const found: number[] = [];
        let gaps = 0;
        for (let at = 0; at < s.log.end;) {
          const frame = selection.frameAt(at, false);
          if (frame.gap === undefined) found.push(...idsOf(frame.body));
          else gaps++;
          at = frame.to;
        }
        const expected: number[] = [];
        for (let at = 0; at < s.log.end; at++) {
          const record = s.log.at(at);
          if (
            record?.missing === undefined && record !== undefined &&
            matchesPatterns(symbolPatterns(wanted), record.sym)
          ) expected.push(record.seq);
        }
        assertEquals([found, gaps], [expected, symbols.filter((sym) => sym === "").length]);
      },
    ),
  );
});

pure("fields are cut, in a frame of its own", () => {
  const s = scene();
  const [cut, all] = [s.want(["*"], ["price"]), s.want(["*"])];
  s.add("AAPL");
  assertEquals(Object.keys(JSON.parse(cut.frameAt(0, false).body)[0]), ["id", "type", "sym", "t", "price"]);
  assertEquals("size" in JSON.parse(all.frameAt(0, false).body)[0], true);
});

pure("no text of a symbol can pass for another subscription", () => {
  const key = (symbols: readonly string[]) =>
    selectionKey({ patterns: symbolPatterns(symbols), mode: "all", maxHz: undefined, fields: undefined }, 25);
  assertEquals(key(["A", "B"]), key(["B", "A", "A"]));
  const keys = [["A,B"], ["A", "B"], ['A","B'], ["A_B"], ["*"], ["A*"], ["A"]].map(key);
  assertEquals(new Set(keys).size, keys.length);
});

pure("the last to let a selection go ends it", () => {
  const s = scene();
  const [first, second] = [s.want(["AAPL"]), s.want(["AAPL"])];
  assertStrictEquals(first, second);
  s.index.release(first);
  assertEquals(s.index.size, 1);
  s.index.release(first);
  assertEquals(s.index.size, 0);
});
