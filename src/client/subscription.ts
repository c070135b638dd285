/** One subscription: what it asks, whom it tells, and its own `for await`. */
import { Inbox, INBOX_CAP_ITEMS } from "./inbox.ts";
import type { GapNotice, StreamEvents, StreamName } from "./message.ts";
import { type Ask, isPattern, symbolFilter } from "./wants.ts";

/** What to subscribe. */
export interface SubscribeRequest<S extends StreamName = StreamName> {
  readonly streams: readonly S[];
  /** Names, prefixes (`X:*`) or `*`; all when left out. */
  readonly symbols?: readonly string[];
  /** `all` (default): every event. `latest`: the newest per symbol when there are more than can be sent; bars merge truthfully. */
  readonly mode?: "all" | "latest";
  /** At most so many frames a second. */
  readonly maxHz?: number;
  /** Fields wanted beside `id`, `type`, `sym` and `t`. */
  readonly fields?: readonly string[];
  /** Begin with the latest event of every symbol. Heatmaps always do. */
  readonly snapshot?: boolean;
  /** Where to go on: a cursor kept from before, or `earliest` for the oldest event still held. */
  readonly cursor?: string;
}

/** Events of one stream, in order, none twice. */
export interface EventsBatch<S extends StreamName = StreamName> {
  readonly stream: S;
  readonly events: readonly StreamEvents[S][];
}

/** The latest event per symbol: all of it when `last`, else the first of several parts. */
export interface SnapshotBatch<S extends StreamName = StreamName> extends EventsBatch<S> {
  readonly last: boolean;
}

/** Who is told. A handler that throws is reported (`reportError`) and hurts nobody else. */
export interface SubscriptionHandlers<S extends StreamName = StreamName> {
  readonly onEvents?: (batch: EventsBatch<S>) => void;
  /** The first snapshot, where asked for; of heatmaps, every later one too. */
  readonly onSnapshot?: (batch: SnapshotBatch<S>) => void;
  readonly onGap?: (gap: GapNotice) => void;
}

/** What the client does for its subscriptions. */
export interface SubscriptionHost {
  changed(): void;
  removed(): void;
}

/** A subscription to whatever streams, as the client holds it. */
export type AnySubscription = Pick<
  Subscription,
  "streams" | "symbols" | "asks" | "deliver" | "deliverSnapshot" | "deliverGap" | "unsubscribe"
>;

