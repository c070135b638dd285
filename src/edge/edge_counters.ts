/**
 * What an edge counts: plain numbers that the hot path adds to, read by `/ws/stats`, `/metrics` and health. Nothing here
 * waits, allocates per event or is labelled by client or symbol.
 */
import type { Clock } from "../feed/clock.ts";

/** How a client is connected. */
export type Transport = "ws" | "sse" | "poll" | "massive";

/** Why a client was told that it missed something. */
export const GAP_CAUSES = ["evicted", "epoch", "slow", "overflow", "upstream"] as const;
/** One of {@link GAP_CAUSES}. */
export type GapCause = (typeof GAP_CAUSES)[number];

/** What a client can be too much of: each is a setting, and counted where it is met. */
export const CLIENT_LIMITS = [
  "address",
  "token",
  "instance",
  "sockets",
  "memory",
  "auth_time",
  "messages",
  "bytes",
  "message_size",
  "symbols",
  "headers",
  "header_time",
  "tickets",
] as const;
/** One of {@link CLIENT_LIMITS}. */
export type ClientLimit = (typeof CLIENT_LIMITS)[number];

/** Called with durations and lags as they happen; set by whoever keeps histograms. */
export interface EdgeObservers {
  /** One flush of one stream to all its due followers, in seconds. */
  broadcast: ((stream: string, seconds: number) => void) | undefined;
  /** As `broadcast`, once for each symbol that was in it. Only set where the operator pays for a metric by symbol. */
  broadcastOf: ((stream: string, symbol: string, seconds: number) => void) | undefined;
  /**
   * Receipt by ingest → pulled by this edge, and → handed to sockets (`sent`), and pulled → handed to sockets (`flushed`),
   * in ms, of the newest event.
   */
  lag: ((stream: string, hop: "pulled" | "sent" | "flushed", ms: number) => void) | undefined;
}

const WINDOW_SECONDS = 60;

/** A sum over the last minute, in buckets of a second. */
export class MinuteWindow {
  readonly #buckets = new Float64Array(WINDOW_SECONDS);
  #newestSecond = 0;

  /** @param nowMs any clock that doesn't go back */
  add(nowMs: number, count: number): void {
    this.#roll(nowMs);
    const slot = this.#newestSecond % WINDOW_SECONDS;
    this.#buckets[slot] = (this.#buckets[slot] ?? 0) + count;
  }

  total(nowMs: number): number {
    this.#roll(nowMs);
    return this.#buckets.reduce((sum, count) => sum + count, 0);
  }

  #roll(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    const steps = Math.min(second - this.#newestSecond, WINDOW_SECONDS);
    for (let n = 1; n <= steps; n++) this.#buckets[(this.#newestSecond + n) % WINDOW_SECONDS] = 0;
    if (steps > 0) this.#newestSecond = second;
  }
}

const count = <K extends string>(table: Map<K, number>, key: K, by: number) =>
  void table.set(key, (table.get(key) ?? 0) + by);

/** Everything an edge counts; totals since start unless said otherwise. */
export class EdgeCounters {
  /** Open now, by transport (`poll`: requests that wait). */
  readonly active: Record<Transport, number> = { ws: 0, sse: 0, poll: 0, massive: 0 };
  readonly accepted: Record<Transport, number> = { ws: 0, sse: 0, poll: 0, massive: 0 };
  /** Refused connections by error code. */
  readonly refused = new Map<string, number>();
  /** Sockets we closed whose peer has not let go yet: each pins at most `CLIENT_MAX_BUFFERED_BYTES`. */
  closing = 0;
  /** Frames and control messages handed to sockets and streams. */
  messagesSent = 0;
  /** Events in them. */
  eventsSent = 0;
  bytesSent = 0;
  /** Events that were merged into others before sending. */
  eventsMerged = 0;
  /** Frames built; far fewer than sent when sharing works. */
  framesBuilt = 0;
  /** Clients warned for being slow, and closed for it. */
  slowWarned = 0;
  slowClosed = 0;
  /** Gap messages told, by cause. */
  readonly gaps = new Map<GapCause, number>();
  /** Elements of lists that could not be used, client messages refused, by reason. */
  readonly drops = new Map<string, number>();
  /** Times a client met a limit. */
  readonly limits = new Map<ClientLimit, number>(CLIENT_LIMITS.map((name) => [name, 0]));
  /** Reads of list tails, and those that failed. */
  pulls = 0;
  pullFailures = 0;
  /** Reads that were wider than first asked, because the tail did not reach back to what was held. */
  pullsWidened = 0;
  eventsPulled = 0;
  hints = 0;
  readonly observers: EdgeObservers = { broadcast: undefined, broadcastOf: undefined, lag: undefined };
  readonly #minute = new MinuteWindow();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts messages handed over, many at a time. */
  sent(messages: number, events: number, bytes: number): void {
    this.messagesSent += messages;
    this.eventsSent += events;
    this.bytesSent += bytes;
    this.#minute.add(this.#clock.monotonic(), messages);
  }

  /** Messages of the last 60 s. */
  messagesLastMinute(): number {
    return this.#minute.total(this.#clock.monotonic());
  }

  gap(cause: GapCause): void {
    count(this.gaps, cause, 1);
  }

  drop(reason: string, by = 1): void {
    count(this.drops, reason, by);
  }

  /** A client met a limit. */
  limit(name: ClientLimit): void {
    count(this.limits, name, 1);
  }

  refuse(code: string): void {
    if (code === "TOO_MANY_SYMBOLS") this.limit("symbols");
    count(this.refused, code, 1);
  }
}
