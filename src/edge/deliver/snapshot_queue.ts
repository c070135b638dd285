/**
 * Snapshots on their way to one client, in parts, each made and handed over as the connection drains, so that a large one is
 * not mistaken for slowness; the stream it belongs to goes on from where it is true once the last part is handed over. A
 * follower has one under way at most; what is asked for meanwhile is one more, after it. What a client that reads slowly
 * costs beside what its connection buffers is what {@link "./snapshot_parts.ts"} holds, and that is shared by all who asked
 * the same at the same moment.
 */
import type { EdgeCore } from "../edge_core.ts";
import type { Follower } from "../follow/follower.ts";
import { readLatest } from "./latest_reading.ts";
import { areSame, countOf, inBoth, inEither } from "./pattern_sets.ts";
import { type ServerMessage, snapshotPart } from "./server_messages.ts";
import { PART_MAX_BYTES, type SnapshotParts } from "./snapshot_parts.ts";
import type { SymbolPatterns } from "../../feed/symbol.ts";

/** Parts are handed over while less than this is buffered. */
const DRAINED_BYTES = 64 * 1024;
/** No snapshot has more than this waiting, a single event aside. */
export const SNAPSHOT_BUFFERED_MAX_BYTES = DRAINED_BYTES + PART_MAX_BYTES;
/** A client that takes no part for so long is gone. */
const STUCK_MS = 30_000;

interface Pending {
  readonly follower: Follower;
  readonly patterns: SymbolPatterns;
  /** Where it is true. */
  readonly cursor: string;
  readonly parts: SnapshotParts;
  /** Index of the part that is handed over next. */
  next: number;
}

/** The part of a session that a queue needs. */
export interface SnapshotHost {
  readonly core: EdgeCore;
  readonly isClosed: boolean;
  /** Bytes handed over and not yet taken by the peer's side. */
  buffered(): number;
  say(message: ServerMessage): void;
  close(code: number, reason: string): void;
}

/** See the file comment. */
export class SnapshotQueue {
  readonly #session: SnapshotHost;
  readonly #pending: Pending[] = [];
  /** Followers that are owed one but have not caught up, or whose stream has to be read first. */
  readonly #owed = new Set<Follower>();
  #movedMs = 0;

  constructor(session: SnapshotHost) {
    this.#session = session;
  }

  /** Parts of one are being handed over. */
  get isUnderWay(): boolean {
    return this.#pending.length > 0;
  }

  /** One is under way, or owed. */
  get isPending(): boolean {
    return this.#pending.length > 0 || this.#owed.size > 0;
  }

  /** Owes a follower a snapshot of what of `patterns` it follows: given now if it stands at the log's end, else as soon as it does. */
  owe(follower: Follower, patterns: SymbolPatterns): void {
    this.#note(follower, inBoth(patterns, follower.selection.wanted.patterns));
    if (follower.isCaughtUp) this.give(follower);
  }

  /** What a follower has still to be shown; undefined: nothing. */
  owedTo(follower: Follower): SymbolPatterns | undefined {
    const shown = this.#shown(follower)?.patterns;
    const owed = follower.snapshotOwed;
    return shown === undefined || owed === undefined ? shown ?? owed : inEither(shown, owed);
  }

  /** The follower stands at the log's end: its snapshot is true there. */
  give(follower: Follower): void {
    const patterns = follower.snapshotOwed;
    if (patterns === undefined || this.#isUnderWay(follower)) return;
    const parts = this.#session.core.snapshots.of(
      follower.feed,
      patterns,
      follower.selection.wanted.fields,
    );
    if (parts === undefined) return readLatest(this.#session.core, follower.feed);
    follower.snapshotOwed = undefined;
    follower.isReady = false;
    this.#owed.delete(follower);
    this.#pending.push({ follower, patterns, cursor: follower.cursor, parts, next: 0 });
    this.#movedMs = this.#session.core.clock.monotonic();
    this.pump(this.#movedMs);
  }

  /** A follower gets other symbols: one it no longer gets is not shown either. What is under way begins anew without it. */
  reshaped(follower: Follower): void {
    const { patterns: wanted } = follower.selection.wanted;
    if (follower.snapshotOwed !== undefined) {
      follower.snapshotOwed = inBoth(follower.snapshotOwed, wanted);
    }
    const shown = this.#shown(follower);
    if (shown === undefined) return;
    const left = inBoth(shown.patterns, wanted);
    if (areSame(left, shown.patterns)) return;
    this.#pending.splice(this.#pending.indexOf(shown), 1);
    follower.isReady = true;
    this.#note(follower, left);
    this.#session.core.pumpSnapshots();
  }

  /** A follower is let go: it is shown nothing more. */
  drop(follower: Follower): void {
    follower.snapshotOwed = undefined;
    this.#owed.delete(follower);
    const at = this.#pending.findIndex((one) => one.follower === follower);
    if (at >= 0) this.#pending.splice(at, 1);
  }

  /** Hands over what the connection can take. */
  pump(nowMs: number): void {
    for (const follower of this.#owed) {
      if (follower.isCaughtUp) this.give(follower);
    }
    for (
      let first = this.#pending[0];
      first !== undefined && !this.#session.isClosed;
      first = this.#pending[0]
    ) {
      const limit = first.parts.has(first.next) ? DRAINED_BYTES : 0;
      if (this.#session.buffered() > limit) return this.#wait(nowMs);
      this.#movedMs = nowMs;
      this.#handOver(first);
    }
  }

  #isUnderWay(follower: Follower): boolean {
    return this.#pending.some((one) => one.follower === follower);
  }

  /** The one under way, while some of it is not yet handed over. */
  #shown(follower: Follower): Pending | undefined {
    return this.#pending.find((one) => one.follower === follower && one.parts.has(one.next));
  }

  /** With what is owed already; when that is too much to keep, all it follows. */
  #note(follower: Follower, patterns: SymbolPatterns): void {
    const { snapshotOwed: owed } = follower;
    const all = owed === undefined ? patterns : inEither(owed, patterns);
    const isTooMuch = countOf(all) > this.#session.core.settings.maxSymbols;
    follower.snapshotOwed = isTooMuch ? follower.selection.wanted.patterns : all;
    this.#owed.add(follower);
  }

  /** The next part, or, once the last is drained, the live stream. */
  #handOver(first: Pending): void {
    const { follower, cursor, parts } = first;
    const part = parts.part(first.next);
    if (part !== undefined) {
      first.next++;
      return this.#session.say(
        snapshotPart(follower.feed.spec.name, cursor, `[${part.events}]`, part.isLast),
      );
    }
    this.#pending.shift();
    follower.isReady = true;
    if (follower.snapshotOwed !== undefined && follower.isCaughtUp) this.give(follower);
    this.#session.core.schedule.mark(follower.feed);
  }

  #wait(nowMs: number): void {
    if (nowMs - this.#movedMs > STUCK_MS) this.#session.close(4001, "slow consumer");
    else this.#session.core.pumpSnapshots();
  }
}
