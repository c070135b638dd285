import { assert, assertEquals } from "@std/assert";
import { silentLog } from "../../../src/feed/log.ts";
import type { UpstreamFrame } from "../../../src/ingest/wire/frame.ts";
import type { RecordFile } from "../../../src/ingest/record/record_file.ts";
import { recordLine } from "../../../src/ingest/record/record_line.ts";
import { RECORD_QUEUE_MAX_CHARS, RECORD_REST_MS, Recorder } from "../../../src/ingest/record/recorder.ts";
import { readReplayLine } from "../../../src/simulator/replay/replay_line.ts";
import { replayLines } from "../../../src/simulator/replay/replay_file.ts";
import { A_MONDAY } from "../../support/event_factory.ts";
import { ManualClock, settle } from "../../support/manual_clock.ts";
import { frameOf, wireBar, wireFairValue, wireTrade } from "../../support/wire_factory.ts";
import { startPipeline } from "../pipeline_harness.ts";

const pure = (name: string, fn: () => void | Promise<void>) => Deno.test({ name, permissions: "none", fn });
const status = { ev: "status", status: "success", message: "subscribed to: T.AAPL" };

pure("a line keeps elements as the texts they were, without statuses and what nobody could be sent", () => {
  const value = wireFairValue();
  assertEquals(recordLine(frameOf([value])), `{"at":${A_MONDAY + 20},"feed":"stocks","events":[${value}]}`);
  assertEquals(
    recordLine(frameOf([status, value, '{"sym":"A"}', "7"], { feed: "business" })),
    `{"at":${A_MONDAY + 20},"feed":"business","events":[${value}]}`,
  );
  assertEquals(recordLine(frameOf([status])), undefined);
  assertEquals(recordLine(frameOf([], { text: "no frame" })), undefined);
});

pure("a line is one the simulator can replay, whatever the frame was", () => {
  const frames: UpstreamFrame[] = [
    frameOf([wireTrade(), wireBar(), status]),
    frameOf([], { text: `${JSON.stringify(wireTrade(), null, 2)}` }),
    frameOf([], { text: `[${wireFairValue()},{"ev":"T"`, feed: "business" }),
    frameOf([{ ev: "XT", pair: "BTC-USD", p: 1, t: A_MONDAY }], { market: "crypto" }),
    frameOf([wireFairValue("X:BTC-USD")], { market: "crypto", feed: "business" }),
  ];
  for (const frame of frames) {
    const read = readReplayLine(recordLine(frame) ?? "");
    assert("frame" in read, "problem" in read ? read.problem : "");
  }
});

/** A disk in memory that can be told to be full. */
function memoryDisk() {
  const disk = { files: new Map<string, string>(), full: false };
  const open = (_dir: string, stem: string): Promise<RecordFile> => {
    if (disk.full) return Promise.reject(new Error("No space left on device"));
    disk.files.set(stem, disk.files.get(stem) ?? "");
    return Promise.resolve({
      write(text) {
        if (disk.full) return Promise.reject(new Error("No space left on device"));
        disk.files.set(stem, disk.files.get(stem) + text);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
  };
  return { disk, open };
}

pure("frames are written in batches, an hour a file", async () => {
  const clock = new ManualClock();
  const { disk, open } = memoryDisk();
  const recorder = new Recorder({ dir: "d", clock, log: silentLog, open });
  recorder.record(frameOf([wireTrade()]));
  recorder.record(frameOf([wireTrade({ i: "2" })], { rx: A_MONDAY + 3_600_000 }));
  await clock.advance(999);
  assertEquals(disk.files.size, 0);
  await clock.advance(1);
  assertEquals([...disk.files.keys()], ["2026-03-02T15", "2026-03-02T16"]);
  await recorder[Symbol.asyncDispose]();
  assertEquals([recorder.counts.recorded, clock.pending], [2, 0]);
});

pure("a full disk costs the recording: it rests, counts, and goes on when there is room", async () => {
  const clock = new ManualClock();
  const { disk, open } = memoryDisk();
  await using recorder = new Recorder({ dir: "d", clock, log: silentLog, open });
  disk.full = true;
  recorder.record(frameOf([wireTrade()]));
  await clock.advance(1000);
  recorder.record(frameOf([wireTrade()]));
  disk.full = false;
  await clock.advance(RECORD_REST_MS);
  recorder.record(frameOf([wireTrade()]));
  await clock.advance(1000);
  assertEquals(recorder.counts, { recorded: 1, leftOut: 2, failures: 1 });
});

pure("a disk that hangs holds up a bounded queue and nobody else", async () => {
  const clock = new ManualClock();
  const hang = Promise.withResolvers<void>();
  const file: RecordFile = { write: () => hang.promise, close: () => Promise.resolve() };
  const recorder = new Recorder({ dir: "d", clock, log: silentLog, open: () => Promise.resolve(file) });
  const frame = frameOf([], { text: `[${"x".repeat(1_000_000)}]` });
  recorder.record(frameOf([wireTrade()]));
  await clock.advance(1000);
  const fitting = Math.floor(RECORD_QUEUE_MAX_CHARS / frame.text.length);
  for (let n = 0; n < fitting + 5; n++) recorder.record(frame);
  await settle();
  assert(recorder.counts.leftOut >= 5);
  hang.resolve();
  await recorder[Symbol.asyncDispose]();
});

Deno.test("a recording replayed gives the same events, and files of one hour stand side by side", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const frames = Array.from({ length: 50 }, (_, n) =>
      frameOf([
        wireTrade({ i: String(n) }),
        wireBar({ ev: "AM", s: A_MONDAY + n * 60_000, e: A_MONDAY + n * 60_000 + 60_000 }),
        wireFairValue("AAPL", `${A_MONDAY + n}12345${n % 10}`),
        status,
      ], { rx: A_MONDAY + n }));
    for (const half of [frames.slice(0, 25), frames.slice(25)]) {
      const clock = new ManualClock();
      await using recorder = new Recorder({ dir, clock, log: silentLog });
      for (const frame of half) recorder.record(frame);
    }
    const names = ["2026-03-02T15.ndjson.gz", "2026-03-02T15-2.ndjson.gz"];
    const replayed: UpstreamFrame[] = [];
    for (const name of names) {
      for await (const { text } of replayLines(`${dir}/${name}`)) {
        const read = readReplayLine(text);
        assert("frame" in read);
        const elements = read.frame.events.map((event) => event.text);
        replayed.push(frameOf(elements, { rx: read.frame.at }));
      }
    }
    const outcomes = [];
    for (const input of [frames, replayed]) {
      await using h = await startPipeline();
      for (const frame of input) h.pipeline.accept(frame);
      await h.clock.advance(1000);
      const lists = await Promise.all(["tick", "minute", "fmv"].map(h.list));
      outcomes.push(lists.map((list) => list.map(({ id: _id, ...event }) => event)));
    }
    assertEquals(outcomes[1], outcomes[0]);
    assertEquals(outcomes[0]?.map((list) => list.length), [50, 50, 50]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
