/** What a slow client gets is what the stream's policy says, and when it counts as slow is what the operator set. */
import { assert, assertEquals } from "@std/assert";
import { TIER_FLUSH_MS } from "../../src/edge/follow/flush_interval.ts";
import { UNASKED_MAX_BYTES } from "../../src/edge/deliver/buffered_probe.ts";
import type { FeedEvent } from "../../src/feed/event.ts";
import { readSettings } from "../../src/feed/settings/read_settings.ts";
import { STREAM_SPECS } from "../../src/feed/stream.ts";
import { A_MONDAY, aFairValue, aHeatmap, aMinute, aSignal, aTrade } from "../support/event_factory.ts";
import { sessionScene } from "./session_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

interface Treatment {
  readonly gets: "the latest" | "everything";
  /** The n-th of events that would all become one. */
  readonly event: (n: number) => FeedEvent;
}

/** Bars and signals are kept up to the ring; of prices and pictures the latest is enough. */
const TREATMENTS: Readonly<Record<string, Treatment>> = {
  signal: { gets: "everything", event: (n) => aSignal({ t: A_MONDAY + n, key: "one" }) },
  tick: { gets: "the latest", event: (n) => aTrade({ t: A_MONDAY + n, tid: String(n) }) },
  minute: {
    gets: "everything",
    event: (n) => aMinute({ t: A_MONDAY + n * 60_000, end: A_MONDAY + n * 60_000 + 60_000 }),
  },
  fmv: { gets: "the latest", event: (n) => aFairValue({ t: A_MONDAY + n, ns: n }) },
  heatmap: { gets: "the latest", event: (n) => aHeatmap({ t: A_MONDAY + n, hash: `h${n}` }) },
};
const EVENTS = 14;

/** Large enough that what a client has not taken is asked for after it. */
const large = (event: FeedEvent): FeedEvent => ({ ...event, padding: "x".repeat(UNASKED_MAX_BYTES) });

pure("every stream has a treatment of its slow clients", () => {
  assertEquals(Object.keys(TREATMENTS), STREAM_SPECS.map(({ name }) => name));
});

for (const [stream, { gets, event }] of Object.entries(TREATMENTS)) {
  pure(`a slow client of ${stream} gets ${gets}, and every event is in it`, async () => {
    await using s = sessionScene({ settings: { slowConsumerTimeoutMs: 60_000 } });
    const client = s.client("premium", [stream]);
    client.say({ action: "subscribe", symbols: ["*"] });
    await s.clock.advance(200);
    client.socket.isStalled = true;
    for (let n = 0; n < EVENTS; n++) {
      await s.rig.writer.append(stream, [n === 0 ? large(event(n)) : event(n)]);
      await s.clock.advance(110);
    }
    client.socket.isStalled = false;
    client.socket.drain();
    await s.clock.advance(300);
    assertEquals(client.of("warning").map(({ code }) => code), ["SLOW_CONSUMER"]);
    const events = client.of("events").flatMap(({ events }) => Array.isArray(events) ? events : []);
    const counts = events.map(({ n }) => Number(n ?? 1));
    // The first went out before anybody knew.
    const wanted = gets === "everything" ? events.map(() => 1) : [1, EVENTS - 1];
    assertEquals(counts, wanted);
    assertEquals(counts.reduce((sum, count) => sum + count, 0), EVENTS);
  });
}

/** The edge's part of the settings that an environment comes to. */
function settingsOf(environment: Readonly<Record<string, string>>) {
  const reading = readSettings(environment, { signalThresholds: [], onDeploy: false });
  assert(reading.ok, "the settings are good");
  return reading.settings.edge;
}

for (const frames of [2, 5, 12]) {
  pure(
    `with WS_MAX_QUEUE_SIZE=${frames} a client is slow once ${frames} frames of a stream wait`,
    async () => {
      await using s = sessionScene({
        settings: {
          ...settingsOf({ WS_MAX_QUEUE_SIZE: String(frames), WS_SLOW_CONSUMER_TIMEOUT: "60" }),
          defaultTier: "premium",
        },
      });
      const client = s.client();
      client.say({ action: "subscribe", symbols: ["*"] });
      await s.clock.advance(50);
      client.socket.isStalled = true;
      const warned: number[] = [];
      for (let n = 0; n < 20; n++) {
        await s.rig.writer.append("tick", [n === 0 ? large(aTrade()) : aTrade({ tid: String(n) })]);
        await s.clock.advance(TIER_FLUSH_MS.premium);
        warned.push(s.rig.edge.counters.slowWarned);
      }
      // One is on its way to the client; those after it wait.
      assertEquals(warned.indexOf(1), frames, warned.join());
    },
  );
}
