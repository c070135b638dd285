/**
 * The client of a tickcast server, for browsers and everything else with `WebSocket` and `fetch` (`docs/client.md`).
 *
 * ```js
 * const client = new Tickcast("https://feed.example");
 * client.connect();
 * for await (const event of client.subscribe({ streams: ["tick"], symbols: ["AAPL"] })) console.log(event);
 * ```
 */
import { BACKOFF_CAP_MS } from "./backoff.ts";
import type { ClientStats } from "./client_stats.ts";
import { Connection } from "./connection.ts";
import { CursorBook } from "./cursor_book.ts";
import type { ClientError } from "./failure.ts";
import type { HistoryRequest } from "./history.ts";
import { loadFallbacks, openLazily } from "./lazy_link.ts";
import type { OpenLink } from "./link.ts";
import { type AnyEvent, isEvent, type ServerMessage, type StreamName } from "./message.ts";
import { baseOf, type TickcastOptions, usableTransports } from "./options.ts";
import { watchPage } from "./page_watch.ts";
import { type Platform, platformWith } from "./platform.ts";
import type { Status } from "./status.ts";
import {
  type AnySubscription,
  callSafely,
  type EventsBatch,
  type SubscribeRequest,
  Subscription,
  type SubscriptionHandlers,
} from "./subscription.ts";
import { TokenKeeper } from "./token_keeper.ts";
import { mergeAsks, type Wants } from "./wants.ts";
import { openWebSocket } from "./websocket_link.ts";

export type { FairValue, Heatmap, MinuteBar, SecondBar } from "../feed/event.ts";
export type { Signal, Stamped, SymbolEvent, Trade } from "../feed/event.ts";
export type { ClientStats } from "./client_stats.ts";
export type { ClientError } from "./failure.ts";
export type { HistoryRequest } from "./history.ts";
export type { OpenLink, Transport } from "./link.ts";
export type { AnyEvent, GapNotice, StreamEvents, StreamName } from "./message.ts";
export type { TickcastOptions } from "./options.ts";
export type { PageLike, Platform, SocketConstructor, SocketLike } from "./platform.ts";
export type { Status } from "./status.ts";
export type { EventsBatch, SnapshotBatch, SubscribeRequest } from "./subscription.ts";
export type { Subscription, SubscriptionHandlers } from "./subscription.ts";
export type { TokenSource } from "./token_keeper.ts";

/** A connection to a tickcast server with any number of subscriptions over it. */
export class Tickcast implements Disposable {
  /** Counts since the client was made. */
  readonly stats: ClientStats = { events: 0, repeats: 0, garbage: 0, gaps: 0, roundTripMs: undefined };
  readonly #options: TickcastOptions;
  readonly #platform: Platform;
  readonly #bases: readonly string[];
  readonly #tokens: TokenKeeper;
  readonly #book: CursorBook;
  readonly #connection: Connection;
  readonly #subscriptions = new Set<AnySubscription>();
  #page: AbortController | undefined;
  #ready = Promise.withResolvers<void>();
  #isUpdateDue = false;
  #states: Readonly<Record<string, string>> = {};

