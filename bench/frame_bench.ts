/**
 * Building frames, against `performance.md`: a frame is built once per distinct subscription and shared. At 3 500 events/s
 * and 40 flushes a second a frame holds 88 events, so that building all of them must stay far below a core:
 *
 * - 88 events, everybody: ≤ 20 µs (40 a second: 0.1 % of a core), and 0 for each further follower;
 * - 1 000 followers at one place: ≤ 0.4 ms a flush beside their sends;
 * - 1 000 different filters over 100 symbols: ≤ 15 ms a flush (2x a shared frame's sends);
 * - matching an event against 1 000 filters: ≤ 2 µs where ten want it;
 * - merging 1 000 second bars of 100 symbols: ≤ 10 ms.
 */
import { systemClock } from "../src/feed/clock.ts";
import { encodeEvent, stampBody } from "../src/feed/event_text.ts";
import { symbolPatterns } from "../src/feed/symbol.ts";
import { Conflator } from "../src/edge/follow/conflation.ts";
import { EdgeCounters } from "../src/edge/edge_counters.ts";
import type { LogRecord } from "../src/edge/pull/log_record.ts";
import { RingBudget } from "../src/edge/pull/ring_budget.ts";
import { FrameShare } from "../src/edge/follow/frame_share.ts";
import { SelectionIndex } from "../src/edge/follow/selection_index.ts";
import { StreamLog } from "../src/edge/pull/stream_log.ts";
import { aSecond, aTrade } from "../tests/support/event_factory.ts";

const EPOCH = "k3f9a0b1";
const SYMBOLS = Array.from({ length: 100 }, (_, n) => `SYM${String(n).padStart(3, "0")}`);

function record(seq: number, bar = false): LogRecord {
  const sym = SYMBOLS[seq % 100] ?? "A";
  const t = 1_772_463_600_000 + Math.floor(seq / 100) * 1000;
  const event = bar ? aSecond({ sym, t, end: t + 1000 }) : aTrade({ sym, t, tid: String(seq) });
  const text = stampBody(`${EPOCH}-${seq}`, encodeEvent(event).text);
  return { list: 0, epoch: EPOCH, seq, text, type: event.type, sym, t, late: false, missing: undefined };
}

function scene(filters: readonly (readonly string[])[]) {
  const log = new StreamLog(["tick"], 1000, new RingBudget(1e9));
  log.begin(0, { epoch: EPOCH, seq: 0 });
  const index = new SelectionIndex({
    name: "tick",
    log,
    byKey: false,
    counters: new EdgeCounters(systemClock),
    share: new FrameShare(),
  });
  const selections = filters.map((symbols, n) =>
    index.hold(
      { patterns: symbolPatterns(symbols), mode: "all", maxHz: undefined, fields: undefined },
      25 + n,
    )
  );
  for (let seq = 1; seq <= 88; seq++) {
    log.append(record(seq));
    index.note(SYMBOLS[seq % 100] ?? "A", seq - 1);
  }
  return { log, index, selections };
}

const everybody = scene([["*"]]);
Deno.bench("a frame of 88 events for everybody", () => {
  const [selection] = everybody.selections;
  selection?.dropFrames();
  void selection?.frameAt(0, false).wsText.length;
});

Deno.bench("the same frame for 1 000 followers", () => {
  const [selection] = everybody.selections;
  selection?.dropFrames();
  let chars = 0;
  for (let n = 0; n < 1000; n++) chars += selection?.frameAt(0, false).bytes ?? 0;
  if (chars === 0) throw new Error("nothing built");
});

const various = scene(
  Array.from(
    { length: 1000 },
    (_, n) => SYMBOLS.filter((_, k) => (k * 7 + n) % 2 === 0 || k === n % 100).concat(`U${n}`),
  ),
);
Deno.bench("frames of 88 events for 1 000 different filters, each wanting half", () => {
  for (const selection of various.selections) {
    selection.dropFrames();
    void selection.frameAt(0, false).wsText.length;
  }
});

const narrow = scene(Array.from({ length: 1000 }, (_, n) => [SYMBOLS[n % 100] ?? "A", `U${n}`]));
let offset = 1000;
Deno.bench("matching one event against 1 000 filters, ten of which want it", () => {
  narrow.index.note(SYMBOLS[offset % 100] ?? "A", offset++);
});

const bars = Array.from({ length: 1000 }, (_, n) => record(n + 1, true));
Deno.bench("merging 1 000 second bars of 100 symbols", () => {
  const conflator = new Conflator(false);
  for (const bar of bars) conflator.add(bar);
  if (conflator.finish().texts.length !== 100) throw new Error("not merged");
});
