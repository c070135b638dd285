/**
 * One client's connection, whatever its transport: what it follows, what it is told, when it is given up. The transport is
 * a {@link ClientSink}; everything of the protocol is here and in {@link "./subscribe.ts"}.
 */
import type { SymbolPatterns } from "../../feed/symbol.ts";
import { BufferedProbe } from "./buffered_probe.ts";
import { type HeldSubscription, heldSubscription } from "./held_subscription.ts";
import type { EdgeCore } from "../edge_core.ts";
import type { Follower, FollowerHost } from "../follow/follower.ts";
import type { Frame } from "../follow/frame.ts";
import { PaceRest } from "../follow/pace_rest.ts";
import type { Missing } from "../pull/log_record.ts";
import type { Principal } from "../admit/principal.ts";
import { gapMembers } from "../follow/selection.ts";
import * as say from "./server_messages.ts";
import { SlowWatch } from "./slow_watch.ts";
import { SNAPSHOT_BUFFERED_MAX_BYTES, SnapshotQueue } from "./snapshot_queue.ts";
import { TurnQueue } from "./turn_queue.ts";

/** How a session reaches its client. None of these may throw. */
export interface ClientSink {
  readonly transport: "ws" | "sse";
  /** Bytes handed over and not yet taken by the peer's side. */
  buffered(): number;
  /** `cursor` is the session's whole cursor, after the frame. */
  frame(frame: Frame, session: Session): void;
  /** Returns the bytes it took. */
  message(message: say.ServerMessage): number;
  /** Tells the cursor alone, where the transport has a way to; false: a heartbeat has to do. */
  cursor(cursor: string): boolean;
  close(code: number, reason: string, retryAfterMs: number | undefined): void;
}

/** One for all: making an exception costs more than making a session. */
const CLOSED = new DOMException("closed", "AbortError");

interface Held {
  readonly follower: Follower;
  readonly want: Disposable;
}

/** See the file comment. */
export class Session implements FollowerHost {
  readonly core: EdgeCore;
  readonly sink: ClientSink;
  readonly id: string;
  /** When the next heartbeat is due, ms monotonic. */
  heartbeatMs: number;
  readonly openedMs: number;
  drainedMs = -1;
  isClosed = false;
  /** Told to come back elsewhere. */
  isDraining = false;
  readonly turns = new TurnQueue();
  readonly #held = new Map<string, Held>();
  /** By stream that is waited for, where the client stands in it: its own words, told back until it is followed. */
  #awaited: Map<string, string> | undefined;
  readonly #onClose: (session: Session) => void;
  #principal: Principal | undefined;
  readonly #pace = new PaceRest();
  /** Among the connections of its principal's subject. */
  #place: Disposable | undefined;
  #slow: SlowWatch | undefined;
  #stop: AbortController | undefined;
  #snapshots: SnapshotQueue | undefined;
  readonly #probe: BufferedProbe;

  /** A principal given here was found to have room at the door. */
  constructor(
    core: EdgeCore,
    sink: ClientSink,
    id: string,
    principal: Principal | undefined,
    onClose: (session: Session) => void,
  ) {
    this.core = core;
    this.sink = sink;
    this.id = id;
    this.#probe = new BufferedProbe(sink);
    this.#principal = principal;
    this.#place = principal && core.subjects.hold(principal.subject);
    this.openedMs = core.clock.monotonic();
    this.heartbeatMs = this.openedMs + say.HEARTBEAT_MS;
    this.#onClose = onClose;
  }

  /** Undefined until the client has said who it is. */
  get principal(): Principal | undefined {
    return this.#principal;
  }

  /**
   * The client is known, or known anew.
   * @throws {TickcastError} OVERLOADED when its subject holds as many connections as it may; nothing has changed then
   */
  identify(principal: Principal): void {
    if (this.isClosed) return;
    if (principal.subject !== this.#principal?.subject) {
      const place = this.core.subjects.take(principal.subject);
      this.#place?.[Symbol.dispose]();
      this.#place = place;
    }
    this.#principal = principal;
  }

  /** Aborts when the session ends. Made only for those who have to wait. */
  get signal(): AbortSignal {
    this.#stop ??= new AbortController();
    if (this.isClosed) this.#stop.abort(CLOSED);
    return this.#stop.signal;
  }

  /** Snapshots on their way. Made only for those who want one. */
  get snapshots(): SnapshotQueue {
    return this.#snapshots ??= new SnapshotQueue(this);
  }

  /** Whether one is being handed over. */
  get givesSnapshot(): boolean {
    return this.#snapshots?.isUnderWay ?? false;
  }

  /** Whether one is, or is owed. */
  get awaitsSnapshot(): boolean {
    return this.#snapshots?.isPending ?? false;
  }

  follower(stream: string): Follower | undefined {
    return this.#held.get(stream)?.follower;
  }

  get isFollowing(): boolean {
    return this.#held.size > 0;
  }