  /**
   * @param address Where the server is, `https://host/prefix`; several equal servers as an array.
   * @throws {TypeError} When an address or an option is none.
   */
  constructor(address: string | readonly string[], options: TickcastOptions = {}) {
    this.#options = options;
    this.#platform = platformWith(options.platform);
    this.#bases = [address].flat().map(baseOf);
    if (this.#bases.length === 0) {
      throw new TypeError("Cannot connect as there is no address: current value is []");
    }
    this.#book = new CursorBook(options.cursor);
    this.#tokens = new TokenKeeper(options.token, this.#platform);
    this.#ready.promise.catch(() => {});
    const share = options.share ?? ((open: OpenLink) => open);
    this.#connection = new Connection({
      platform: this.#platform,
      bases: this.#bases,
      transports: usableTransports(options.transports, this.#platform),
      openers: {
        websocket: share(openWebSocket),
        sse: share(openLazily("openSse")),
        poll: share(openLazily("openPoll")),
      },
      tokens: this.#tokens,
      maxAttempts: options.maxAttempts ?? 5,
      backoffCapMs: options.backoffCapMs ?? BACKOFF_CAP_MS,
      pingIntervalMs: options.pingIntervalMs ?? 30_000,
      upgradeIntervalMs: options.upgradeIntervalMs ?? 30_000,
      context: {
        wants: () => this.#wants(),
        cursorOf: (streams) => this.#book.of(streams),
        pollIntervalMs: options.pollIntervalMs ?? 1_000,
      },
    }, {
      onMessage: (message) => this.#receive(message),
      onGarbage: () => this.#garbage(),
      onStatus: (status) => this.#onStatus(status),
      onError: (error) => callSafely(options.onError, error),
      onRoundTrip: (ms) => this.stats.roundTripMs = ms,
    });
  }

  /** How the connection stands. */
  get status(): Status {
    return this.#connection.status;
  }

  /** Where this client stands in every list: keep it, and a later client goes on there (`options.cursor`). */
  get cursor(): string {
    return this.#book.of();
  }

  /** State of each stream as the server last told it. */
  get streamStates(): Readonly<Record<string, string>> {
    return this.#states;
  }

  /** Connects and stays connected. Resolves when first open; rejects when it ends before. Need not be awaited. */
  connect(): Promise<void> {
    if (!this.#page) {
      this.#page = new AbortController();
      watchPage(this.#platform, this.#options.pauseHiddenAfterMs ?? 0, {
        onWake: () => this.#wake(),
        onLeave: () => this.#connection.stop({ state: "paused" }),
        onReturn: () => this.#wake(),
        onHiddenLong: () => this.#connection.stop({ state: "paused" }),
      }, this.#page.signal);
    }
    this.#connection.start();
    return this.#ready.promise;
  }

  /** Subscribes, at once or as soon as connected. Several subscriptions share the connection and may overlap. */
  subscribe<S extends StreamName>(
    request: SubscribeRequest<S>,
    handlers: SubscriptionHandlers<S> = {},
  ): Subscription<S> {
    const subscription = new Subscription<S>(request, handlers, {
      changed: () => this.#plan(),
      removed: () => this.#removed(subscription),
    });
    if (request.cursor !== undefined) this.#book.resume(request.streams, request.cursor);
    this.#subscriptions.add(subscription);
    this.#plan();
    return subscription;
  }

  /** Ends one subscription, or all of them. */
  unsubscribe(subscription?: Disposable): void {
    if (subscription) subscription[Symbol.dispose]();
    else for (const each of [...this.#subscriptions]) each.unsubscribe();
  }

  /** Closes the connection. Subscriptions and cursor stay: `connect()` goes on where this stopped. */
  disconnect(): void {
    this.#page?.abort();
    this.#page = undefined;
    this.#connection.stop({ state: "closed", error: undefined });
  }

  /** Unsubscribes everything and disconnects. */
  [Symbol.dispose](): void {
    this.unsubscribe();
    this.disconnect();
  }

  /** What the server still holds of a stream, oldest first, as pages of events, up to now. Needs no connection. */
  async *history<S extends StreamName>(
    request: HistoryRequest<S>,
  ): AsyncGenerator<EventsBatch<S>, void, undefined> {
    const { history } = await loadFallbacks();
    yield* history(this.#platform, this.#bases[0] ?? "", this.#tokens, request);
  }

  #wants(): Wants {
    return mergeAsks([...this.#subscriptions].flatMap((subscription) => subscription.asks()));
  }

  #wake(): void {
    const { status } = this;
    if (status.state === "paused" || (status.state === "closed" && status.error?.code === "GAVE_UP")) {
      this.#connection.start();
    } else this.#connection.nudge();
  }

  /** One update for all changes made in one go. */
  #plan(): void {
    if (this.#isUpdateDue) return;
    this.#isUpdateDue = true;
    queueMicrotask(() => {
      this.#isUpdateDue = false;
      this.#connection.update();
    });
  }

  #removed(subscription: AnySubscription): void {
    this.#subscriptions.delete(subscription);
    const wants = this.#wants();
    for (const stream of subscription.streams) if (!wants.has(stream)) this.#book.drop(stream);
    this.#plan();
  }

  #onStatus(status: Status): void {
    if (status.state === "open") this.#ready.resolve();
    if (status.state === "closed") {
      this.#ready.reject(new Error(status.error?.message ?? "Disconnected", { cause: status.error }));
      this.#ready = Promise.withResolvers<void>();
      this.#ready.promise.catch(() => {});
    }
    callSafely(this.#options.onStatusChange, status);
  }

  #garbage(count = 1): void {
    // Told once: a server that talks nonsense would else flood the handler as well.
    if (this.stats.garbage === 0) {
      const error: ClientError = {
        code: "BAD_MESSAGE",
        message: "Something unreadable came; it was dropped (stats.garbage counts)",
        fatal: false,
      };
      callSafely(this.#options.onError, error);
    }
    this.stats.garbage += count;
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case "events":
        this.#receiveEvents(message.stream, message.events);
        return this.#book.take(message.cursor);
      case "snapshot":
        return this.#receiveSnapshot(message);
      case "gap":
        this.stats.gaps++;
        if (message.cause === "epoch") this.#book.restart(message.stream);
        this.#book.take(message.cursor);
        for (const subscription of this.#subscriptions) subscription.deliverGap(message);
        return callSafely(this.#options.onGap, message);
      case "error":
        return callSafely(this.#options.onError, {
          code: message.code,
          message: message.message,
          ...(message.id !== undefined && { id: message.id }),
          fatal: false,
        });
      case "warning":
        this.#book.take(message.cursor);
        return callSafely(this.#options.onError, {
          code: message.code,
          message: message.message,
          fatal: false,
        });
      case "subscribed":
        return this.#book.take(message.cursor);
      case "heartbeat":
      case "pong":
        this.#book.take(message.cursor);
        if (message.streams) this.#states = message.streams;
        if (message.streams) callSafely(this.#options.onStreamStates, message.streams);
        return;
    }
  }

  #receiveEvents(stream: string, events: readonly unknown[]): void {
    const readable = events.filter(isEvent);
    if (readable.length < events.length) this.#garbage(events.length - readable.length);
    const news = readable.filter((event) => this.#book.isNews(stream, event.id));
    this.stats.repeats += readable.length - news.length;
    this.stats.events += news.length;
    if (news.length === 0) return;
    const batch = asBatch(stream, news);
    for (const subscription of this.#subscriptions) subscription.deliver(batch);
    callSafely(this.#options.onEvents, batch);
    if (stream === "heatmap") callSafely(this.#options.onSnapshot, { ...batch, last: true });
  }

  #receiveSnapshot({ stream, events, last, cursor }: ServerMessage & { type: "snapshot" }): void {
    const batch = { ...asBatch(stream, events.filter(isEvent)), last };
    for (const subscription of this.#subscriptions) subscription.deliverSnapshot(batch);
    callSafely(this.#options.onSnapshot, batch);
    this.#book.take(cursor);
    if (last) this.#plan();
  }
}

/** The parse boundary: from here on the events of a stream are typed as that stream's. */
const asBatch = (
  stream: string,
  events: readonly AnyEvent[],
): EventsBatch => ({ stream, events } as EventsBatch);
