/**
 * Followers of one stream that flush together: same interval, aligned ticks, so that those at the same place share one
 * frame. {@link FlushGroup.flush} is the hot loop of an edge: no promise, closure or allocation per follower in it.
 */
import type { EdgeCounters } from "../edge_counters.ts";
import type { Follower } from "./follower.ts";
import type { Frame } from "./frame.ts";
import type { Selection } from "./selection.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";

/** See the file comment. */
export class FlushGroup {
  readonly #members = new Map<Selection, Follower[]>();
  /** The shared frame built last in the flush that is going on. */
  #last: Frame | undefined;
  #isLate = false;
  #hasSent = false;
  /** Somebody may be behind the log's end. */
  isDirty = false;
  /** Not before this (ms, monotonic). */
  dueMs = 0;
  /** Where the log ended at its last flush; what was there before the group is no measure of how late it is. */
  flushedTo: number;

  constructor(readonly feed: StreamFeed, readonly intervalMs: number, readonly counters: EdgeCounters) {
    this.flushedTo = feed.log.end;
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  add(follower: Follower): void {
    const followers = this.#members.get(follower.selection) ?? [];
    if (followers.length === 0) this.#members.set(follower.selection, followers);
    follower.index = followers.length;
    followers.push(follower);
    this.isDirty = true;
  }

  *followers(): Iterable<Follower> {
    for (const followers of this.#members.values()) yield* followers;
  }

  remove(follower: Follower): void {
    const followers = this.#members.get(follower.selection);
    if (followers === undefined || followers[follower.index] !== follower) return;
    const last = followers.pop();
    if (last !== undefined && last !== follower) {
      followers[follower.index] = last;
      last.index = follower.index;
    }
    follower.index = -1;
    if (followers.length === 0) this.#members.delete(follower.selection);
  }

  /**
   * Gives every follower its next frame. The group stays dirty when somebody is still behind.
   * Returns whether anything was sent.
   * @param nowMs the same for all groups that flush together
   * @param isLate this process was too busy to flush when it should have
   */
  flush(nowMs: number, isLate: boolean): boolean {
    this.#isLate = isLate;
    this.#hasSent = false;
    let isBehind = false;
    for (const [selection, followers] of this.#members) {
      if (this.#flushSelection(selection, followers, nowMs)) isBehind = true;
    }
    this.isDirty = isBehind;
    return this.#hasSent;
  }

  #flushSelection(selection: Selection, followers: readonly Follower[], nowMs: number): boolean {
    const { end } = this.feed.log;
    let least = end;
    this.#last = undefined;
    let messages = 0;
    let events = 0;
    let bytes = 0;
    // Backwards: a follower that is closed on the way is replaced by one already served.
    for (let n = followers.length - 1; n >= 0; n--) {
      const follower = followers[n];
      if (follower === undefined || follower.place >= end) continue;
      if (follower.isReady) {
        const sent = this.#advance(follower, nowMs);
        if (sent !== undefined && !sent.isEmpty) {
          messages++;
          events += sent.count;
          bytes += sent.bytes;
          this.counters.eventsMerged += sent.merged;
        }
      }
      if (follower.place < least) least = follower.place;
    }
    selection.forget(least);
    selection.dropFrames();
    this.#last = undefined;
    if (messages > 0) {
      this.#hasSent = true;
      this.counters.sent(messages, events, bytes);
    }
    return least < end;
  }

  /** One step of one follower. Returns the frame it took, undefined when it may not take one now. */
  #advance(follower: Follower, nowMs: number): Frame | undefined {
    const { host } = follower;
    const buffered = host.buffered();
    if (buffered === 0) host.drainedMs = nowMs;
    if (
      (buffered > 0 || follower.heldTicks > 0 || follower.isDegraded) &&
      !host.mayTake(follower, buffered, nowMs, this.#isLate)
    ) return undefined;
    if (follower.place < this.feed.log.base) follower.leap();
    const frame = follower.skip === undefined && !follower.isDegraded
      ? this.#sharedFrame(follower)
      : follower.ownFrame();
    follower.moveTo(frame);
    if (!frame.isEmpty) host.take(frame, follower);
    else if (follower.silentSinceMs === 0) follower.silentSinceMs = nowMs;
    if (follower.snapshotOwed !== undefined && follower.place === this.feed.log.end) {
      host.giveSnapshot(follower);
    }
    return frame;
  }

  /** Nearly always the frame that the follower before got. */
  #sharedFrame(follower: Follower): Frame {
    const last = this.#last;
    if (last !== undefined && last.from === follower.place) return last;
    return this.#last = follower.selection.frameAt(follower.place, false);
  }
}