  *followers(): Iterable<Follower> {
    for (const { follower } of this.#held.values()) yield follower;
  }

  /** Takes a new follower in. It is not flushed before it is ready. */
  hold(follower: Follower, want: Disposable): void {
    this.letGo(follower.feed.spec.name);
    this.#pace.begins(follower);
    this.#held.set(follower.feed.spec.name, { follower, want });
    this.core.schedule.add(follower);
  }

  /** Lets a stream go. */
  letGo(stream: string): void {
    const held = this.#held.get(stream);
    if (held === undefined) return;
    this.#held.delete(stream);
    this.rest(held.follower);
    this.#snapshots?.drop(held.follower);
    this.core.schedule.remove(held.follower);
    held.follower.feed.selections.release(held.follower.selection);
    held.want[Symbol.dispose]();
  }

  /** What a follower gets is changed. */
  rest(follower: Follower): void {
    this.#pace.changed(follower, this.principal?.tier);
  }

  /** Where the client stands in all it follows. */
  cursor(): string {
    let text = "";
    for (const { follower } of this.#held.values()) {
      text = text === "" || follower.cursor === "" ? text + follower.cursor : `${text},${follower.cursor}`;
    }
    for (const [stream, words] of this.#awaited ?? []) {
      if (!this.#held.has(stream)) text += text === "" ? words : `,${words}`;
    }
    return text;
  }

  /** A stream is waited for, to be followed from these words; empty: no longer. */
  awaits(stream: string, words: string): void {
    if (words !== "") (this.#awaited ??= new Map()).set(stream, words);
    else this.#awaited?.delete(stream);
  }

  subscriptions(): HeldSubscription[] {
    return [...this.#held].map(([stream, { follower }]) =>
      heldSubscription(stream, follower.selection.wanted)
    );
  }

  /** Symbols as the client wrote them, of all its streams. */
  *patterns(): Iterable<SymbolPatterns> {
    for (const { follower } of this.#held.values()) yield follower.selection.wanted.patterns;
  }

  /** Exact while a snapshot is handed over: nothing may pass it. */
  buffered(): number {
    return this.givesSnapshot ? this.#probe.exactly() : this.#probe.roughly();
  }

  take(frame: Frame, follower: Follower): void {
    follower.silentSinceMs = 0;
    this.#probe.handed(frame.bytes);
    if (frame.gapCause !== undefined) this.core.counters.gap(frame.gapCause);
    this.sink.frame(frame, this);
  }

  mayTake(follower: Follower, bufferedBytes: number, nowMs: number, isLate: boolean): boolean {
    // What waits is a snapshot, handed over as it drains: no sign of slowness.
    if (bufferedBytes > 0 && this.givesSnapshot) return false;
    this.#slow ??= new SlowWatch(this);
    return this.#slow.judge(follower, this.drainedMs, bufferedBytes, nowMs, isLate);
  }

  giveSnapshot(follower: Follower): void {
    this.snapshots.give(follower);
  }

  tellMissing(follower: Follower, list: string, missing: Missing, cursor: string): void {
    this.core.counters.gap(missing.cause);
    follower.silentSinceMs = 0;
    this.say(say.gap(gapMembers(follower.feed.spec.name, list, missing), cursor, this.cursor()));
  }

  /** Sends a message ahead of everything that is not yet handed over. */
  say(message: say.ServerMessage): void {
    if (this.isClosed) return;
    const bytes = this.sink.message(message);
    this.#probe.handed(bytes);
    this.core.counters.sent(1, 0, bytes);
  }

  /** Looks after itself, every housekeeping round: slowness without news, heartbeats, cursors moved in silence. */
  tend(nowMs: number, silentMaxMs: number): void {
    this.#lookAtBuffer(nowMs);
    if (this.isClosed) return;
    this.#snapshots?.pump(nowMs);
    if (nowMs >= this.heartbeatMs) return this.beat(nowMs);
    for (const { follower } of this.#held.values()) {
      if (follower.silentSinceMs > 0 && nowMs - follower.silentSinceMs >= silentMaxMs) {
        return this.#tellCursor(nowMs);
      }
    }
  }

  /** A heartbeat now; the next one is a whole interval later. */
  beat(nowMs: number): void {
    this.heartbeatMs = nowMs + say.HEARTBEAT_MS;
    this.#noteTold();
    this.say(say.heartbeat(this.cursor(), this.core.states(), this.core.clock.now()));
  }

  /** Ends the session from our side; everything it held is let go at once, whatever its peer does. */
  close(code: number, reason: string, retryAfterMs?: number): void {
    if (this.isClosed) return;
    this.dispose();
    this.sink.close(code, reason, retryAfterMs);
  }

  /** The connection is gone, or about to be. Any number of times. */
  dispose(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#stop?.abort(CLOSED);
    for (const stream of [...this.#held.keys()]) this.letGo(stream);
    this.#place?.[Symbol.dispose]();
    this.#onClose(this);
  }

  #tellCursor(nowMs: number): void {
    const cursor = this.cursor();
    if (this.sink.cursor(cursor)) this.#noteTold();
    else this.beat(nowMs);
  }

  #noteTold(): void {
    for (const { follower } of this.#held.values()) follower.silentSinceMs = 0;
  }

  #lookAtBuffer(nowMs: number): void {
    // A snapshot's parts are handed over as it drains: they are no sign of slowness.
    const bytes = Math.max(0, this.buffered() - (this.givesSnapshot ? SNAPSHOT_BUFFERED_MAX_BYTES : 0));
    if (bytes > this.core.slowLimits.softBytes) this.#slow ??= new SlowWatch(this);
    this.#slow?.look(bytes, this.drainedMs, nowMs);
  }
}
