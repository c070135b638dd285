/**
 * A fault in the source of one stream changes no event of a stream that is not derived from it (invariant 4): the same
 * recording is replayed over three connections, one a stream, undisturbed and with one of them poisoned, flooded, stalled or killed.
 */
import { assert, assertEquals } from "@std/assert";
import { positionOfId } from "../../src/feed/cursor.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import type { Simulator } from "../../src/simulator/simulator_options.ts";
import { type SimulatedIngest, simulatedIngest, until } from "../support/simulated_ingest.ts";

const RECORDING = new URL("../../fixtures/replay/open_minute.ndjson.gz", import.meta.url).pathname;
const STREAMS = ["tick", "minute", "fmv"] as const;
/** Clock times replay: the ninety seconds take two. */
const SPEED = 5;
/** Trades in before the disturbance. */
const BEFORE = 300;

const ONE_STREAM_EACH = {
  USE_MULTI_CONNECTION: "true",
  DATA_FREQUENCIES: "tick,minute,fmv",
  TICK_EVENTS: "A,T",
  WEBSOCKET_CONNECTION_1_FREQUENCIES: "tick",
  WEBSOCKET_CONNECTION_2_ENABLED: "true",
  WEBSOCKET_CONNECTION_2_FREQUENCIES: "minute",
  WEBSOCKET_CONNECTION_3_ENABLED: "true",
  WEBSOCKET_CONNECTION_3_FREQUENCIES: "fmv",
};

/** Events of each stream as a reader of its list saw them, ids and receipt times left out. */
type Seen = ReadonlyMap<string, string[]>;

async function follow(store: FeedStore, seen: Seen, signal: AbortSignal): Promise<void> {
  const last = new Map<string, number>();
  for await (const { list } of store.hints(signal)) {
    const events = seen.get(list);
    if (events === undefined) continue;
    for (const element of (await store.readTail(list, 1_000)).elements) {
      const { id, rx: _rx, ...event } = JSON.parse(element);
      const { seq } = positionOfId(id);
      if (seq <= (last.get(list) ?? 0)) continue;
      assert(seq === (last.get(list) ?? 0) + 1, "this reader keeps up");
      last.set(list, seq);
      events.push(JSON.stringify(event));
    }
  }
}

/** What is done to a stream's connection in the middle of the replay. */
type Disturbance = (simulator: Simulator, connection: number) => void;

async function run(
  victim: string,
  disturb: Disturbance,
  complete: readonly string[],
  expected: Seen | undefined,
): Promise<Seen> {
  await using world: SimulatedIngest = await simulatedIngest(ONE_STREAM_EACH, {
    replay: { file: RECORDING, waitForFeeds: ["stocks", "business"] },
    speed: SPEED,
  });
  const seen: Seen = new Map(STREAMS.map((stream) => [stream, []]));
  const stop = new AbortController();
  const following = follow(world.store, seen, stop.signal);
  following.catch(() => {});
  await until("it is in full swing", () => (seen.get("tick")?.length ?? 0) > BEFORE);
  const { connections } = world.simulator.state();
  const prefix = { tick: "T.", minute: "AM.", fmv: "FMV." }[victim] ?? "";
  const source = connections.find((one) => one.subscriptions.some((pair) => pair.startsWith(prefix)));
  assert(source !== undefined);
  disturb(world.simulator, source.id);
  await world.simulator.replayDone;
  const enough = (stream: string) =>
    expected === undefined ? STREAM_EVENTS[stream] ?? 0 : expected.get(stream)?.length ?? 0;
  for (const stream of complete) {
    await until(`${stream} is whole`, () => (seen.get(stream)?.length ?? 0) >= enough(stream));
  }
  stop.abort();
  await following;
  return seen;
}

/** What the recording has of stocks. */
const STREAM_EVENTS: Readonly<Record<string, number>> = { tick: 2_647 + 827, minute: 13, fmv: 664 };

const DISTURBANCES: readonly (readonly [string, string, Disturbance])[] = [
  ["ticks are poisoned", "tick", (simulator, connection) => {
    for (let n = 0; n < 20; n++) simulator.control({ fault: "malformed", connection });
    simulator.control({ fault: "unknown_event", connection });
  }],
  ["ticks are flooded", "tick", (simulator) => {
    simulator.control({ fault: "minute_burst", symbols: 8_000, width: "second", within_ms: 2_000 });
  }],
  ["the ticks' connection stalls", "tick", (simulator, connection) => {
    simulator.control({ fault: "half_open", connection });
  }],
  [
    "the ticks' connection is killed",
    "tick",
    (simulator, connection) => simulator.control({ fault: "drop", connection }),
  ],
  ["minutes are flooded", "minute", (simulator) => {
    simulator.control({ fault: "minute_burst", symbols: 8_000, within_ms: 2_000 });
  }],
  ["the minutes' connection is killed", "minute", (simulator, connection) => {
    simulator.control({ fault: "drop", connection });
  }],
  [
    "the fair values' connection is killed",
    "fmv",
    (simulator, connection) => simulator.control({ fault: "drop", connection }),
  ],
];

let undisturbed: Promise<Seen> | undefined;
const baseline = () => undisturbed ??= run("tick", () => {}, STREAMS, undefined);

for (const [what, victim, disturb] of DISTURBANCES) {
  Deno.test(`when ${what}, the other streams deliver what they deliver in an undisturbed run`, async () => {
    const expected = await baseline();
    const others = STREAMS.filter((stream) => stream !== victim);
    const whole = what.includes("poisoned") ? STREAMS : others;
    const seen = await run(victim, disturb, whole, expected);
    for (const stream of others) assertEquals(seen.get(stream), expected.get(stream), stream);
    // Poison costs its own elements only; anything else must have shown in the stream it was meant for.
    if (what.includes("poisoned")) assertEquals(seen.get(victim), expected.get(victim));
    else assert(seen.get(victim)?.join() !== expected.get(victim)?.join(), "the disturbance was felt");
  });
}
