import { assert, assertEquals, assertGreater, assertRejects, assertThrows } from "@std/assert";
import { systemClock } from "../../src/feed/clock.ts";
import { TickcastError } from "../../src/feed/error.ts";
import { silentLog } from "../../src/feed/log.ts";
import type { RecordedFeed } from "../../src/simulator/feed_path.ts";
import { arrayElements } from "../../src/simulator/replay/raw_json.ts";
import { replayLines } from "../../src/simulator/replay/replay_file.ts";
import { readReplayLine, type ReplayFrame } from "../../src/simulator/replay/replay_line.ts";
import type { SimulatorOptions } from "../../src/simulator/simulator_options.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { eventually, MassiveClient } from "../support/massive_client.ts";

const FIXTURE = new URL("../../fixtures/replay/open_minute.ndjson.gz", import.meta.url).pathname;
const SHARED = new URL("../../../shared/market/2013-10-07-open.ndjson.gz", import.meta.url).pathname;

const FEEDS: Readonly<Record<RecordedFeed, { path: string; pairs: string }>> = {
  stocks: { path: "/stocks", pairs: "T.*,A.*,AM.*" },
  business: { path: "/business/stocks", pairs: "FMV.*" },
  crypto: { path: "/crypto", pairs: "XT.*,XAS.*,XA.*" },
  "business/crypto": { path: "/business/crypto", pairs: "FMV.*" },
};

/** The frames of a file by feed. */
async function recorded(file: string): Promise<Map<RecordedFeed, ReplayFrame[]>> {
  const frames = new Map<RecordedFeed, ReplayFrame[]>();
  for await (const { text } of replayLines(file)) {
    const read = readReplayLine(text);
    assert("frame" in read);
    frames.set(read.frame.feed, [...frames.get(read.frame.feed) ?? [], read.frame]);
  }
  return frames;
}

/** Texts of a client's data events, as they were on the wire. */
const textsOf = (client: MassiveClient): string[] =>
  client.frames.flatMap((frame) => arrayElements(frame) ?? []).filter((text) =>
    !text.includes('"ev":"status"')
  );

