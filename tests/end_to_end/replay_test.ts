/** A recording goes in at the simulator's socket and comes out at three kinds of client: exactly once, in order, field for field. */
import { expectedStreams, readRecording } from "../support/expected_events.ts";
import { sharedRecording } from "../support/real_parts.ts";
import { assertSawAll } from "../support/replay_check.ts";
import { startRunning } from "../support/running.ts";
import { collectByPoll, collectBySse, collectByWebSocket } from "../support/stream_clients.ts";

const STREAMS = ["tick", "minute", "fmv"];
const fixture = new URL("../../fixtures/replay/open_minute.ndjson.gz", import.meta.url).pathname;

async function replay(
  market: "stocks" | "crypto",
  file: string,
  speed: number,
  deadlineMs: number,
): Promise<void> {
  const feeds = market === "stocks" ? ["stocks", "business"] : ["crypto", "business/crypto"];
  const expected = expectedStreams(await readRecording(file), feeds);
  await using running = await startRunning({
    SIMULATOR_REPLAY: file,
    SIMULATOR_SPEED: String(speed),
    MASSIVE_MARKETS: market,
  });
  const streams = STREAMS.filter((stream) => expected.has(stream));
  const origin = streams.map((stream) => `${stream}:0-0`).join(",");
  await using ws = collectByWebSocket(running.base, streams, origin);
  await using sse = collectBySse(running.base, streams, origin);
  await using poll = collectByPoll(running.base, streams, origin);
  await Promise.all([ws, sse, poll].map((client) => assertSawAll(client, expected, deadlineMs)));
}

for (const kind of ["stocks", "crypto"] as const) {
  Deno.test(`${kind} replayed at 20 times their speed reach a WebSocket, an SSE and a polling client whole`, () =>
    replay(kind, fixture, 20, 30_000));
}

const market = sharedRecording();
Deno.test({
  name:
    `16 minutes of a real market at 30 times their speed reach all three kinds of client whole${market.note}`,
  ignore: market.ignore,
  fn: () => replay("stocks", market.path, 30, 60_000),
});
