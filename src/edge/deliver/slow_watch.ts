/**
 * How a session bears a peer that does not take what it is handed: warned, its streams conflated, closed with a cursor to come
 * back with. Frames are judged as they are flushed; what waits besides (answers to commands) is looked at between flushes,
 * for a stream may say nothing for long. Made only for those of whom something waits.
 */
import type { EdgeCore } from "../edge_core.ts";
import type { Follower } from "../follow/follower.ts";
import * as say from "./server_messages.ts";
import { SlowPolicy } from "../follow/slow_policy.ts";

/** The part of a session that is needed. */
export interface WatchedSession {
  readonly core: EdgeCore;
  readonly id: string;
  cursor(): string;
  say(message: say.ServerMessage): void;
  close(code: number, reason: string, retryAfterMs?: number): void;
}

/** See the file comment. */
export class SlowWatch {
  readonly #session: WatchedSession;
  readonly #policy: SlowPolicy;
  #isWarned = false;
  /** When a look first found it over the soft bound, and every one since; -1: not over. */
  #overMs = -1;

  constructor(session: WatchedSession) {
    this.#session = session;
    this.#policy = new SlowPolicy(session.core.slowLimits);
  }

  /** Judges one flush of one follower, see {@link SlowPolicy.judge}: whether it may send. May close the session. */
  judge(
    follower: Follower,
    drainedMs: number,
    bufferedBytes: number,
    nowMs: number,
    isLate: boolean,
  ): boolean {
    const verdict = this.#policy.judge(follower, drainedMs, bufferedBytes, nowMs, isLate);
    follower.isDegraded = this.#policy.isDegraded && follower.feed.spec.slowClient === "conflate";
    if (verdict === "close") this.#giveUp(bufferedBytes);
    else this.#tell(bufferedBytes);
    return verdict === "send";
  }

  /**
   * Between flushes. What a flush or a burst of answers has just handed over is held against nobody: that takes two looks in
   * a row that find it over the soft bound, and no flush in between that found nothing waiting. May close the session.
   */
  look(bufferedBytes: number, drainedMs: number, nowMs: number): void {
    const isOver = bufferedBytes > this.#policy.limits.softBytes;
    const isNew = isOver && (this.#overMs < 0 || this.#overMs <= drainedMs);
    if (isNew || !isOver) this.#overMs = isOver ? nowMs : -1;
    if (isNew) return;
    const verdict = this.#policy.observe(nowMs, bufferedBytes, 0);
    const isOverdue = bufferedBytes > 0 && this.#policy.isOverdue(nowMs);
    if (verdict === "close" || isOverdue) this.#giveUp(bufferedBytes);
    else this.#tell(bufferedBytes);
  }

  #tell(bufferedBytes: number): void {
    if (this.#policy.isOver) this.#warn(bufferedBytes);
    else if (this.#isWarned && !this.#policy.isDegraded) this.#recover();
  }

  #warn(bufferedBytes: number): void {
    if (this.#isWarned) return;
    this.#isWarned = true;
    this.#note("conflate", bufferedBytes);
    this.#session.core.counters.slowWarned++;
    const done =
      "Behind: ticks, fair values and heatmaps are merged to the latest, the rest waits in the ring";
    this.#session.say(say.warning("SLOW_CONSUMER", done, this.#session.cursor()));
  }

  #recover(): void {
    this.#isWarned = false;
    const done = "Keeping up again: every event is sent";
    this.#session.say(say.warning("RECOVERED", done, this.#session.cursor()));
  }

  #giveUp(bufferedBytes: number): void {
    this.#session.core.counters.slowClosed++;
    this.#note("close", bufferedBytes);
    const done = "Closed for being behind for too long: come back with this cursor";
    this.#session.say(say.warning("SLOW_CONSUMER", done, this.#session.cursor()));
    this.#session.close(4001, "slow consumer", say.SLOW_RETRY_MS);
  }

  #note(action: string, bufferedBytes: number): void {
    const { core, id } = this.#session;
    core.log.warning("slow_consumer", { client: id, buffered_bytes: bufferedBytes, action });
  }
}
