/**
 * Reading a stream's latest events for those who are owed a snapshot: one read at a time however many wait, and ever less often
 * while it fails.
 */
import type { EdgeCore } from "../edge_core.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";

const RETRY_MS = 200;
const RETRY_MAX_MS = 2_000;

interface Reading {
  isUnderWay: boolean;
  /** Not again before this (ms, monotonic). */
  afterMs: number;
  /** The wait after the next failure. */
  waitMs: number;
}

/** Feeds that had to be read. */
const readings = new WeakMap<StreamFeed, Reading>();

/** Reads them unless a read is under way, or failed a moment ago. Whoever waits looks again. */
export function readLatest(core: EdgeCore, feed: StreamFeed): void {
  const { clock, random, log, stopped, pumpSnapshots } = core;
  const reading = readings.get(feed) ?? { isUnderWay: false, afterMs: 0, waitMs: RETRY_MS };
  readings.set(feed, reading);
  if (reading.isUnderWay || clock.monotonic() < reading.afterMs) return;
  reading.isUnderWay = true;
  // Not of any one client: nobody else's snapshot fails because it leaves.
  feed.latest.load(stopped).then(() => {
    reading.waitMs = RETRY_MS;
    pumpSnapshots();
  }, (error: unknown) => {
    reading.afterMs = clock.monotonic() + reading.waitMs * (0.5 + random());
    reading.waitMs = Math.min(RETRY_MAX_MS, 2 * reading.waitMs);
    log.debug("snapshot_waits", { list: feed.spec.name, error: String(error) });
  }).finally(() => reading.isUnderWay = false);
}
