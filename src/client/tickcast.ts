/**
 * The client of a tickcast server, for browsers and everything else with `WebSocket` and `fetch` (`docs/client.md`).
 *
 * ```js
 * const client = new Tickcast("https://feed.example");
 * client.connect();
 * for await (const event of client.subscribe({ streams: ["tick"], symbols: ["AAPL"] })) console.log(event);
 * ```
 */
import type { ClientStats } from "./client_stats.ts";
import { Connection } from "./connection.ts";
import { CursorBook } from "./cursor_book.ts";
import type { HistoryPage, HistoryRequest } from "./history.ts";
import { loadFallbacks, openLazily } from "./lazy_link.ts";
import type { OpenLink } from "./link.ts";
import type { StreamName } from "./message.ts";
import { basesOf, numbersOf, type TickcastOptions, usableTransports } from "./options.ts";
import { watchPage } from "./page_watch.ts";
import { type Platform, platformWith } from "./platform.ts";
import { Receiver } from "./receiver.ts";
import type { Status } from "./status.ts";
import {
  type AnySubscription,
  callSafely,
  type SubscribeRequest,
  Subscription,
  type SubscriptionHandlers,
} from "./subscription.ts";
import { TokenKeeper } from "./token_keeper.ts";
import { isPattern, mergeAsks, type Wants } from "./wants.ts";
import { openWebSocket } from "./websocket_link.ts";

export type { FairValue, Heatmap, MinuteBar, SecondBar } from "../feed/event.ts";
export type { Signal, Stamped, SymbolEvent, Trade } from "../feed/event.ts";
export type { ClientStats } from "./client_stats.ts";
export type { ClientError } from "./failure.ts";
export type { HistoryPage, HistoryRequest } from "./history.ts";
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
  readonly #pauseHiddenAfterMs: number;
  readonly #platform: Platform;
  readonly #bases: readonly string[];
  readonly #tokens: TokenKeeper;
  readonly #book: CursorBook;
  readonly #connection: Connection;
  readonly #receiver: Receiver;
  readonly #subscriptions = new Set<AnySubscription>();
  /** How often each stream was left by its last subscription. */
  readonly #left = new Map<string, number>();
  #page: AbortController | undefined;
  #ready = Promise.withResolvers<void>();
  #isUpdateDue = false;

  /**
   * @param address Where the server is, `https://host/prefix`; several equal servers as an array.
   * @throws {TypeError} When an address or an option is none.
   */
  constructor(address: string | readonly string[], options: TickcastOptions = {}) {
    this.#options = options;
    this.#platform = platformWith(options.platform);
    this.#bases = basesOf(address);
    this.#book = new CursorBook(options.cursor);
    this.#tokens = new TokenKeeper(options.token, this.#platform);
    this.#ready.promise.catch(() => {});
    this.#receiver = new Receiver(options, this.stats, this.#book, this.#subscriptions, () => this.#plan());
    const { pollIntervalMs, pauseHiddenAfterMs, ...numbers } = numbersOf(options);
    this.#pauseHiddenAfterMs = pauseHiddenAfterMs;
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
      ...numbers,
      context: {
        wants: () => this.#wants(),
        cursorOf: (streams) => this.#book.of(streams),
        pollIntervalMs,
      },
    }, {
      onMessage: (message) => this.#receiver.receive(message),
      onGarbage: () => this.#receiver.garbage(),
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
    return this.#receiver.states;
  }

  /** Connects and stays connected. Resolves when first open; rejects when it ends before. Need not be awaited. */
  connect(): Promise<void> {
    if (!this.#page) {
      this.#page = new AbortController();
      watchPage(this.#platform, this.#pauseHiddenAfterMs, {
        onWake: () => this.#wake(),
        onLeave: () => this.#pause(),
        onReturn: () => this.#wake(),
        onHiddenLong: () => this.#pause(),
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
      changed: () => this.#changed(subscription),
      removed: () => this.#removed(subscription),
    });
    this.#book.resume(request.streams, request.cursor);
    this.#subscriptions.add(subscription);
    this.#changed(subscription);
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
  ): AsyncGenerator<HistoryPage<S>, void, undefined> {
    const { history } = await loadFallbacks();
    const token = await this.#tokens.get();
    yield* history(this.#platform, this.#bases[0] ?? "", token?.value, request);
  }

  #wants(): Wants {
    const wants = mergeAsks([...this.#subscriptions].flatMap((subscription) => subscription.asks()));
    if (this.#left.size === 0) return wants;
    return new Map([...wants].map(([stream, want]) => [stream, { ...want, left: this.#left.get(stream) }]));
  }

  /** What has ended stays so: only `connect()` begins it again. */
  #pause(): void {
    if (this.status.state !== "closed") this.#connection.stop({ state: "paused" });
  }

  #wake(): void {
    const { status } = this;
    if (status.state === "paused" || (status.state === "closed" && status.error?.code === "GAVE_UP")) {
      this.#connection.start();
    } else this.#connection.nudge();
  }

  /** A symbol that is none is left out: asked for, the server would refuse all that is asked with it. */
  #changed({ symbols }: AnySubscription): void {
    for (const symbol of symbols) {
      if (isPattern(symbol)) continue;
      const shown = JSON.stringify(symbol).slice(0, 40);
      this.#receiver.warn("BAD_SYMBOL", `Left out ${shown}: a symbol is letters, digits and . : / _ -`);
    }
    this.#plan();
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
    for (const stream of subscription.streams) {
      if (wants.has(stream)) continue;
      this.#book.drop(stream);
      this.#left.set(stream, (this.#left.get(stream) ?? 0) + 1);
    }
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
}
