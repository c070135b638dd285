/**
 * Followers of one stream that flush together: same interval, aligned ticks, so that those at the same place share one
 * frame. {@link FlushGroup.flush} is the hot loop of an edge: no promise, closure or allocation per follower in it.
 */
import type { EdgeCounters } from "../edge_counters.ts";
import type { Follower } from "./follower.ts";
import { FLUSH_SLACK_MS } from "./flush_interval.ts";
import type { Frame } from "./frame.ts";
import type { Selection } from "./selection.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";

/**
 * Bytes handed over before the event loop goes round: sockets drain and ingest gets its turn between two such slices. Without
 * it a flush of a thousand large frames held everything up for seconds, and all of them were in memory at once.
 */
export const SLICE_MAX_BYTES = 16 * 1024 * 1024;

/** A flush that was cut, where it goes on. */
interface Round {
  /** Where the log ended when it began: what came since is another flush's. */
  readonly end: number;
  readonly selections: Iterator<readonly [Selection, Follower[]]>;
  /** Whose turn it is, and its followers before this index. */
  now: { readonly selection: Selection; readonly followers: readonly Follower[]; index: number } | undefined;
  /** Somebody stays behind the end. */
  isBehind: boolean;
}

/** What one slice came to. */
interface Sent {
  messages: number;
  events: number;
  bytes: number;
}

/** See the file comment. */
export class FlushGroup {
  readonly #members = new Map<Selection, Follower[]>();
  #round: Round | undefined;
  /** The shared frame built last in the flush that is going on. */
  #last: Frame | undefined;
  #isLate = false;
  /** Somebody may be behind the log's end. */
  isDirty = false;
  /** When its last flush began, and before when there is no other (ms, monotonic). */
  begunMs = 0;
  dueMs = 0;
  /** Where the log ended at its last flush; what was there before the group is no measure of how late it is. */
  flushedTo: number;

  constructor(readonly feed: StreamFeed, readonly intervalMs: number, readonly counters: EdgeCounters) {
    this.flushedTo = feed.log.end;
  }

  /** The last flush was cut: not everybody had a turn yet. */
  get isCut(): boolean {
    return this.#round !== undefined;
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
    // Its selection may have had its turn in the flush that was cut: the end of that must not be taken for everybody's.
    if (this.#round !== undefined) this.#round.isBehind = true;
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
   * Gives every follower its next frame, up to {@link SLICE_MAX_BYTES}: the next call goes on where this one was cut. The
   * group stays dirty while somebody is behind. Returns whether anything was sent.
   * @param nowMs the same for all groups that flush together
   * @param isLate this process was too busy to flush when it should have
   */
  flush(nowMs: number, isLate: boolean): boolean {
    this.#isLate = isLate;
    const round = this.#round ?? this.#newRound();
    const sent: Sent = { messages: 0, events: 0, bytes: 0 };
    const isWhole = this.#goOn(round, sent, nowMs);
    this.#round = isWhole ? undefined : round;
    this.isDirty = !isWhole || round.isBehind || this.feed.log.end > round.end;
    if (sent.messages > 0) this.counters.sent(sent.messages, sent.events, sent.bytes);
    return sent.messages > 0;
  }

  #newRound(): Round {
    return { end: this.feed.log.end, selections: this.#members.entries(), now: undefined, isBehind: false };
  }

  /** False when the slice is full before everybody had a turn. */
  #goOn(round: Round, sent: Sent, nowMs: number): boolean {
    while (true) {
      round.now ??= nextOf(round.selections);
      if (round.now === undefined) return true;
      const { selection, followers } = round.now;
      const left = this.#flushSelection(followers, round.now.index, sent, nowMs);
      this.#last = undefined;
      selection.dropFrames();
      if (left > 0) {
        round.now.index = left;
        return false;
      }
      const least = this.#leastPlace(followers);
      selection.forget(least);
      if (least < this.feed.log.end) round.isBehind = true;
      round.now = undefined;
      if (sent.bytes >= SLICE_MAX_BYTES) return false;
    }
  }

  /** Serves the followers before `index`, from behind: one that is closed on the way is replaced by one already served. */
  #flushSelection(followers: readonly Follower[], index: number, sent: Sent, nowMs: number): number {
    const { end } = this.feed.log;
    for (let n = Math.min(index, followers.length) - 1; n >= 0; n--) {
      const follower = followers[n];
      if (follower === undefined || follower.place >= end || !follower.isReady) continue;
      if (follower.restsUntilMs > nowMs + FLUSH_SLACK_MS) continue;
      const frame = this.#advance(follower, followers.length === 1, nowMs);
      if (frame === undefined || frame.isEmpty) continue;
      sent.messages++;
      sent.events += frame.count;
      sent.bytes += frame.bytes;
      this.counters.eventsMerged += frame.merged;
      if (sent.bytes >= SLICE_MAX_BYTES) return n;
    }
    return 0;
  }

  #leastPlace(followers: readonly Follower[]): number {
    let least = this.feed.log.end;
    for (const { place } of followers) if (place < least) least = place;
    return least;
  }

  /** One step of one follower. Returns the frame it took, undefined when it may not take one now. */
  #advance(follower: Follower, isAlone: boolean, nowMs: number): Frame | undefined {
    const { host } = follower;
    const buffered = host.buffered();
    if (buffered === 0) host.drainedMs = nowMs;
    if (
      (buffered > 0 || follower.heldTicks > 0 || follower.isDegraded) &&
      !host.mayTake(follower, buffered, nowMs, this.#isLate)
    ) return undefined;
    if (follower.place < this.feed.log.base) follower.leap();
    const frame = follower.skip !== undefined || follower.isDegraded
      ? follower.ownFrame()
      : isAlone
      ? follower.selection.frameFor(follower.place)
      : this.#sharedFrame(follower);
    follower.moveTo(frame);
    if (!frame.isEmpty) {
      follower.servedMs = nowMs;
      host.take(frame, follower);
    } else if (follower.silentSinceMs === 0) follower.silentSinceMs = nowMs;
    if (follower.snapshotOwed !== undefined && follower.isCaughtUp) {
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

/** The next selection, all its followers before it. */
function nextOf(selections: Round["selections"]): Round["now"] {
  const { done, value } = selections.next();
  if (done) return undefined;
  const [selection, followers] = value;
  return { selection, followers, index: followers.length };
}
