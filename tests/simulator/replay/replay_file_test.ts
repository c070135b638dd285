/** Recordings as they are found on a disk: folders of hours, files without their end, files joined. */
import { constants, createGzip, gzipSync } from "node:zlib";
import { assertEquals, assertRejects } from "@std/assert";
import { systemClock } from "../../../src/feed/clock.ts";
import { TickcastError } from "../../../src/feed/error.ts";
import { arrayElements } from "../../../src/simulator/replay/raw_json.ts";
import { replayLines } from "../../../src/simulator/replay/replay_file.ts";
import { startSimulator } from "../../../src/simulator/start_simulator.ts";
import { MassiveClient } from "../../support/massive_client.ts";
import { recordingLog } from "../../support/recording_log.ts";

const trade = (n: number) => `{"ev":"T","sym":"S${n % 3}","i":"${n}","p":1.50,"s":1,"t":${1000 + n}}`;
const line = (at: number, ...events: string[]) =>
  `{"at":${at},"feed":"stocks","events":[${events.join(",")}]}`;

/** A folder for one test. */
async function folder() {
  const dir = await Deno.makeTempDir();
  return { dir, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

/** A gzip as a process leaves it that was killed while it wrote: batches flushed, a half line, no end. */
async function cutGzip(file: string, lines: readonly string[]): Promise<void> {
  const gzip = createGzip();
  const parts: Uint8Array[] = [];
  gzip.on("data", (bytes: Uint8Array) => parts.push(bytes));
  gzip.write(lines.join("\n"));
  await new Promise<void>((resolve) => gzip.flush(constants.Z_SYNC_FLUSH, () => resolve()));
  gzip.destroy();
  await Deno.writeFile(file, new Blob(parts.map((part) => new Uint8Array(part))).stream());
}

Deno.test("A folder is replayed hour by hour in the order it was written, and a file without its end as far as it goes", async () => {
  await using here = await folder();
  const { dir } = here;
  const hours: [string, readonly string[]][] = [
    ["2026-03-02T15", [line(1, trade(1)), line(2, trade(2)), line(3, trade(3)).slice(0, 40)]],
    ["2026-03-02T15-2", [line(4, trade(4)), ""]],
    ["2026-03-02T15-10", [line(5, trade(5)), ""]],
    ["2026-03-02T16", [line(6, trade(6))]],
  ];
  for (const [name, lines] of hours) await cutGzip(`${dir}/${name}.ndjson.gz`, lines);
  await Deno.writeTextFile(`${dir}/notes.txt`, "not a recording");
  const cut: string[] = [];
  const texts: string[] = [];
  for await (const { text } of replayLines(dir, (file) => cut.push(file))) texts.push(text);
  assertEquals(texts, hours.flatMap(([, lines]) => lines.filter((text) => text !== "")));
  assertEquals(cut, hours.map(([name]) => `${dir}/${name}.ndjson.gz`));
  const { log, lines } = recordingLog();
  await using running = await startSimulator({ replay: { file: dir, settleMs: 0 }, speed: 0 }, {
    clock: systemClock,
    log,
  });
  await using client = await MassiveClient.subscribed(`${running.url}/stocks`, "T.*");
  const { events, badLines, cutFiles } = await running.replayDone;
  assertEquals({ events, badLines, cutFiles }, { events: 5, badLines: 1, cutFiles: 4 });
  await client.caughtUp();
  const seen = client.frames.flatMap((frame) => arrayElements(frame) ?? []);
  assertEquals(seen.filter((text) => !text.includes('"ev":"status"')), [1, 2, 4, 5, 6].map(trade));
  assertEquals(lines.filter((one) => one.event === "simulator_replay_cut").length, 4);
});

Deno.test("Recordings joined with cat are one recording, and one cut anywhere gives every whole line before the cut", async () => {
  const lines = Array.from({ length: 3000 }, (_, n) => line(n, trade(n)));
  await using here = await folder();
  const file = `${here.dir}/whole.ndjson.gz`;
  const whole = gzipSync(lines.join("\n"));
  const read = async (bytes: Uint8Array) => {
    await Deno.writeFile(file, bytes);
    let cuts = 0;
    const texts: string[] = [];
    for await (const { text } of replayLines(file, () => cuts++)) texts.push(text);
    return { cuts, texts };
  };
  const twice = await read(new Uint8Array([...whole, ...whole]));
  // The last line of the first has no end of its own: `cat` joins it with the next.
  assertEquals([twice.cuts, twice.texts.length], [0, 5999]);
  for (let size = 20; size < whole.length; size += 997) {
    const { cuts, texts } = await read(whole.subarray(0, size));
    assertEquals(cuts, 1, `${size} bytes`);
    assertEquals(texts.slice(0, -1), lines.slice(0, Math.max(0, texts.length - 1)), `${size} bytes`);
  }
});

Deno.test("A folder without a recorded hour is said plainly", async () => {
  await using here = await folder();
  const { dir } = here;
  await assertRejects(
    async () => {
      for await (const _line of replayLines(dir));
    },
    TickcastError,
    "Cannot replay a folder as it holds no recorded hour",
  );
});
