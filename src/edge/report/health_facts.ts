/** What the operational routes need to know of the running edge: read on request, never pushed, cheap to gather. */
import type { Position } from "../../feed/cursor.ts";

/** Where an instance is in its life. Only `serving` is ready. */
export const EDGE_PHASES = ["starting", "serving", "draining", "shedding"] as const;
/** One of {@link EDGE_PHASES}. */
export type EdgePhase = (typeof EDGE_PHASES)[number];

/** One list as this instance sees it. Times are Unix ms of this process's clock unless said otherwise. */
export interface ListFacts {
  readonly list: string;
  /** Where the newest pull found it; undefined before the first. */
  readonly head: Position | undefined;
  /** Events of it held in the ring. */
  readonly ringEvents: number;
  readonly ringBytes: number;
  /** A client of this instance wants it (or did within the linger). */
  readonly wanted: boolean;
  readonly pullMs: number;
  readonly pulls: number;
  /** Last pull that was answered. */
  readonly pulledAt: number | undefined;
  /** Since when pulls fail; undefined when the last one was answered. */
  readonly failingSince: number | undefined;
  /** When a pull last found new events, the first pull aside. */
  readonly movedAt: number | undefined;
  /** Newest event: its time, and its receipt by ingest (ingest's clock). */
  readonly lastEventT: number | undefined;
  readonly lastEventRx: number | undefined;
  /** Events a second over the last while. */
  readonly rate: number;
  /** Receipt by ingest → pulled here, ms, median of the last while. */
  readonly pullLagMs: number | undefined;
  /** Gaps this instance met in the list since it started. */
  readonly gaps: number;
}

/** The running edge, as far as health, statistics and metrics look at it. */
export interface EdgeFacts {
  readonly edgeId: string;
  readonly startedAt: number;
  readonly version: string;
  phase(): EdgePhase;
  lists(): readonly ListFacts[];
}

/** The facts of a process without an edge (role `ingest` serves its health with them). */
export const factsWithoutEdge = (edgeId: string, startedAt: number, version: string): EdgeFacts => ({
  edgeId,
  startedAt,
  version,
  phase: () => "serving",
  lists: () => [],
});