async function written(lines: readonly string[], name = "recording.ndjson") {
  const dir = await Deno.makeTempDir();
  const file = `${dir}/${name}`;
  const body = new Blob([lines.join("\n")]).stream();
  await Deno.writeFile(file, name.endsWith(".gz") ? body.pipeThrough(new CompressionStream("gzip")) : body);
  return { file, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

const trade = (n: number) => `{"ev":"T","sym":"S${n % 3}","i":"${n}","p":1.50,"s":1,"t":${1000 + n}}`;
const line = (at: number, ...events: string[]) =>
  `{"at":${at},"feed":"stocks","events":[${events.join(",")}]}`;

function simulator(options: SimulatorOptions, clock: ManualClock) {
  return startSimulator(options, { clock, log: silentLog });
}

Deno.test("As fast as they read: every event of every feed arrives once, in order, text for text", async () => {
  const expected = await recorded(FIXTURE);
  // Without end: on a busy machine four subscriptions may take longer than the grace.
  const replay = { file: FIXTURE, settleMs: 50, waitForFeeds: [...expected.keys()] };
  await using running = await startSimulator({ replay, speed: 0 }, { clock: systemClock, log: silentLog });
  await using clients = new AsyncDisposableStack();
  const readers: [RecordedFeed, MassiveClient][] = [];
  for (const feed of expected.keys()) {
    const { path, pairs } = FEEDS[feed];
    readers.push([feed, clients.use(await MassiveClient.subscribed(`${running.url}${path}`, pairs))]);
  }
  const summary = await running.replayDone;
  let events = 0;
  for (const [feed, client] of readers) {
    await client.caughtUp();
    const texts = expected.get(feed)?.flatMap((frame) => frame.events.map((event) => event.text)) ?? [];
    assertGreater(texts.length, 20);
    assertEquals(textsOf(client), texts);
    events += texts.length;
  }
  assertEquals([readers.length, summary.events, summary.badLines], [4, events, 0]);
});

Deno.test("At N times the pace a frame comes when its time over N has passed, not before", async () => {
  await using recording = await written([
    line(5000, trade(1)),
    line(5100, trade(2)),
    line(6000, trade(3)),
    line(5900, trade(4)),
  ]);
  const clock = new ManualClock();
  await using running = await simulator({ replay: { file: recording.file, settleMs: 0 }, speed: 10 }, clock);
  await using client = await MassiveClient.subscribed(`${running.url}/stocks`, "T.*");
  const after = async (ms: number, count: number) => {
    await clock.advance(ms);
    await eventually(() => (running.state().connections[0]?.events ?? 0) >= count, `${count} events`);
    await client.caughtUp();
    assertEquals(textsOf(client).length, count);
  };
  await clock.advance(20);
  await eventually(() => running.state().events === 1, "the first frame");
  await after(9, 1);
  await after(1, 2);
  await after(89, 2);
  await after(1, 4);
  assertEquals(textsOf(client), [1, 2, 3, 4].map(trade));
});

/** Lets time pass until the condition holds: the file is read in real time, so no fixed step is sure to be enough. */
async function passing(clock: ManualClock, condition: () => boolean, what: string): Promise<void> {
  await eventually(() => {
    clock.advance(2);
    return condition();
  }, what);
}

Deno.test("It begins only when every feed of the recording is subscribed and the subscriptions are at rest", async () => {
  const business =
    '{"at":1001,"feed":"business","events":[{"ev":"FMV","sym":"S1","fmv":1,"t":1001000000123456789}]}';
  await using recording = await written([line(1000, trade(1)), business]);
  const clock = new ManualClock();
  await using running = await simulator({ replay: { file: recording.file, settleMs: 500 }, speed: 1 }, clock);
  await using ticks = await MassiveClient.subscribed(`${running.url}/stocks`, "A.*");
  await clock.advance(2000);
  assertEquals(running.state().events, 0);
  await using fair = await MassiveClient.subscribed(`${running.url}/business/stocks`, "FMV.*");
  await clock.advance(400);
  ticks.subscribe("T.*");
  await ticks.until(() => ticks.statuses.includes("success: subscribed to: T.*"), "the second subscription");
  await clock.advance(480);
  assertEquals(running.state().events, 0);
  await clock.advance(100);
  await passing(clock, () => running.state().events === 2, "both events");
  await fair.until(() => textsOf(fair).length === 1, "the fair value");
  assert(textsOf(fair)[0]?.includes("1001000000123456789"));
});

Deno.test("Feeds nobody wants are waited for no longer than the grace", async () => {
  const other = '{"at":1001,"feed":"crypto","events":[{"ev":"XT","pair":"BTC-USD","t":1}]}';
  await using recording = await written([line(1000, trade(1)), other]);
  const clock = new ManualClock();
  const replay = { file: recording.file, settleMs: 0, graceMs: 3000 };
  await using running = await simulator({ replay, speed: 1 }, clock);
  await using client = await MassiveClient.subscribed(`${running.url}/stocks`, "T.*");
  await clock.advance(2900);
  assertEquals(running.state().events, 0);
  await passing(clock, () => running.state().events === 1, "the trade");
  await client.until(() => textsOf(client).length === 1, "the trade");
});

Deno.test("Feeds asked for are waited for without end", async () => {
  await using recording = await written([line(1000, trade(1))]);
  const clock = new ManualClock();
  const replay = { file: recording.file, settleMs: 0, waitForFeeds: ["stocks", "business"] as const };
  await using running = await simulator({ replay, speed: 1 }, clock);
  await using _stocks = await MassiveClient.subscribed(`${running.url}/stocks`, "T.*");
  await clock.advance(600_000);
  assertEquals(running.state().events, 0);
  await using _business = await MassiveClient.subscribed(`${running.url}/business/stocks`, "FMV.*");
  await passing(clock, () => running.state().events === 1, "the trade");
});

Deno.test("Lines that can't be read are counted, told with their number, and skipped", async () => {
  await using recording = await written(
    [line(1, trade(1)), "{broken", "", '{"at":2,"feed":"nowhere","events":[]}', line(3, trade(2))],
    "recording.ndjson.gz",
  );
  await using running = await startSimulator({ replay: { file: recording.file, settleMs: 0 }, speed: 0 }, {
    clock: systemClock,
    log: silentLog,
  });
  await using client = await MassiveClient.subscribed(`${running.url}/stocks`, "T.*");
  assertEquals(await running.replayDone, {
    lines: 2,
    events: 2,
    badLines: 2,
    cutFiles: 0,
    problems: ["line 2: no JSON", "line 4: `feed` is none of stocks, business, crypto, business/crypto"],
  });
  await client.caughtUp();
  assertEquals(textsOf(client), [trade(1), trade(2)]);
});

Deno.test("At speed 0 the process around it can hold it back", async () => {
  await using recording = await written(
    Array.from(
      { length: 40 },
      (_, n) => line(n, ...Array.from({ length: 100 }, (_, i) => trade(n * 100 + i))),
    ),
  );
  let mayContinue = false;
  let asked = 0;
  await using running = await startSimulator({
    replay: { file: recording.file, settleMs: 0 },
    speed: 0,
    mayContinue: () => {
      asked++;
      return mayContinue;
    },
  }, { clock: systemClock, log: silentLog });
  await using client = await MassiveClient.subscribed(`${running.url}/stocks`, "T.*");
  await eventually(() => asked > 20, "the question");
  await client.caughtUp();
  const held = textsOf(client).length;
  assert(held > 0 && held <= 600, `${held}`);
  mayContinue = true;
  await running.replayDone;
  await client.caughtUp();
  assertEquals(textsOf(client), Array.from({ length: 4000 }, (_, n) => trade(n)));
});

Deno.test("At speed 0 a client that reads slowly is waited for, not cut", async () => {
  const events = Array.from({ length: 500 }, (_, n) => trade(n));
  await using recording = await written(Array.from({ length: 60 }, (_, n) => line(n, ...events)));
  await using running = await startSimulator(
    { replay: { file: recording.file, settleMs: 0 }, speed: 0, behaviour: { bufferLimitBytes: 400_000 } },
    { clock: systemClock, log: silentLog },
  );
  await using client = await MassiveClient.subscribed(`${running.url}/stocks`, "T.*");
  for (let n = 0; n < 10; n++) {
    client.pause();
    const paused = performance.now();
    await eventually(() => performance.now() - paused > 3, "a pause");
    client.resume();
    await client.caughtUp();
  }
  await running.replayDone;
  await client.caughtUp();
  assertEquals(textsOf(client).length, 30_000);
});

Deno.test("Made-up trades are never mixed into a recording", async () => {
  await using recording = await written([line(1, trade(1))]);
  await using running = await simulator({ replay: { file: recording.file }, speed: 1 }, new ManualClock());
  for (const fault of ["open_burst", "big_frame", "late_prints", "bad_element", "bare_object"]) {
    assertEquals(assertThrows(() => running.control({ fault }), TickcastError).code, "CONFLICT");
  }
});

Deno.test("A file that isn't there or is no gzip is said plainly", async () => {
  const failing = async (file: string) => {
    await using running = await startSimulator({
      replay: { file, waitForFeeds: ["stocks"], settleMs: 0 },
      speed: 0,
    }, {
      clock: systemClock,
      log: silentLog,
    });
    await using _client = await MassiveClient.subscribed(`${running.url}/stocks`, "T.*");
    return await assertRejects(() => running.replayDone, TickcastError, file);
  };
  assertEquals((await failing("/nowhere/at/all.ndjson")).code, "SETTINGS");
  await using plain = await written(["no gzip"], "plain.ndjson");
  await Deno.rename(plain.file, `${plain.file}.gz`);
  assertEquals((await failing(`${plain.file}.gz`)).code, "SETTINGS");
});

const hasShared = await Deno.stat(SHARED).then(() => true, () => false);

Deno.test({
  name: hasShared
    ? "The sixteen recorded minutes arrive whole: 32 534 trades, 2 256 second bars, 64 minute bars, 1 058 fair values"
    : `The sixteen recorded minutes (skipped: no ${SHARED})`,
  ignore: !hasShared,
  fn: async () => {
    const replay = { file: SHARED, settleMs: 50, waitForFeeds: ["stocks", "business"] as const };
    await using running = await startSimulator({ replay, speed: 0 }, { clock: systemClock, log: silentLog });
    await using stocks = await MassiveClient.subscribed(`${running.url}/stocks`, "T.*,A.*,AM.*");
    await using business = await MassiveClient.subscribed(`${running.url}/business/stocks`, "FMV.*");
    assertEquals(await running.replayDone, {
      lines: 18_410,
      events: 35_912,
      badLines: 0,
      cutFiles: 0,
      problems: [],
    });
    await Promise.all([stocks.caughtUp(), business.caughtUp()]);
    const counts = ["T", "A", "AM"].map((ev) => stocks.of(ev).length);
    assertEquals([...counts, business.of("FMV").length], [32_534, 2_256, 64, 1_058]);
    const expected = await recorded(SHARED);
    const texts = (feed: RecordedFeed) =>
      expected.get(feed)?.flatMap((frame) => frame.events.map((event) => event.text));
    assertEquals(textsOf(stocks), texts("stocks"));
    assertEquals(textsOf(business), texts("business"));
  },
});
