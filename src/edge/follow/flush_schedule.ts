/**
 * When followers are flushed. Every (stream, interval) is one group with its own tick; one timer serves them all and runs
 * only while something is due. A group that rested flushes at once, then keeps its interval; a flush that takes long is
 * followed by as long a rest, so that frames grow with the load and the rest of the process gets its share.
 */
import type { Clock } from "../../feed/clock.ts";
import type { EdgeCounters } from "../edge_counters.ts";
import { FlushGroup } from "./flush_group.ts";
import { FLUSH_SLACK_MS } from "./flush_interval.ts";
import type { Follower } from "./follower.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";

/** A tick later than this says that this process was busy, not its clients. */
const LATE_MS = 40;

/** See the file comment. Streams flush in the order of their `sendPriority`. */
export class FlushSchedule implements Disposable {
  readonly #clock: Clock;
  readonly #counters: EdgeCounters;
  readonly #groups = new Map<StreamFeed, Map<number, FlushGroup>>();
  /** In send order. */
  #feeds: readonly StreamFeed[] = [];
  #timer: Disposable | undefined;
  #timerMs = Infinity;
  #turn: Disposable | undefined;
  #isScheduled = false;
  /** When the turn was asked for that is scheduled. */
  #wokenMs = Infinity;
  #isStopped = false;

  constructor(clock: Clock, counters: EdgeCounters) {
    this.#clock = clock;
    this.#counters = counters;
  }

  add(follower: Follower): void {
    const { feed, selection } = follower;
    const groups = this.#groups.get(feed) ?? this.#addFeed(feed);
    let group = groups.get(selection.intervalMs);
    if (group === undefined) {
      group = new FlushGroup(feed, selection.intervalMs, this.#counters);
      group.dueMs = follower.restsUntilMs;
      groups.set(selection.intervalMs, group);
    }
    group.add(follower);
    if (follower.place < feed.log.end) this.wake();
  }

  remove(follower: Follower): void {
    const groups = this.#groups.get(follower.feed);
    const group = groups?.get(follower.selection.intervalMs);
    group?.remove(follower);
    if (group?.isEmpty) groups?.delete(follower.selection.intervalMs);
    // A feed that was replaced may have been followed again since: nobody else would forget it.
    if (groups?.size === 0) this.forget(follower.feed);
  }

  /** Everybody who follows a feed. */
  *followersOf(feed: StreamFeed): Iterable<Follower> {
    for (const group of this.#groups.get(feed)?.values() ?? []) yield* group.followers();
  }

  /** A feed is gone, and nobody follows it any more. */
  forget(feed: StreamFeed): void {
    this.#groups.delete(feed);
    this.#feeds = this.#feeds.filter((one) => one !== feed);
  }

  /** A feed's log has grown. */
  mark(feed: StreamFeed): void {
    let dueMs = Infinity;
    for (const group of this.#groups.get(feed)?.values() ?? []) {
      group.isDirty = true;
      if (group.dueMs < dueMs) dueMs = group.dueMs;
    }
    if (dueMs === Infinity) return;
    if (dueMs <= this.#clock.monotonic() + FLUSH_SLACK_MS) this.wake();
    else if (!this.#isStopped && dueMs < this.#timerMs) this.#arm(dueMs);
  }

  /** Looks for what is due in the next turn of the loop: several lists pulled together flush together, in their order. */
  wake(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    this.#wokenMs = this.#clock.monotonic();
    this.#turn = this.#clock.timer(0, () => {
      this.#isScheduled = false;
      this.#run();
    });
  }

  [Symbol.dispose](): void {
    this.#isStopped = true;
    this.#turn?.[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
  }

  #addFeed(feed: StreamFeed): Map<number, FlushGroup> {
    const groups = new Map<number, FlushGroup>();
    this.#groups.set(feed, groups);
    this.#feeds = [...this.#groups.keys()].sort((a, b) => a.spec.sendPriority - b.spec.sendPriority);
    return groups;
  }

  #run(): void {
    if (this.#isStopped) return;
    const now = this.#clock.monotonic();
    const isLate = now - Math.min(this.#timerMs, this.#wokenMs) > LATE_MS;
    if (!this.#isScheduled) this.#wokenMs = Infinity;
    let nextMs = Infinity;
    for (const feed of this.#feeds) {
      for (const group of this.#groups.get(feed)?.values() ?? []) {
        if (!group.isDirty) continue;
        if (group.dueMs <= now + FLUSH_SLACK_MS) this.#flush(group, now, isLate);
        if (group.isDirty && group.dueMs < nextMs) nextMs = group.dueMs;
      }
    }
    this.#arm(nextMs);
  }

  #flush(group: FlushGroup, nowMs: number, isLate: boolean): void {
    const startedMs = this.#clock.monotonic();
    if (!group.isCut) group.begunMs = startedMs;
    const hasSent = group.flush(nowMs, isLate);
    const endedMs = this.#clock.monotonic();
    const tookMs = endedMs - startedMs;
    // The rest of a flush that was cut follows when the loop has gone round. One that had nothing to send doesn't make the
    // next event wait.
    if (group.isCut) group.dueMs = endedMs;
    else if (hasSent || group.isDirty) {
      group.dueMs = Math.max(group.begunMs + group.intervalMs, endedMs + tookMs);
    }
    this.#observe(group, tookMs / 1000);
  }

  #observe(group: FlushGroup, seconds: number): void {
    const { broadcast, broadcastOf, lag } = this.#counters.observers;
    const { spec: { name }, log } = group.feed;
    broadcast?.(name, seconds);
    if (group.flushedTo === log.end) return;
    const receivedAt = receivedOf(log.at(log.end - 1)?.text ?? "");
    if (lag !== undefined && receivedAt !== undefined) lag(name, "sent", this.#clock.now() - receivedAt);
    lag?.(name, "flushed", this.#clock.monotonic() - group.feed.pulledAtMs);
    if (broadcastOf !== undefined) {
      for (const symbol of newSymbols(group)) broadcastOf(name, symbol, seconds);
    }
    group.flushedTo = log.end;
  }

  #arm(atMs: number): void {
    if (atMs === this.#timerMs && this.#timer !== undefined) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#timerMs = atMs;
    if (atMs === Infinity) return;
    this.#timer = this.#clock.timer(Math.max(0, atMs - this.#clock.monotonic()), () => {
      this.#timer = undefined;
      this.#run();
      if (this.#timer === undefined) this.#timerMs = Infinity;
    });
  }
}

/** When ingest received an element, Unix ms: `rx` stands early in every one. */
function receivedOf(element: string): number | undefined {
  const digits = /,"rx":(\d{1,16})/.exec(element)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Most records looked at for their symbols after one flush. */
const SYMBOL_SCAN_MAX = 5_000;

/** Symbols of what came since the group's last flush. */
function newSymbols(group: FlushGroup): ReadonlySet<string> {
  const { log } = group.feed;
  const symbols = new Set<string>();
  for (let at = Math.max(group.flushedTo, log.base, log.end - SYMBOL_SCAN_MAX); at < log.end; at++) {
    const symbol = log.at(at)?.sym;
    if (symbol) symbols.add(symbol);
  }
  return symbols;
}
