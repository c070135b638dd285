/** A recording goes in at the simulator's socket and comes out at three kinds of client: exactly once, in order, field for field. */
import { expectedStreams, readRecording } from "../support/expected_events.ts";
import { sharedRecording } from "../support/real_parts.ts";
import { assertSawAll } from "../support/replay_check.ts";
import { startRunning } from "../support/running.ts";
import { collectByPoll, collectBySse, collectByWebSocket } from "../support/stream_clients.ts";

const STREAMS = ["tick", "minute", "fmv"];
const fixture = new URL("../../fixtures/replay/open_minute.ndjson", import.meta.url).pathname;

async function replay(file: string, speed: number, deadlineMs: number): Promise<void> {
  const expected = expectedStreams(await readRecording(file));
  await using running = await startRunning({
    SIMULATOR_REPLAY: file,
    SIMULATOR_SPEED: String(speed),
    MASSIVE_MARKETS: "stocks",
  });
  const streams = STREAMS.filter((stream) => expected.has(stream));
  const origin = streams.map((stream) => `${stream}:0-0`).join(",");
  await using ws = collectByWebSocket(running.base, streams, origin);
  await using sse = collectBySse(running.base, streams, origin);
  await using poll = collectByPoll(running.base, streams, origin);
  await Promise.all([ws, sse, poll].map((client) => assertSawAll(client, expected, deadlineMs)));
}

Deno.test("a recording replayed at 20 times its speed reaches a WebSocket, an SSE and a polling client whole", () =>
  replay(fixture, 20, 30_000));

const market = sharedRecording();
Deno.test({
  name:
    `16 minutes of a real market at 30 times their speed reach all three kinds of client whole${market.note}`,
  ignore: market.ignore,
  fn: () => replay(market.path, 30, 60_000),
});
