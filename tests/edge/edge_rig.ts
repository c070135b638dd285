/** An edge on a memory store, with the hand of a writer: what tests of delivery run on. */
import { systemClock } from "../../src/feed/clock.ts";
import type { Clock, Random } from "../../src/feed/clock.ts";
import { ORIGIN, type Position } from "../../src/feed/cursor.ts";
import type { FeedEvent } from "../../src/feed/event.ts";
import { encodeEvent } from "../../src/feed/event_text.ts";
import { type Log, silentLog } from "../../src/feed/log.ts";
import type { EdgeSettings } from "../../src/feed/settings/settings.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { streamOfList, STREAMS, type StreamTable } from "../../src/feed/stream.ts";
import { createMemoryStore } from "../../src/store/memory/memory_store.ts";
import { MemoryState } from "../../src/store/memory/memory_state.ts";
import { type Edge, type EdgeOptions, startEdge } from "../../src/edge/start_edge.ts";

export const edgeSettings = (over: Partial<EdgeSettings> = {}): EdgeSettings => ({
  wsEnabled: true,
  wsMaxConnections: 1000,
  maxConnectionsPerIp: 1000,
  maxConnectionsPerToken: 1000,
  messagesPerSecond: 50,
  bytesPerSecond: 65_536,
  messageMaxBytes: 16 * 1024,
  maxSymbols: 2000,
  authTimeoutMs: 5000,
  headersMaxBytes: 16 * 1024,
  headersTimeoutMs: 5000,
  trustedProxies: [],
  memoryShedBytes: 0,
  adminPort: undefined,
  slowConsumerTimeoutMs: 1000,
  maxQueueFrames: 5,
  clientMaxBufferedBytes: 1024 * 1024,
  ringBytes: 64 * 1024 * 1024,
  pullLingerMs: 30_000,
  flushFloorMs: { tick: 10, minute: 100, fmv: 100 },
  authMode: "none",
  jwt: { secret: undefined, jwksUrl: undefined, issuer: undefined, audience: undefined, algorithms: [] },
  defaultTier: "premium",
  adminToken: undefined,
  privateStats: false,
  allowedOrigins: undefined,
  server: "deno",
  metricsBySymbol: false,
  ...over,
});

/** Appends to lists as ingest would, one writer for all. */
export class Writer {
  #fence = 0;
  #batch = 0;
  readonly heads = new Map<string, Position>();

  constructor(readonly store: FeedStore, readonly pullMs = 10, readonly streams: StreamTable = STREAMS) {}

  /** Appends events; returns the sequence number of the last. */
  async append(list: string, events: readonly FeedEvent[]): Promise<Position> {
    if (this.#fence === 0) this.#fence = (await this.store.takeLease("writer", 0, 60_000))?.fence ?? 0;
    const spec = this.streams.get(streamOfList(list));
    const reply = await this.store.append({
      list,
      capEvents: spec?.listCapEvents ?? 1000,
      fence: this.#fence,
      expected: this.heads.get(list) ?? ORIGIN,
      batch: `b${this.#batch++}`,
      bodies: events.map(encodeEvent),
      pullMs: this.pullMs,
    });
    if (reply.outcome !== "applied") throw new Error(`append was ${reply.outcome}`);
    const head = { epoch: reply.epoch, seq: reply.lastSeq };
    this.heads.set(list, head);
    return head;
  }
}

export interface Rig extends AsyncDisposable {
  readonly edge: Edge;
  readonly store: FeedStore;
  readonly writer: Writer;
  readonly clock: Clock;
}

export interface RigOptions {
  readonly settings?: Partial<EdgeSettings>;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly state?: MemoryState;
  readonly log?: Log;
  readonly streams?: StreamTable;
  readonly gate?: EdgeOptions["gate"];
  readonly pullMs?: number;
  readonly wrapStore?: (store: FeedStore) => FeedStore;
  readonly edgeId?: string;
  readonly memoryBytes?: () => number;
}

/** An edge that answers {@link Edge.fetch}; nothing listens until a test serves. */
export function edgeRig(options: RigOptions = {}): Rig {
  const clock = options.clock ?? systemClock;
  const state = options.state ?? new MemoryState(clock);
  const store = createMemoryStore(clock, state);
  const edge = startEdge({
    settings: { edge: edgeSettings(options.settings) },
    store: options.wrapStore?.(store) ?? store,
    clock,
    random: options.random ?? (() => 0.5),
    log: options.log ?? silentLog,
    edgeId: options.edgeId ?? "edge-1",
    version: "test",
    pages: new Map(),
    ...(options.streams && { streams: options.streams }),
    ...(options.gate && { gate: options.gate }),
    ...(options.memoryBytes && { memoryBytes: options.memoryBytes }),
  });
  return {
    edge,
    store,
    clock,
    writer: new Writer(store, options.pullMs, options.streams),
    async [Symbol.asyncDispose]() {
      await edge.drain();
      await store[Symbol.asyncDispose]();
    },
  };
}
