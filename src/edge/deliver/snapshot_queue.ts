/**
 * Snapshots on their way to one client, in parts, handed over as the connection drains, so that a large one is not mistaken
 * for slowness; the stream it belongs to goes on from where it is true once the last part is handed over.
 */
import type { EdgeCore } from "../edge_core.ts";
import type { Follower } from "../follow/follower.ts";
import { type ServerMessage, snapshotPart } from "./server_messages.ts";
import { PART_MAX_BYTES, snapshotBodies } from "./snapshot_parts.ts";

/** Parts are handed over while less than this is buffered. */
const DRAINED_BYTES = 64 * 1024;
/** No snapshot has more than this waiting, a single event aside. */
export const SNAPSHOT_BUFFERED_MAX_BYTES = DRAINED_BYTES + PART_MAX_BYTES;
/** A client that takes no part for so long is gone. */
const STUCK_MS = 30_000;

interface Pending {
  readonly follower: Follower;
  readonly parts: ServerMessage[];
}

/** The part of a session that a queue needs. */
export interface SnapshotHost {
  readonly core: EdgeCore;
  readonly isClosed: boolean;
  /** Aborts when the session ends. */
  readonly signal: AbortSignal;
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

  /** Owes a follower a snapshot: given now if it stands at the log's end, else as soon as it does. */
  owe(follower: Follower): void {
    this.#owed.add(follower);
    if (follower.place === follower.feed.log.end) this.give(follower);
  }

  /** The follower stands at the log's end: its snapshot is true there. */
  give(follower: Follower): void {
    const patterns = follower.snapshotOwed;
    if (patterns === undefined) return;
    const bodies = snapshotBodies(follower.feed, patterns, follower.selection.wanted.fields);
    if (bodies === undefined) return this.#reload(follower);
    const { name } = follower.feed.spec;
    const parts = bodies.map((body, n) => snapshotPart(name, follower.cursor, body, n === bodies.length - 1));
    follower.snapshotOwed = undefined;
    follower.isReady = false;
    this.#owed.delete(follower);
    this.#pending.push({ follower, parts });
    this.#movedMs = this.#session.core.clock.monotonic();
    this.pump(this.#movedMs);
  }

  /** Hands over what the connection can take. */
  pump(nowMs: number): void {
    for (const follower of this.#owed) {
      if (follower.place === follower.feed.log.end) this.give(follower);
    }
    for (
      let first = this.#pending[0];
      first !== undefined && !this.#session.isClosed;
      first = this.#pending[0]
    ) {
      const limit = first.parts.length > 0 ? DRAINED_BYTES : 0;
      if (this.#session.buffered() > limit) return this.#wait(nowMs);
      this.#movedMs = nowMs;
      this.#handOver(first);
    }
  }

  clear(): void {
    this.#pending.length = 0;
    this.#owed.clear();
  }

  /** The next part, or, once the last is drained, the live stream. */
  #handOver({ follower, parts }: Pending): void {
    const part = parts.shift();
    if (part !== undefined) return this.#session.say(part);
    this.#pending.shift();
    follower.isReady = true;
    this.#session.core.schedule.mark(follower.feed);
  }

  #wait(nowMs: number): void {
    if (nowMs - this.#movedMs > STUCK_MS) this.#session.close(4001, "slow consumer");
    else this.#session.core.pumpSnapshots();
  }

  #reload(follower: Follower): void {
    follower.feed.latest.load(this.#session.signal).catch((error: unknown) => {
      this.#session.core.log.debug("snapshot_waits", { list: follower.feed.spec.name, error: String(error) });
    });
  }
}
