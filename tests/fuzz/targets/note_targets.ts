/** Documents in Redis: what ingest and other edges report, saved folds, what lists remember for a new leader. */
import { assert } from "@std/assert";
import { EdgeNoteShape } from "../../../src/edge/report/health_edge_note.ts";
import { parseNote } from "../../../src/edge/report/health_notes.ts";
import { PlanReader } from "../../../src/edge/pull/plan_reader.ts";
import { ControlAnswer } from "../../../src/feed/control.ts";
import { FeedEvent } from "../../../src/feed/event.ts";
import { encodeEvent, stampBody } from "../../../src/feed/event_text.ts";
import { IngestHealth, PublishedPlan } from "../../../src/feed/health.ts";
import { silentLog } from "../../../src/feed/log.ts";
import { Dedupe } from "../../../src/ingest/channel/dedupe.ts";
import { readListMemory } from "../../../src/ingest/channel/dedupe_seed.ts";
import { listsOfStream } from "../../../src/feed/stream.ts";
import type { CheckpointSource } from "../../../src/signals/checkpoint.ts";
import { createHeatmapFold } from "../../../src/signals/heatmap/heatmap_fold.ts";
import { createSignalFold } from "../../../src/signals/signal_fold.ts";
import { createMemoryStore } from "../../../src/store/memory/memory_store.ts";
import { A_MONDAY, aMinute, aTrade } from "../../support/event_factory.ts";
import { anIngestHealth, aPlan } from "../../support/ingest_health_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

/** Each is a puller and a ring of its own. */
const LISTS_MAX = 1_000;

const plan: FuzzTarget = {
  name: "published plans",
  samples: [JSON.stringify(aPlan())],
  async hold(text) {
    const clock = new ManualClock(A_MONDAY);
    const store = createMemoryStore(clock);
    await store.writeNote("plan", text, undefined);
    using reader = new PlanReader(store, clock, silentLog);
    await reader.ensure();
    for (const stream of reader.streams() ?? []) {
      reader.knowsSymbol(stream, "AAPL");
      const lists = reader.peek()?.streams[stream]?.lists ?? 1;
      assert(listsOfStream(stream, lists).length <= LISTS_MAX, `${lists} lists`);
    }
  },
};

const notes: FuzzTarget = {
  name: "notes of ingest and edges",
  samples: [
    JSON.stringify(anIngestHealth()),
    JSON.stringify(aPlan()),
    '{"at":1,"edge":"e","version":"1","startedAt":1,"phase":"serving","connections":1,"messagesSent":1,"messages1m":1,"slowClosed":0,"lists":["tick"]}',
    '{"ok":true,"result":{"moved":[]}}',
    '{"ok":false,"code":"CONFLICT","message":"Cannot"}',
  ],
  hold(text) {
    for (const schema of [IngestHealth, PublishedPlan, EdgeNoteShape, ControlAnswer]) {
      const read = parseNote<unknown>(schema, text);
      // What was read is still read after it was said again.
      if (read !== undefined) assert(parseNote<unknown>(schema, JSON.stringify(read)) !== undefined);
    }
  },
};

const signalState = () => {
  const fold = createSignalFold();
  for (let n = 0; n < 7; n++) {
    fold.apply(aTrade({ tid: String(n), price: 100 + n, t: A_MONDAY + n * 1000 }));
    fold.apply(aMinute({ t: A_MONDAY + n * 60_000 }));
  }
  return savedText(fold.checkpoints);
};

const heatmapOptions = { symbols: ["AAPL"], windowMinutes: 390, intervalMinutes: 5 };
const heatmapState = () => {
  const fold = createHeatmapFold(heatmapOptions);
  for (let n = 0; n < 7; n++) fold.apply(aMinute({ t: A_MONDAY + n * 60_000 }));
  return savedText(fold.checkpoints);
};

/** The state a fold saves of its first symbol. */
function savedText(checkpoints: CheckpointSource): string {
  const [text] = checkpoints.whole().values();
  assert(text !== undefined);
  return text;
}

const folds: FuzzTarget = {
  name: "saved folds",
  samples: [signalState(), heatmapState()],
  hold(text) {
    const signals = createSignalFold();
    signals.restore(new Map([["AAPL", text]]));
    const heatmap = createHeatmapFold(heatmapOptions);
    heatmap.restore(new Map([["AAPL", text]]));
    const made: unknown[] = [];
    for (let n = 10; n < 13; n++) {
      const t = A_MONDAY + n * 60_000;
      made.push(...signals.apply(aTrade({ tid: String(n), t, price: 150 })));
      made.push(...signals.apply(aMinute({ t, close: 190, high: 190 })));
      heatmap.apply(aMinute({ t }));
      made.push(...heatmap.snapshots(t));
    }
    for (const event of made) assert(FeedEvent.safeParse(event).success, JSON.stringify(event).slice(0, 500));
  },
};

const memories: FuzzTarget = {
  name: "what lists remember for a new leader",
  samples: [
    stampBody("k3f9a0b1-1", encodeEvent(aTrade()).text),
    stampBody("k3f9a0b1-2", encodeEvent(aMinute()).text),
  ],
  async hold(text) {
    const head = { epoch: "k3f9a0b1", seq: 2, pullMs: 250 };
    const store = createMemoryStore(new ManualClock());
    const { signal } = new AbortController();
    const memory = await readListMemory(
      {
        ...store,
        readTail: () => Promise.resolve({ head, elements: [text] }),
        readLatest: () => Promise.resolve({ head, elements: [text] }),
      },
      "tick",
      1000,
      signal,
    );
    assert(memory.events.length + memory.latest.length + memory.unreadable >= 1);
    const dedupe = new Dedupe();
    for (const event of [...memory.latest, ...memory.events]) dedupe.seed(event);
  },
};

/** All of them. */
export const NOTE_TARGETS: readonly FuzzTarget[] = [plan, notes, folds, memories];
