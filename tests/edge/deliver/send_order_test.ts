/** What goes first on one socket: control, signal, tick, minute, fmv, heatmap. */
import { assertEquals } from "@std/assert";
import type { FeedEvent } from "../../../src/feed/event.ts";
import { aFairValue, aHeatmap, aMinute, aSignal, aTrade } from "../../support/event_factory.ts";
import { sessionScene } from "../session_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

/** In the order of their priority. */
const ORDER = ["signal", "tick", "minute", "fmv", "heatmap"];
const ROUNDS = 10;

/** One event of each stream, the last in order first. */
const oneOfEach = (n: number): readonly (readonly [stream: string, event: FeedEvent])[] => [
  ["heatmap", aHeatmap({ hash: `h${n}` })],
  ["fmv", aFairValue({ t: n })],
  ["minute", aMinute({ t: n * 60_000, end: n * 60_000 + 60_000 })],
  ["tick", aTrade({ tid: String(n) })],
  ["signal", aSignal({ key: `k${n}` })],
];

pure(
  "streams that flush together go out in the order of their priority, and control before them all",
  async () => {
    await using s = sessionScene();
    const client = s.client("premium", ["heatmap", "fmv", "minute", "tick", "signal"]);
    client.say({ action: "subscribe", symbols: ["*"] });
    await s.clock.advance(500);
    for (let n = 0; n < ROUNDS; n++) {
      client.socket.read.length = 0;
      for (const [stream, event] of oneOfEach(n)) await s.rig.writer.append(stream, [event]);
      client.say({ action: "ping" });
      await s.clock.advance(1000);
      const sent = client.socket.read.map(({ type, stream }) => type === "events" ? stream : type);
      assertEquals(sent, ["pong", ...ORDER], `round ${n}`);
    }
  },
);
