/**
 * The stream table: what a stream is, said once. A new stream is one line here (and, for a derived one, its fold in
 * `src/signals/`); lists, channels, rings, health and routes are all made from this table.
 */

/** How one stream behaves from the ingest queue to the client. */
export interface StreamSpec {
  readonly name: string;
  /** Event types that may stand in it, `gap` aside. */
  readonly eventTypes: readonly string[];
  /** What its Redis list holds at most. */
  readonly listCapEvents: number;
  /** Lower is sent first on one socket (signal, tick, minute, fmv, heatmap; control goes before all). */
  readonly sendPriority: number;
  /** Lower is worked on first in ingest when resources are short. */
  readonly workPriority: number;
  /** The channel's hand-over to the appender: after so many events … */
  readonly batchEvents: number;
  /** … or so long after the first of them. */
  readonly batchTimeLimitMs: number;
  /** Events a channel holds before its overflow policy applies. */
  readonly queueCapEvents: number;
  /** Over the cap: keep the newest per (type, symbol), or refuse the newest; either way told by a `gap` event. */
  readonly overflow: "conflate" | "drop";
  /** Least time between two flushes to one client; the tier's own floor may be longer. */
  readonly flushFloorMs: number;
  /** Under pressure from a slow client: merge to the latest, or keep everything up to the ring and then tell the gap. */
  readonly slowClient: "conflate" | "keep";
  /** What makes two events of it the same thing for `latest`: (type, sym), or the signal's `key`. */
  readonly latestKey: "symbol" | "key";
  /** Computed here rather than received: `tick`, `minute` and `fmv` are received. */
  readonly derived: boolean;
  /** A subscription is answered with a snapshot even when it was not asked for. */
  readonly snapshotAlways: boolean;
}

const common = {
  listCapEvents: 1000,
  queueCapEvents: 10_000,
  latestKey: "symbol",
  derived: false,
  snapshotAlways: false,
} as const;

/** Every stream, in the order they are sent on one socket. */
export const STREAM_SPECS: readonly StreamSpec[] = [
  {
    ...common,
    name: "signal",
    eventTypes: ["signal"],
    sendPriority: 0,
    workPriority: 0,
    batchEvents: 1,
    batchTimeLimitMs: 10,
    overflow: "drop",
    flushFloorMs: 10,
    slowClient: "keep",
    latestKey: "key",
    derived: true,
  },
  {
    ...common,
    name: "tick",
    eventTypes: ["trade", "second"],
    sendPriority: 1,
    workPriority: 1,
    batchEvents: 1,
    batchTimeLimitMs: 10,
    overflow: "conflate",
    flushFloorMs: 10,
    slowClient: "conflate",
  },
  {
    ...common,
    name: "minute",
    eventTypes: ["minute"],
    sendPriority: 2,
    workPriority: 2,
    batchEvents: 100,
    batchTimeLimitMs: 100,
    overflow: "drop",
    flushFloorMs: 100,
    slowClient: "keep",
  },
  {
    ...common,
    name: "fmv",
    eventTypes: ["fmv"],
    sendPriority: 3,
    workPriority: 3,
    batchEvents: 50,
    batchTimeLimitMs: 500,
    overflow: "conflate",
    flushFloorMs: 100,
    slowClient: "conflate",
  },
  {
    ...common,
    name: "heatmap",
    eventTypes: ["heatmap"],
    listCapEvents: 200,
    sendPriority: 4,
    workPriority: 4,
    batchEvents: 10,
    batchTimeLimitMs: 100,
    overflow: "conflate",
    flushFloorMs: 100,
    slowClient: "conflate",
    derived: true,
    snapshotAlways: true,
  },
];

/** Streams by name. Rooms take a table as a parameter where a test adds one of its own. */
export type StreamTable = ReadonlyMap<string, StreamSpec>;

/** A table of the given specs. */
export const streamTable = (specs: readonly StreamSpec[]): StreamTable =>
  new Map(specs.map((spec) => [spec.name, spec]));

/** The table the product runs on. */
export const STREAMS: StreamTable = streamTable(STREAM_SPECS);

/** Names of the upstream frequencies: the streams that are received rather than derived. */
export const FREQUENCIES = ["tick", "minute", "fmv"] as const;
/** One of {@link FREQUENCIES}. */
export type Frequency = (typeof FREQUENCIES)[number];

/** The stream a list belongs to: `tick.3` → `tick`. */
export const streamOfList = (list: string): string => list.split(".", 1)[0] ?? list;

/** The lists of a stream split `count` ways: `["tick"]`, or `["tick.0", …]`. */
export function listsOfStream(stream: string, count: number): readonly string[] {
  return count <= 1 ? [stream] : Array.from({ length: count }, (_, n) => `${stream}.${n}`);
}

/** Which of `count` lists a symbol stays in (FNV-1a over its UTF-16 units: the same in every process and release). */
export function listOfSymbol(stream: string, symbol: string, count: number): string {
  if (count <= 1) return stream;
  let hash = 0x811c9dc5;
  for (let i = 0; i < symbol.length; i++) hash = Math.imul(hash ^ symbol.charCodeAt(i), 0x01000193) >>> 0;
  return `${stream}.${hash % count}`;
}
