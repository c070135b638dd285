/**
 * What a program at the Massive-compatible door follows, kept in line with the pairs it holds: one follower per
 * stream.
 */
import type { EdgeCore } from "../edge_core.ts";
import { placeFor, whenWarm } from "../deliver/feed_wait.ts";
import { Follower, type FollowerHost } from "../follow/follower.ts";
import { PaceRest } from "../follow/pace_rest.ts";
import type { MassiveSession } from "./massive_session.ts";
import type { Wanted } from "../follow/wanted.ts";
import { intervalOf } from "../deliver/join_streams.ts";
import { onPresentFeed } from "../deliver/present_feed.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";

/** How long an acknowledgement waits for a feed to be read; after that it waits for the store itself. */
const STORE_PATIENCE_MS = 2_000;
/** Streams that can stand behind a pair. */
const STREAMS = ["tick", "minute", "fmv"] as const;

interface Held {
  readonly follower: Follower;
  readonly want: Disposable;
}

/** See the file's head. */
export class MassiveFollowing {
  readonly #host: FollowerHost;
  readonly #session: MassiveSession;
  readonly #core: EdgeCore;
  readonly #signal: AbortSignal;
  readonly #held = new Map<string, Held>();
  readonly #pace = new PaceRest();

  /** @param signal aborts when the connection ends */
  constructor(host: FollowerHost, session: MassiveSession, core: EdgeCore, signal: AbortSignal) {
    this.#host = host;
    this.#session = session;
    this.#core = core;
    this.#signal = signal;
  }

  /** Follows what is held now. New followers stand at now and rest until {@link MassiveFollowing.begin}. */
  async update(): Promise<void> {
    await this.#core.plan.ensure();
    const joining: Promise<void>[] = [];
    for (const stream of STREAMS) {
      if (this.#wanted(stream) === undefined) this.#letGo(stream);
      else if (this.#held.has(stream)) this.#reshape(stream);
      else joining.push(this.#join(stream));
    }
    await Promise.all(joining);
  }

  /** The acknowledgement is out: events may follow it. */
  begin(): void {
    for (const { follower } of this.#held.values()) follower.isReady = true;
    this.#core.schedule.wake();
  }

  letGoAll(): void {
    for (const stream of [...this.#held.keys()]) this.#letGo(stream);
  }

  async #join(stream: string): Promise<void> {
    const { feeds } = this.#core;
    const asked = feeds.get(stream);
    if (asked === undefined) return;
    const whenReady = (feed: StreamFeed) => this.#whenReadable(feed);
    try {
      await onPresentFeed(feeds, asked, whenReady, (feed, want) => this.#enter(feed, want));
    } catch (error) {
      if (!this.#signal.aborted) throw error;
    }
  }

  async #whenReadable(feed: StreamFeed): Promise<void> {
    const isWarm = await whenWarm(feed, this.#core.clock, STORE_PATIENCE_MS, this.#signal);
    if (!isWarm && !feed.hasBegun) await feed.fresh(this.#signal);
  }

  #enter(feed: StreamFeed, want: Disposable): void {
    const wanted = this.#wanted(feed.spec.name);
    const { principal } = this.#session;
    if (this.#signal.aborted || wanted === undefined || principal === undefined) {
      return want[Symbol.dispose]();
    }
    const selection = feed.selections.hold(wanted, intervalOf(this.#core, feed, wanted, principal));
    const place = placeFor(feed, { from: "now" });
    const follower = new Follower(this.#host, feed, selection, place.offset, place.skip);
    this.#pace.begins(follower);
    this.#held.set(feed.spec.name, { follower, want });
    this.#core.schedule.add(follower);
  }

  #wanted(stream: string): Wanted | undefined {
    const patterns = this.#session.held.patternsOf(stream);
    return patterns && { patterns, mode: "all", maxHz: undefined, fields: undefined };
  }

  #reshape(stream: string): void {
    const { schedule } = this.#core;
    const { principal } = this.#session;
    const follower = this.#held.get(stream)?.follower;
    const wanted = this.#wanted(stream);
    if (follower === undefined || wanted === undefined || principal === undefined) return;
    const { feed, selection: before } = follower;
    schedule.remove(follower);
    follower.selection = feed.selections.hold(wanted, intervalOf(this.#core, feed, wanted, principal));
    feed.selections.release(before);
    this.#pace.changed(follower, this.#session.principal?.tier);
    schedule.add(follower);
  }

  #letGo(stream: string): void {
    const held = this.#held.get(stream);
    if (held === undefined) return;
    this.#held.delete(stream);
    this.#pace.changed(held.follower, this.#session.principal?.tier);
    this.#core.schedule.remove(held.follower);
    held.follower.feed.selections.release(held.follower.selection);
    held.want[Symbol.dispose]();
  }
}
