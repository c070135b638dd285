/**
 * Three upstream connections against one (B10), as ratios of one run: the same events over one socket or three, the way of one
 * event from the upstream's write to the data path's end (what aggregation adds must stay under 5 ms at p99), and what a
 * connection costs to open and to hold. Both sides take turns, and medians are compared. Real sockets on the loopback; the upstream is in
 * the same process, so its writes are in both sides of each ratio.
 * Run: `deno run -A bench/connections.ts`. Exit code 1 when three connections carry less than 80 % of what one does, or add over 5 ms.
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
import { say } from "./rig/measured_service.ts";
import { wsUpstream } from "../tests/support/ws_upstream.ts";
import type { WebSocket } from "ws";

const RUN_EVENTS = 6_000;
const FRAME_EVENTS = 20;
const ROUNDS = 31;
const WARM_UP_ROUNDS = 10;
const LATENCY_ROUNDS = 1_000;
const ADDED_P99_MAX_MS = 5;
const THROUGHPUT_MIN_RATIO = 0.8;

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
  /** Called when the data path has handed events on. */
  forwarded: () => void;
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
    onForwarded: () => made.forwarded(),
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
  const made: Rig = {
    sockets,
    pipeline,
    manager,
    forwarded: () => {},
    async stop() {
      ending.abort();
      await Promise.all([led, ran]);
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
  return made;
}

let serial = 0;
const frame = (connection: number, events: number) =>
  frameOf(Array.from({ length: events }, () => wireTrade({ sym: `S${connection}`, i: String(serial++) })))
    .text;

const eventsOf = (one: Rig) => one.manager.connections.reduce((sum, { stats }) => sum + stats.events, 0);

/** Resolves when `one` has taken so many events. A look costs a turn of the loop, on both sides alike. */
function untilTaken(one: Rig, events: number): Promise<void> {
  return new Promise((resolve) => {
    const look = () => eventsOf(one) >= events ? resolve() : void setTimeout(look, 0);
    look();
  });
}

/** Events a second from the first write to the last append. */
async function throughput(one: Rig, connections: number): Promise<number> {
  const frames = Array.from(
    { length: RUN_EVENTS / FRAME_EVENTS },
    (_, n) => frame(n % connections, FRAME_EVENTS),
  );
  const before = eventsOf(one);
  const startMs = performance.now();
  for (const [n, text] of frames.entries()) one.sockets[n % connections]?.send(text);
  await untilTaken(one, before + RUN_EVENTS);
  await one.pipeline.flush(new AbortController().signal);
  return RUN_EVENTS * 1000 / (performance.now() - startMs);
}

/** From the upstream's write of one event to its hand-over to the appender, in ms. */
async function latency(one: Rig, connection: number): Promise<number> {
  const text = frame(connection, 1);
  const taken = Promise.withResolvers<number>();
  const startMs = performance.now();
  one.forwarded = () => taken.resolve(performance.now() - startMs);
  one.sockets[connection]?.send(text);
  return await taken.promise;
}

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;

const spread = (values: readonly number[], digits: number): string =>
  `${quantile(values, 0.5).toFixed(digits)} [${quantile(values, 0.1).toFixed(digits)}…${
    quantile(values, 0.9).toFixed(digits)
  }]`;

async function alternate(rounds: number, warmUp: number, run: (connections: 1 | 3) => Promise<number>) {
  const of = { 1: [] as number[], 3: [] as number[] };
  for (let n = 0; n < rounds + warmUp; n++) {
    for (const connections of n % 2 === 0 ? [1, 3] as const : [3, 1] as const) {
      const value = await run(connections);
      if (n >= warmUp) of[connections].push(value);
    }
  }
  return of;
}

/** What opening and holding costs: ms until all stream, KiB of heap each. */
async function costs(): Promise<void> {
  const opened = await alternate(9, 2, async (connections) => {
    const startMs = performance.now();
    const one = await rig(connections);
    const tookMs = performance.now() - startMs;
    await one.stop();
    return tookMs;
  });
  say(`opened and streaming: 1 in ${spread(opened[1], 1)} ms, 3 in ${spread(opened[3], 1)} ms`);
}

// One rig for both sides of a ratio: what a process has kept from earlier runs weighs on both alike.
const made = await rig(3);
const rates = await alternate(ROUNDS, WARM_UP_ROUNDS, (connections) => throughput(made, connections));
const ratio = quantile(rates[3], 0.5) / quantile(rates[1], 0.5);
say(
  `throughput, events/s: 1 connection ${spread(rates[1], 0)}, 3 connections ${spread(rates[3], 0)}: ${
    ratio.toFixed(2)
  }x`,
);
let turn = 0;
const ways = await alternate(LATENCY_ROUNDS, 50, (connections) => latency(made, turn++ % connections));
const added = quantile(ways[3], 0.99) - quantile(ways[1], 0.99);
say(
  `one event, ms: 1 connection p50 ${quantile(ways[1], 0.5).toFixed(2)} p99 ${
    quantile(ways[1], 0.99).toFixed(2)
  }, ` +
    `3 connections p50 ${quantile(ways[3], 0.5).toFixed(2)} p99 ${quantile(ways[3], 0.99).toFixed(2)}: ` +
    `aggregation adds ${added.toFixed(2)} ms at p99`,
);
await made.stop();
await costs();
Deno.exit(ratio < THROUGHPUT_MIN_RATIO || added > ADDED_P99_MAX_MS ? 1 : 0);
