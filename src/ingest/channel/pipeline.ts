/**
 * The data path of ingest: a frame in, events in their lists. `parse → normalise → channel per stream → dedupe → derived
 * → paced append`. Sockets, routing and the lease are the callers'; nothing here waits for them, and nothing that comes
 * from upstream throws out of here.
 */
import type { Clock, Random } from "../../feed/clock.ts";
import type { Position } from "../../feed/cursor.ts";
import type { GapToTell } from "./loss.ts";
import type { QuietHours } from "./quiet_hours.ts";
import type { FeedEvent, Stamped } from "../../feed/event.ts";
import type { ChannelHealth } from "../../feed/health.ts";
import type { Log } from "../../feed/log.ts";
import type { FeedStore } from "../../feed/store.ts";
import type { StreamTable } from "../../feed/stream.ts";
import type { FrameOutcome, UpstreamFrame } from "../wire/frame.ts";

/** The part of the settings the data path runs on, resolved. */
export interface PipelineSettings {
  /** How often readers are asked to come; the pace of every append follows from it. */
  readonly pullIntervalMs: number;
  /** Least time between the starts of two appends to one list. */
  readonly appendIntervalMs: number;
  /** Lists the tick stream is split over. */
  readonly tickLists: number;
  readonly syntheticMinutes: boolean;
}

/** How a pipeline is made. */
export interface PipelineOptions {
  readonly store: FeedStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly streams: StreamTable;
  readonly settings: PipelineSettings;
  /** Left out: readers are asked for the same interval at all hours. */
  readonly quietHours?: QuietHours;
  /** For the jitter of retries; the process's own when left out. */
  readonly random?: Random;
  /** Streams that are configured; undefined: all of `streams`. Others are `off` in health and take nothing. */
  readonly enabled?: ReadonlySet<string>;
  /**
   * Sees what a stream forwards, after dedupe and before the append: where signals and heatmap are folded, whose events
   * come back by {@link Pipeline.offer}. A throw is logged and counted and changes nothing of the stream it listens to.
   */
  readonly onForwarded?: (stream: string, events: readonly FeedEvent[]) => void;
  /** Sees what stands in a list now, after the append: the first of `events` has seq `first.seq`. */
  readonly onAppended?: (list: string, first: Position, events: readonly FeedEvent[]) => void;
  /** A stream's own rule: the event to go on with, or undefined to drop it. A throw fails that channel only. */
  readonly rules?: ReadonlyMap<string, (event: FeedEvent) => FeedEvent | undefined>;
  /** Sees every frame before it is parsed (the recorder). Must not throw or wait. */
  readonly onFrame?: (frame: UpstreamFrame) => void;
  /** Sees the events the lists held when leading began, oldest first per list, once: folds catch up from them. */
  readonly onSeed?: (list: string, events: readonly Stamped[]) => void;
}

/** The running data path. */
export interface Pipeline {
  /** Parses and routes one frame; status elements are handed back to the connection. Never throws. */
  accept(frame: UpstreamFrame): FrameOutcome;
  /** Takes events made here (signals, heatmap). Unknown or stopped streams count them as dropped. Never throws. */
  offer(stream: string, events: readonly FeedEvent[]): void;
  /**
   * Starts appending under this fence, from the lists' present heads (dedupe is seeded from lists and `last` first).
   * Resolves `fenced` when this fence is no longer the lease's: what is queued is dropped when somebody else leads, for it is
   * his to send, and kept when nobody does (the store lost everything). `aborted` when the signal aborts; what is queued stays.
   * @param anew lists begin new epochs, whatever they hold: it may be older than what readers have
   */
  lead(fence: number, signal: AbortSignal, anew?: boolean): Promise<"fenced" | "aborted">;
  /** Tells a loss in every list of the stream, in order with what is queued. */
  tellGap(stream: string, gap: GapToTell): void;
  /** Takes events again after {@link Pipeline.stop}; the time between is told as a gap. */
  start(stream: string): void;
  /** Takes no more events; what is queued is still appended. */
  stop(stream: string): void;
  /** 0…1: the fullest channel queue (the in-process simulator waits over 0.5). */
  pressure(): number;
  health(): { readonly channels: ChannelHealth[]; readonly dropsByReason: Record<string, number> };
  /** Events a second by symbol over the last while. */
  symbolRates(): ReadonlyMap<string, number>;
  /** Whether true minute bars come, for all symbols or the named ones; while not, `SYNTHETIC_MINUTES` builds them. */
  setMinuteStreamUp(up: boolean, symbols?: Iterable<string>): void;
  /** Resolves when all that is queued stands in the lists; rejects with the signal's reason. For a clean stop. */
  flush(signal: AbortSignal): Promise<void>;
}
