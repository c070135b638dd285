/**
 * Three upstream connections against one (B10), as ratios of one run: the same events over one socket or three, the way of one
 * frame from the upstream's write to the data path's end (aggregation overhead < 5 ms p99), and what opening a connection costs.
 * Real sockets on the loopback; the upstream is in the same process, so its writes are in both sides of each ratio.
 * Run: `deno bench -A bench/connections_bench.ts`.
 */
import { systemClock } from "../src/feed/clock.ts";
import { silentLog } from "../src/feed/log.ts";
import { STREAMS } from "../src/feed/stream.ts";
import { ConnectionManager } from "../src/ingest/manage/connection_manager.ts";
import { createPipeline } from "../src/ingest/channel/data_path.ts";
import type { Pipeline } from "../src/ingest/channel/pipeline.ts";
import { socketOpener } from "../src/ingest/upstream/upstream_socket.ts";
import { createMemoryStore } from "../src/store/memory/memory_store.ts";
import { frameOf, wireTrade } from "../tests/support/wire_factory.ts";
import { wsUpstream } from "../tests/support/ws_upstream.ts";
import { setImmediate } from "node:timers";
import type { WebSocket } from "ws";

const RUN_EVENTS = 6_000;
const FRAME_EVENTS = 20;

/** Answers as Massive does, at once. */
function serve(socket: WebSocket, open: (socket: WebSocket) => void): void {
  const say = (status: string, message: string) =>
    socket.send(JSON.stringify([{ ev: "status", status, message }]));
  socket.on("message", (data) => {
    const { action, params } = JSON.parse(String(data));
    if (action === "auth") return say("auth_success", "authenticated");
    for (const topic of params.split(",")) say("success", `subscribed to: ${topic}`);
    open(socket);
  });
  say("connected", "Connected Successfully");
}

interface Rig {
  readonly sockets: WebSocket[];
  readonly pipeline: Pipeline;
  readonly manager: ConnectionManager;
  stop(): Promise<void>;
}

async function rig(connections: number): Promise<Rig> {
  const sockets: WebSocket[] = [];
  const server = await wsUpstream((socket) => serve(socket, (open) => sockets.push(open)));
  const store = createMemoryStore(systemClock);
  const lease = await store.takeLease("bench", 0, 600_000);
  const pipeline = createPipeline({
    store,
    clock: systemClock,
    log: silentLog,
    streams: STREAMS,
    settings: { pullIntervalMs: 0.01, appendIntervalMs: 0, tickLists: 1, syntheticMinutes: false },
  });
  const manager = new ConnectionManager({
    clock: systemClock,
    random: () => 0.5,
    log: silentLog,
    open: socketOpener(systemClock),
    pipeline,
    upstream: { realtimeUrl: server.url, businessUrl: server.url, apiKey: "key" },
    tickEvents: ["T"],
    failoverEnabled: true,
  });
  for (let n = 0; n < connections; n++) {
    const id = `connection_${n + 1}`;
    manager.add({ id, name: id, feed: "realtime", market: "stocks", frequencies: ["tick"] });
    manager.placement.place("tick", `S${n}`, id);
  }
  const ending = new AbortController();
  const led = pipeline.lead(lease?.fence ?? 0, ending.signal);
  const ran = manager.run(ending.signal, undefined);
  const isUp = () => manager.connections.every((one) => one.state.phase === "streaming");
  while (!isUp()) await systemClock.sleep(1);
  return {
    sockets,
    pipeline,
    manager,
    async stop() {
      ending.abort();
      await Promise.all([led, ran]);
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

let serial = 0;
const frame = (connection: number, events: number) =>
  frameOf(Array.from({ length: events }, () => wireTrade({ sym: `S${connection}`, i: String(serial++) })))
    .text;

const eventsOf = (one: Rig) => one.manager.connections.reduce((sum, { stats }) => sum + stats.events, 0);

// One rig for both sides of a ratio: what a process has kept from earlier runs weighs on both alike.
const made = await rig(3);
let turn = 0;
for (const connections of [1, 3]) {
  Deno.bench({
    name: `${RUN_EVENTS} events over ${connections} of 3 sockets, appended`,
    group: "throughput",
    baseline: connections === 1,
    n: 20,
    warmup: 10,
    async fn(b) {
      const frames = Array.from(
        { length: RUN_EVENTS / FRAME_EVENTS },
        (_, n) => frame(n % connections, FRAME_EVENTS),
      );
      const before = eventsOf(made);
      b.start();
      for (const [n, text] of frames.entries()) made.sockets[n % connections]?.send(text);
      while (eventsOf(made) - before < RUN_EVENTS) await new Promise((resolve) => setImmediate(resolve));
      await made.pipeline.flush(new AbortController().signal);
      b.end();
    },
  });
  Deno.bench({
    name:
      `one event over ${connections} of 3 sockets in turn: written upstream → through the data path (p99 budget 5 ms)`,
    group: "latency",
    baseline: connections === 1,
    n: 500,
    warmup: 50,
    async fn(b) {
      const n = turn++ % connections;
      const text = frame(n, 1);
      const before = eventsOf(made);
      b.start();
      made.sockets[n]?.send(text);
      while (eventsOf(made) === before) await new Promise((resolve) => setImmediate(resolve));
      b.end();
    },
  });
}

for (const connections of [1, 3]) {
  Deno.bench({
    name: `${connections} connection${connections > 1 ? "s" : ""}: opened, subscribed and closed`,
    group: "cost of a connection",
    baseline: connections === 1,
    n: 10,
    warmup: 2,
    async fn() {
      const opened = await rig(connections);
      await opened.stop();
    },
  });
}
