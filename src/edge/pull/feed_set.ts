/** The feeds of an instance, one per stream, made when first asked for, and the one subscription to hints that serves them. */
import type { StreamSpec, StreamTable } from "../../feed/stream.ts";
import { listsOfStream } from "../../feed/stream.ts";
import { HintListener } from "./hint_listener.ts";
import { StreamFeed, type StreamFeedOptions } from "./stream_feed.ts";

/** What a set runs on. */
export interface FeedSetOptions extends Omit<StreamFeedOptions, "spec" | "lists" | "onSetBack"> {
  readonly streams: StreamTable;
  /** How many lists a stream is split over. */
  readonly listCount: (stream: string) => number;
  /** A feed is replaced by another of the same stream; the first is ended after this. */
  readonly onReplaced: (before: StreamFeed, after: StreamFeed) => void;
}

/** See the file comment. */
export class FeedSet implements AsyncDisposable {
  readonly #options: FeedSetOptions;
  readonly #feeds = new Map<string, StreamFeed>();
  readonly #hints: HintListener;
  #wants = 0;
  #retired: Promise<unknown> = Promise.resolve();

  constructor(options: FeedSetOptions) {
    this.#options = options;
    this.#hints = new HintListener({
      store: options.store,
      clock: options.clock,
      random: options.random,
      log: options.logger,
      lingerMs: options.lingerMs,
      onHint: ({ list, position }) => {
        options.counters.hints++;
        for (const feed of this.#feeds.values()) if (feed.hint(list, position)) return;
      },
    });
  }

  get streams(): StreamTable {
    return this.#options.streams;
  }

  /** The feed of a stream; undefined when the table has no such stream. */
  get(stream: string): StreamFeed | undefined {
    const known = this.#feeds.get(stream);
    const spec = this.#options.streams.get(stream);
    if (known !== undefined || spec === undefined) return known;
    return this.#make(stream, spec);
  }

  /** The plan has changed: a stream that is now split otherwise gets a new feed. */
  update(): void {
    for (const [stream, feed] of this.#feeds) {
      const lists = listsOfStream(stream, this.#options.listCount(stream));
      if (lists.join() === feed.log.lists.join()) continue;
      this.#replace(feed);
    }
  }

  /** Those made so far. */
  all(): Iterable<StreamFeed> {
    return this.#feeds.values();
  }

  /** Wants a feed pulled, and hints listened to, until disposed. */
  want(feed: StreamFeed): Disposable {
    return new FeedWant(this, feed);
  }

  /** See {@link FeedSet.want}. */
  hold(feed: StreamFeed): void {
    feed.hold();
    if (this.#wants++ === 0) this.#hints.start();
  }

  letGo(feed: StreamFeed): void {
    feed.letGo();
    if (--this.#wants === 0) this.#hints.rest();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#retired;
    await this.#hints[Symbol.asyncDispose]();
    await Promise.all([...this.#feeds.values()].map((feed) => feed[Symbol.asyncDispose]()));
  }

  /** Whoever follows a feed goes on in a new one, which knows nothing of what the first had seen. */
  #replace(feed: StreamFeed): void {
    const { name } = feed.spec;
    if (this.#feeds.get(name) !== feed) return;
    const after = this.#make(name, feed.spec);
    this.#options.onReplaced(feed, after);
    this.#retired = Promise.all([this.#retired, feed[Symbol.asyncDispose]()]);
  }

  #make(stream: string, spec: StreamSpec): StreamFeed {
    const lists = listsOfStream(stream, this.#options.listCount(stream));
    const onSetBack = (before: StreamFeed) => this.#replace(before);
    const feed = new StreamFeed({ ...this.#options, spec, lists, onSetBack });
    this.#feeds.set(stream, feed);
    return feed;
  }
}

/** One client's interest in one feed: small, for there is one per subscription. */
class FeedWant implements Disposable {
  #feed: StreamFeed | undefined;

  constructor(readonly feeds: FeedSet, feed: StreamFeed) {
    this.#feed = feed;
    feeds.hold(feed);
  }

  [Symbol.dispose](): void {
    const feed = this.#feed;
    this.#feed = undefined;
    if (feed !== undefined) this.feeds.letGo(feed);
  }
}
