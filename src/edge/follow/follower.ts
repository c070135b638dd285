/**
 * One client's place in one stream. Live and resuming clients are the same thing: a place in the log that a flush moves on.
 * Nothing is queued for a follower; one that reads slowly is simply further behind, where its frames get larger.
 */
import { comparePositions, formatCursor, parseCursor, type Position } from "../../feed/cursor.ts";
import type { SymbolPatterns } from "../../feed/symbol.ts";
import type { Frame } from "./frame.ts";
import type { Missing } from "../pull/log_record.ts";
import { type ListGap, missedByRing } from "./resume.ts";
import { furthest, type Selection } from "./selection.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";

/** What a follower hands its frames to: one client's connection. */
export interface FollowerHost {
  /** When a flush last found nothing waiting (the flush's time): what waits now was handed over since. */
  drainedMs: number;
  /** Bytes handed over that the peer's side has not taken yet. Asked before every send. */
  buffered(): number;
  /**
   * Whether a follower may send now; called when something is buffered or the follower is degraded. Sets its
   * `isDegraded`; may close the client. A late flush judges nobody: then it is this process that is slow.
   */
  mayTake(follower: Follower, bufferedBytes: number, nowMs: number, isLate: boolean): boolean;
  /** Sends a frame; the follower's place and cursor are already after it. */
  take(frame: Frame, follower: Follower): void;
  /** The follower is at the log's end and is owed a snapshot: true here, it goes before what comes next. */
  giveSnapshot(follower: Follower): void;
  /**
   * Tells something missing that is not in the log: evicted before this client could read it.
   * `cursor` is the stream's part once the message is read.
   */
  tellMissing(follower: Follower, list: string, missing: Missing, cursor: string): void;
}

/** See the file comment. */
export class Follower {
  /** Log offset of the next record it has not seen. */
  place: number;
  /** Its stream's part of the cursor: what it has been given, or need not be. */
  cursor: string;
  /** What it has of each list beyond `place`; undefined as soon as all lists stand at `place`. */
  skip: readonly Position[] | undefined;
  /** False while a snapshot goes first. */
  isReady = false;
  /** Not served before this (ms, monotonic): its client was a moment ago, and is held to a pace. */
  restsUntilMs = 0;
  /** When it was last given something (ms, monotonic). */
  servedMs = -Infinity;
  /** Takes one frame and no more. */
  isOnce = false;
  /** Symbols whose snapshot is owed as soon as the follower has caught up. */
  snapshotOwed: SymbolPatterns | undefined;
  /** Its client is or was lately too slow for every event: it gets the latest. */
  isDegraded = false;
  /** Since when its cursor has moved without the client being told (ms, monotonic); 0: the client knows. */
  silentSinceMs = 0;
  /** Index among its selection's followers. */
  index = -1;
  /** Flushes in a row that found an earlier frame still waiting. */
  heldTicks = 0;

  constructor(
    readonly host: FollowerHost,
    readonly feed: StreamFeed,
    public selection: Selection,
    place: number,
    skip: readonly Position[] | undefined,
  ) {
    this.place = place;
    this.skip = skip;
    const { log } = feed;
    this.cursor = skip === undefined
      ? log.cursorAt(place)
      : log.cursorOf(furthest(log.positionsAt(place), skip));
  }

  /** It has what there is, and nothing that is not here yet: a snapshot is true where it stands. */
  get isCaughtUp(): boolean {
    return this.place === this.feed.log.end && this.skip === undefined;
  }

  /** The frame that comes next, when it can't be one that is shared. */
  ownFrame(): Frame {
    const { skip, selection, place, isDegraded } = this;
    return skip === undefined
      ? selection.frameAt(place, isDegraded)
      : selection.frameSkipping(place, skip, isDegraded);
  }

  /** Moves behind a frame. */
  moveTo(frame: Frame): void {
    this.place = frame.to;
    if (this.isOnce && !frame.isEmpty) this.isReady = false;
    this.cursor = frame.cursor;
    if (this.skip !== undefined && this.#isEven(this.skip)) this.skip = undefined;
  }

  /** The ring has passed its place: tells what is lost, list by list, and goes on with the oldest held. */
  leap(): void {
    const { log } = this.feed;
    const had = this.feed.positionsOf(this.cursor);
    const now = log.lists.map((_, list) => log.basePosition(list));
    this.place = log.base;
    this.skip = had.some((position, n) => comparePositions(position, now[n] ?? position) > 0)
      ? had
      : undefined;
    this.tell(
      now.flatMap((base, list) => {
        const after = had[list];
        if (after === undefined || comparePositions(after, base) >= 0) return [];
        const missing = missedByRing(log, list, after, "slow");
        return missing === undefined ? [] : [{ list, missing }];
      }),
      log.cursorOf(furthest(now, had)),
    );
  }

  /** Tells gaps; each moves its own list's part of the cursor, so that a cut in between tells the others again, and only those. */
  tell(gaps: readonly ListGap[], cursor: string): void {
    const { spec, log } = this.feed;
    const words = gaps.length > 1 ? new Map(parseCursor(this.cursor)) : undefined;
    gaps.forEach(({ list, missing }, n) => {
      const name = log.lists[list] ?? spec.name;
      const { epoch, seq } = missing.before;
      words?.set(name, { epoch, seq: seq - 1 });
      this.cursor = words === undefined || n === gaps.length - 1 ? cursor : formatCursor(words);
      this.host.tellMissing(this, name, missing, this.cursor);
    });
    this.cursor = cursor;
  }

  #isEven(skip: readonly Position[]): boolean {
    const positions = this.feed.log.positionsAt(this.place);
    return positions.every((position, n) => comparePositions(position, skip[n] ?? position) >= 0);
  }
}
