/** One upstream connection on a clock that stands still and a fake upstream. */
import { assertEquals } from "@std/assert";
import { UpstreamConnection } from "../../src/ingest/upstream/upstream_connection.ts";
import { FakePipeline } from "./fake_pipeline.ts";
import { FakeUpstream } from "./fake_upstream.ts";
import { ManualClock } from "./manual_clock.ts";
import { recordingLog } from "./recording_log.ts";

/** The connection and what is around it; disposing stops it and holds that no timer is left. */
export interface Rig extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly upstream: FakeUpstream;
  readonly pipeline: FakePipeline;
  readonly connection: UpstreamConnection;
  readonly logged: ReturnType<typeof recordingLog>["lines"];
  start(): Promise<void>;
  phase(): string;
}

/** One connection to a fake upstream; `random` decides the jitter (1: the longest wait). */
export function rig(topics: readonly string[] = ["A.AAPL", "T.AAPL"], random = () => 0.999): Rig {
  const clock = new ManualClock();
  const upstream = new FakeUpstream(clock);
  const pipeline = new FakePipeline();
  const { log, lines } = recordingLog();
  const spec = {
    id: "connection_1",
    name: "primary",
    feed: "realtime",
    market: "stocks",
    url: "ws://up/stocks",
    apiKey: "s3cret",
  } as const;
  const connection = new UpstreamConnection(spec, {
    clock,
    random,
    log,
    open: upstream.opener,
    accept: (frame) => pipeline.accept(frame),
    onChange: () => {},
  });
  connection.want(new Set(topics));
  const stop = new AbortController();
  let done = Promise.resolve();
  return {
    clock,
    upstream,
    pipeline,
    connection,
    logged: lines,
    async start() {
      done = connection.run(stop.signal);
      await clock.advance(200);
    },
    phase: () => connection.state.phase,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await clock.advance(2_000);
      await done;
      assertEquals(clock.pending, 0, "no timer is left behind");
    },
  };
}