/** Runs a caller's handler so that its mistakes stay the caller's. */
export function callSafely<A>(handler: ((argument: A) => void) | undefined, argument: A): void {
  try {
    handler?.(argument);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

const localGap = (stream: string) => (lost: number): GapNotice => ({
  type: "gap",
  stream,
  lost,
  cause: "local",
});

/** Made by `Tickcast.subscribe`. Iterate it for its events and gaps, or give handlers. */
export class Subscription<S extends StreamName = StreamName> implements Disposable {
  #request: SubscribeRequest<S>;
  #wants: (symbol: string) => boolean;
  /** Streams whose snapshot is still owed. */
  readonly #owed: Set<string>;
  readonly #inboxes = new Set<Inbox<StreamEvents[S] | GapNotice>>();
  #active = true;

  readonly #handlers: SubscriptionHandlers<S>;
  readonly #host: SubscriptionHost;

  /** @ignore */
  constructor(request: SubscribeRequest<S>, handlers: SubscriptionHandlers<S>, host: SubscriptionHost) {
    this.#request = request;
    this.#handlers = handlers;
    this.#host = host;
    this.#wants = symbolFilter(this.symbols);
    this.#owed = new Set(request.streams.filter((stream) => request.snapshot || stream === "heatmap"));
  }

  /** As asked for; they stay. */
  get streams(): readonly S[] {
    return this.#request.streams;
  }

  /** As asked for. */
  get symbols(): readonly string[] {
    return this.#request.symbols ?? ["*"];
  }

  /** Whether it still gets events. */
  get isActive(): boolean {
    return this.#active;
  }

  /** Changes symbols, mode, rate or fields while it runs; nothing is lost or repeated for what stays. */
  change(over: Omit<Partial<SubscribeRequest<S>>, "streams" | "cursor">): void {
    this.#request = { ...this.#request, ...over };
    this.#wants = symbolFilter(this.symbols);
    if (over.snapshot) { for (const stream of this.streams) this.#owed.add(stream); }
    this.#host.changed();
  }

  /** Ends it; its iterations end after what they still hold. */
  unsubscribe(): void {
    if (!this.#active) return;
    this.#active = false;
    for (const inbox of this.#inboxes) inbox.end();
    this.#host.removed();
  }

  /** Ends it with its scope. */
  [Symbol.dispose](): void {
    this.unsubscribe();
  }

  /** Its events one by one, snapshots first where asked for; a gap takes the place of what it stands for. */
  async *[Symbol.asyncIterator](): AsyncGenerator<StreamEvents[S] | GapNotice, void, undefined> {
    const inbox = new Inbox<StreamEvents[S] | GapNotice>(INBOX_CAP_ITEMS, localGap(this.streams.join(",")));
    if (!this.#active) return;
    this.#inboxes.add(inbox);
    try {
      for (let item = await inbox.next(); !item.done; item = await inbox.next()) yield item.value;
    } finally {
      inbox.end();
      this.#inboxes.delete(inbox);
    }
  }

  /** @ignore For the client: what it asks now, an ask per stream. */
  asks(): Ask[] {
    const { symbols: _symbols, mode = "all", maxHz, fields, streams } = this.#request;
    const symbols = this.symbols.filter(isPattern);
    if (symbols.length === 0) return [];
    return streams.map((stream) => ({
      streams: [stream],
      symbols,
      mode,
      maxHz,
      fields,
      snapshot: this.#owed.has(stream),
    }));
  }

  /** @ignore For the client: events of a stream, already known to be news. */
  deliver(batch: EventsBatch): void {
    const mine = this.#own(batch);
    if (!mine) return;
    callSafely(this.#handlers.onEvents, mine);
    if (mine.stream === "heatmap") callSafely(this.#handlers.onSnapshot, { ...mine, last: true });
    this.#queue(mine.events);
  }

  /** @ignore For the client: a part of a snapshot. */
  deliverSnapshot(batch: SnapshotBatch): void {
    const isOwed = this.#owed.has(batch.stream);
    if (!isOwed && batch.stream !== "heatmap") return;
    if (batch.last) this.#owed.delete(batch.stream);
    const mine = this.#own(batch, batch.last);
    if (!mine) return;
    callSafely(this.#handlers.onSnapshot, { ...mine, last: batch.last });
    if (isOwed) this.#queue(mine.events);
  }

  /** @ignore For the client. */
  deliverGap(gap: GapNotice): void {
    if (!this.streams.some((stream) => stream === gap.stream)) return;
    callSafely(this.#handlers.onGap, gap);
    for (const inbox of this.#inboxes) inbox.push(gap);
  }

  #queue(events: readonly StreamEvents[S][]): void {
    for (const inbox of this.#inboxes) for (const event of events) inbox.push(event);
  }

  /** What of a batch is for this subscription; undefined when nothing is (unless it is to be told of an empty one). */
  #own(batch: EventsBatch, evenEmpty = false): EventsBatch<S> | undefined {
    const stream = this.streams.find((each) => each === batch.stream);
    if (stream === undefined) return undefined;
    const wants = this.#wants;
    // The events of stream S are StreamEvents[S]: what the protocol promises, checked by nobody else.
    const all = batch.events as readonly StreamEvents[S][];
    const events = this.symbols.includes("*") ? all : all.filter((event) => wants(event.sym));
    return events.length > 0 || evenEmpty ? { stream, events } : undefined;
  }
}
