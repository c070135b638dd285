/** One client's life: connects, listens, is cut or cuts itself, and comes back with its cursor until it is sent home. */
import type { Clock, Random } from "../../feed/clock.ts";
import type { Cursor } from "../../feed/cursor.ts";
import { backoffMs, serverWaitMs } from "../../client/backoff.ts";
import { ClientCheck } from "./client_check.ts";
import type { Transport } from "./load_arguments.ts";
import { count, type LoadFigures } from "./load_figures.ts";
import type { Listen, LoadLink } from "./load_link.ts";
import type { MessageReader, ReadMessage } from "./read_message.ts";
import type { Stretch, Witness } from "./witness.ts";

/** Waits between tries are the project's own client's, but never longer than this: a run is short. */
const RETRY_MAX_MS = 5_000;
/** A flapping client stays for this long, drawn anew each time. */
const FLAP_MIN_MS = 2_000;
const FLAP_SPREAD_MS = 8_000;

/** What a client is. */
export interface ClientShape {
  readonly transport: Transport;
  readonly url: string;
  readonly streams: readonly string[];
  /** Undefined: all. */
  readonly symbols: readonly string[] | undefined;
  readonly isSlow: boolean;
  readonly isFlapping: boolean;
  readonly token: string | undefined;
}

/** What clients share. */
export interface ClientSurroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly figures: LoadFigures;
  readonly reader: MessageReader;
  readonly listen: Readonly<Record<Transport, Listen>>;
  readonly onStretch: (stretch: Stretch) => void;
}

/** See the file comment. */
export class LoadClient {
  readonly #around: ClientSurroundings;
  readonly #check: ClientCheck;
  readonly #shape: ClientShape;
  readonly #witness: Witness | undefined;
  readonly ready = Promise.withResolvers<void>();
  #startedMs = 0;
  #openedAt = 0;
  #isConnected = false;
  /** When a server that went away said to come back, by the monotonic clock. */
  #comeBackMs = 0;

  /** @param witness given to the one client that others are held against */
  constructor(shape: ClientShape, around: ClientSurroundings, witness?: Witness) {
    this.#shape = shape;
    this.#around = around;
    this.#witness = witness;
    this.#check = new ClientCheck(shape.symbols, around.figures.totals, around.onStretch);
  }

  /** Until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#around;
    let tries = 0;
    while (!signal.aborted) {
      const isEstablished = await this.#connection(signal);
      tries = isEstablished ? 1 : tries + 1;
      const askedMs = this.#comeBackMs - clock.monotonic();
      const waitMs = askedMs > 0 ? askedMs : backoffMs(tries, random, RETRY_MAX_MS);
      if (!signal.aborted) await clock.sleep(waitMs, signal).catch(() => {});
    }
    this.#check.end();
  }

  /** One connection; true when the server let it in. */
  async #connection(signal: AbortSignal): Promise<boolean> {
    const { clock, random, figures, listen } = this.#around;
    const { transport, isFlapping } = this.#shape;
    const cut = new AbortController();
    const flap = isFlapping
      ? clock.timer(FLAP_MIN_MS + random() * FLAP_SPREAD_MS, () => cut.abort())
      : undefined;
    const leave = () => cut.abort();
    signal.addEventListener("abort", leave, { once: true });
    this.#startedMs = clock.monotonic();
    figures.attempts[transport]++;
    const link = this.#link();
    if (link.cursor !== "") figures.resumed++;
    let reason = "closed before it was subscribed";
    try {
      await listen[transport](link, cut.signal);
    } catch (error) {
      reason = error instanceof Error ? shorten(error.message) : "unknown";
    }
    flap?.[Symbol.dispose]();
    signal.removeEventListener("abort", leave);
    const wasConnected = this.#isConnected;
    if (wasConnected) {
      this.#isConnected = false;
      figures.connected[transport]--;
      if (!cut.signal.aborted) figures.dropped++;
    } else if (!cut.signal.aborted) figures.fail(reason);
    return wasConnected;
  }

  #link(): LoadLink {
    const { url, streams, symbols, token, isSlow } = this.#shape;
    const { clock, reader, figures } = this.#around;
    return {
      url,
      streams,
      symbols,
      token,
      isSlow,
      clock,
      reader,
      cursor: this.#check.cursor(),
      opened: () => {
        this.#openedAt = clock.now();
        const tookMs = clock.monotonic() - this.#startedMs;
        figures.connectMs.add(tookMs);
        figures.recentConnectMs.add(tookMs);
      },
      take: (message, cursor) => this.#take(message, cursor),
    };
  }

  #take(message: ReadMessage, cursor: Cursor | undefined): void {
    const { figures, clock } = this.#around;
    figures.totals.messages++;
    switch (message.kind) {
      case "events":
        return this.#takeEvents(message, cursor ?? message.cursor);
      case "gap":
        this.#check.gap(message.list, message.after, message.before, message.lost, message.cause);
        this.#witness?.gap(message.list, message.after, message.before);
        return this.#moveTo(cursor ?? message.cursor);
      case "cursor":
        if (message.type === "subscribed") this.#established();
        return this.#moveTo(cursor ?? message.cursor);
      case "reconnect":
        this.#comeBackMs = clock.monotonic() + (serverWaitMs(message.afterMs) ?? 0);
        return this.#moveTo(cursor ?? message.cursor);
      case "snapshot":
        // How late a slow client reads is its own doing.
        if (message.isLast && !this.#shape.isSlow) {
          figures.snapshotMs.add(clock.monotonic() - this.#startedMs);
        }
        return;
      case "warning":
        count(figures.warnings, message.code);
        if (message.code === "SLOW_CONSUMER") this.#check.exempt();
        return this.#moveTo(cursor ?? message.cursor);
      case "error":
        return count(figures.errors, message.code);
      case "malformed":
        return count(figures.malformed, message.why);
      case "hello":
      case "other":
    }
  }

  #takeEvents({ runs, count, oldestRx }: Extract<ReadMessage, { kind: "events" }>, cursor: Cursor): void {
    for (const run of runs) {
      this.#check.take(run);
      this.#witness?.note(run);
    }
    this.#moveTo(cursor);
    // What a resuming client catches up on is as old as its absence, and no measure of delivery.
    if (count === 0 || oldestRx < this.#openedAt || this.#shape.isSlow) return;
    const lateMs = this.#around.clock.now() - oldestRx;
    this.#around.figures.deliveryMs.add(lateMs);
    this.#around.figures.recentDeliveryMs.add(lateMs);
  }

  #moveTo(cursor: Cursor): void {
    this.#check.moveTo(cursor);
    if (this.#witness !== undefined) {
      for (const [list, position] of cursor) {
        this.#witness.at(list, position);
      }
    }
  }

  #established(): void {
    if (this.#isConnected) return;
    const { figures } = this.#around;
    this.#isConnected = true;
    figures.connected[this.#shape.transport]++;
    figures.established[this.#shape.transport]++;
    this.ready.resolve();
  }
}

/** Addresses and ports make the same failure look like many. */
const shorten = (message: string) => message.replace(/\s*\(?https?:\/\/\S+\)?/g, "").slice(0, 80);
