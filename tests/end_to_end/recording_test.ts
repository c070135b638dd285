/**
 * What ingest records: a recording of a replay is that replay again, event for event; a killed process costs the last second;
 * a full disk costs the recording and nothing of the stream.
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { arrayElements, objectMembers } from "../../src/simulator/replay/raw_json.ts";
import { replayLines } from "../../src/simulator/replay/replay_file.ts";
import { expectedStreams, readRecording, withoutStamps } from "../support/expected_events.ts";
import { startProcess } from "../support/processes.ts";
import { assertSawAll } from "../support/replay_check.ts";
import { startRunning } from "../support/running.ts";
import { collectByPoll, collectByWebSocket } from "../support/stream_clients.ts";
import { until } from "../support/until.ts";

const STREAMS = ["tick", "minute", "fmv"];
const DEADLINE_MS = 30_000;
const fixture = new URL("../../fixtures/replay/open_minute.ndjson.gz", import.meta.url).pathname;

async function folder() {
  const dir = await Deno.makeTempDir();
  return { dir, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

/** The events of a recording as the texts they are, by feed, in their order; and how many of its files have no end. */
async function recorded(path: string): Promise<{ feeds: Map<string, string[]>; cut: number }> {
  const feeds = new Map<string, string[]>();
  let cut = 0;
  for await (const { text } of replayLines(path, () => cut++)) {
    const members = objectMembers(text);
    const feed = JSON.parse(members?.get("feed") ?? '""');
    const events = feeds.get(feed) ?? [];
    events.push(...arrayElements(members?.get("events") ?? "") ?? []);
    feeds.set(feed, events);
  }
  return { feeds, cut };
}

for (const market of ["stocks", "crypto"] as const) {
  const feeds = market === "stocks" ? ["stocks", "business"] : ["crypto", "business/crypto"];

  /** Replays, records, and gives what a client saw. */
  const replayed = async (file: string, speed: number, recordDir: string) => {
    const expected = expectedStreams(await readRecording(fixture), feeds);
    await using running = await startRunning({
      SIMULATOR_REPLAY: file,
      SIMULATOR_SPEED: String(speed),
      MASSIVE_MARKETS: market,
      RECORD_DIR: recordDir,
    });
    const streams = STREAMS.filter((stream) => expected.has(stream));
    await using client = collectByWebSocket(
      running.base,
      streams,
      streams.map((stream) => `${stream}:0-0`).join(","),
    );
    await assertSawAll(client, expected, DEADLINE_MS);
    return streams.map((stream) => client.seen.get(stream)?.events.map(withoutStamps));
  };

  Deno.test(`a recording made from a replay of ${market} is the same replay again, event for event, and so is one of that`, async () => {
    await using first = await folder();
    await using second = await folder();
    const original = await replayed(fixture, 90, first.dir);
    // Recorded times are those of the replay: its pace is now the recording's own.
    const again = await replayed(first.dir, 1, second.dir);
    assertEquals(again, original);
    const source = (await recorded(fixture)).feeds;
    for (const { dir } of [first, second]) {
      const { feeds: written, cut } = await recorded(dir);
      assertEquals(cut, 0);
      assertEquals([...written.keys()].sort(), feeds.toSorted());
      for (const feed of feeds) assertEquals(written.get(feed), source.get(feed), `${dir} ${feed}`);
    }
  });
}

const filesOf = async (dir: string): Promise<string[]> => {
  const names = await Array.fromAsync(Deno.readDir(dir), ({ name }) => name).catch(() => []);
  return names.sort();
};

Deno.test("a killed process leaves its recording readable but for the last second, and the next one goes on in a file of its own", async () => {
  await using here = await folder();
  const environment = { RECORD_DIR: here.dir, SIMULATOR_RATE: "200", TICK_EVENTS: "T" };
  const count = async () => [...(await recorded(here.dir)).feeds.values()].flat().length;
  const files = await (async () => {
    await using killed = await startProcess({ environment });
    await until(
      async () => (await filesOf(here.dir)).length > 0 && await count() > 500,
      "three batches are on the disk",
    );
    killed.kill("SIGKILL");
    await killed.status;
    return await filesOf(here.dir);
  })();
  const before = await count();
  assertEquals((await recorded(here.dir)).cut, 1);
  {
    await using _next = await startProcess({ environment });
    await until(
      async () => (await filesOf(here.dir)).length > files.length && await count() > before + 200,
      "it records",
    );
  }
  // The killed one's file is as it was; what was stopped cleanly has its end.
  const { feeds, cut } = await recorded(here.dir);
  assertEquals(cut, 1);
  const events = [...feeds.values()].flat();
  assertGreater(events.length, before + 200);
  for (const event of events) assert(JSON.parse(event).ev !== undefined, event);
});

/** A command with a disk of 64 kB at `RECORD_DIR`, on machines that let one be made. */
const smallDisk = (
  command: string,
) => ["-rm", "sh", "-c", `mount -t tmpfs -o size=64k tmpfs "$RECORD_DIR" && exec ${command}`];
const canMount = await new Deno.Command("unshare", {
  args: smallDisk("true"),
  env: { RECORD_DIR: Deno.makeTempDirSync() },
  stderr: "null",
}).output().then(({ success }) => success, () => false);

Deno.test({
  name: `a full disk costs the recording, said once a minute, and not one event of the stream${
    canMount ? "" : " (skipped: no small disk can be mounted here)"
  }`,
  ignore: !canMount,
  async fn() {
    await using here = await folder();
    await using full = await startProcess({
      environment: { RECORD_DIR: here.dir, SIMULATOR_RATE: "800", TICK_EVENTS: "T" },
      deno: "unshare",
      command: smallDisk(`${Deno.execPath()} run --quiet --no-prompt -A main.ts`),
    });
    await using client = collectByPoll(full.base, ["tick"], "tick:0-0");
    const isFull = () => full.log.filter((line) => line.message === "recording_failed");
    await until(() => isFull().length > 0, "the disk is full");
    const seen = () => client.seen.get("tick")?.events ?? [];
    const atFull = seen().length;
    await client.until((all) => (all.get("tick")?.events.length ?? 0) > atFull + 2_000, DEADLINE_MS);
    assertEquals(client.seen.get("tick")?.gaps, []);
    const sequence = seen().map((event) => Number(String(event.id).split("-")[1]));
    assertEquals(sequence, sequence.map((_, n) => n + 1));
    assertEquals(isFull().length, 1);
    assert(/No space left|ENOSPC|os error 28/.test(String(isFull()[0]?.error)), String(isFull()[0]?.error));
  },
});
