/** What arrives, handed to whom it concerns: dropped when unreadable, once however often it comes, and noted in the book. */
import type { ClientStats } from "./client_stats.ts";
import type { CursorBook } from "./cursor_book.ts";
import type { ClientError } from "./failure.ts";
import { type AnyEvent, isEvent, type ServerMessage } from "./message.ts";
import type { TickcastOptions } from "./options.ts";
import { type AnySubscription, callSafely, type EventsBatch } from "./subscription.ts";

/** See the file's own words. */
export class Receiver {
  /** State of each stream as last told. */
  states: Readonly<Record<string, string>> = {};

  constructor(
    readonly options: TickcastOptions,
    readonly stats: ClientStats,
    readonly book: CursorBook,
    readonly subscriptions: ReadonlySet<AnySubscription>,
    /** A snapshot is complete: nobody wants it any more. */
    readonly onShown: () => void,
  ) {}

  /** Counts what could not be read. */
  garbage(count = 1): void {
    // Told once: a server that talks nonsense would else flood the handler as well.
    if (this.stats.garbage === 0) this.warn("BAD_MESSAGE", "Something unreadable came and was dropped");
    this.stats.garbage += count;
  }

  /** Tells of something that does not stop the client. */
  warn(code: string, message: string, id?: string): void {
    const error: ClientError = { code, message, ...(id !== undefined && { id }), fatal: false };
    callSafely(this.options.onError, error);
  }

  /** Takes one message. */
  receive(message: ServerMessage): void {
    switch (message.type) {
      case "events":
        this.#receiveEvents(message.stream, message.events);
        return this.book.take(message.cursor);
      case "snapshot":
        return this.#receiveSnapshot(message);
      case "gap":
        this.stats.gaps++;
        if (message.cause === "epoch") this.book.restart(message.stream, message);
        else this.book.take(message.cursor);
        for (const subscription of this.subscriptions) subscription.deliverGap(message);
        return callSafely(this.options.onGap, message);
      case "error":
        return this.warn(message.code, message.message, message.id);
      case "warning":
        this.book.take(message.cursor);
        return this.warn(message.code, message.message);
      case "subscribed":
      case "unsubscribed":
        return this.book.take(message.cursor);
      case "heartbeat":
      case "pong":
        this.book.take(message.cursor);
        if (message.streams) this.states = message.streams;
        if (message.streams) callSafely(this.options.onStreamStates, message.streams);
        return;
    }
  }

  #receiveEvents(stream: string, events: readonly unknown[]): void {
    const readable = events.filter(isEvent);
    if (readable.length < events.length) this.garbage(events.length - readable.length);
    const news = readable.filter((event) => this.book.isNews(stream, event.id));
    this.stats.repeats += readable.length - news.length;
    this.stats.events += news.length;
    if (news.length === 0) return;
    const batch = asBatch(stream, news);
    for (const subscription of this.subscriptions) subscription.deliver(batch);
    callSafely(this.options.onEvents, batch);
    if (stream === "heatmap") callSafely(this.options.onSnapshot, { ...batch, last: true });
  }

  #receiveSnapshot({ stream, events, last, cursor }: ServerMessage & { type: "snapshot" }): void {
    const batch = { ...asBatch(stream, events.filter(isEvent)), last };
    for (const subscription of this.subscriptions) subscription.deliverSnapshot(batch);
    callSafely(this.options.onSnapshot, batch);
    this.book.take(cursor);
    if (last) this.onShown();
  }
}

/** The parse boundary: from here on the events of a stream are typed as that stream's. */
const asBatch = (
  stream: string,
  events: readonly AnyEvent[],
): EventsBatch => ({ stream, events } as EventsBatch);
