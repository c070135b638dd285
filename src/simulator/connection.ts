/**
 * One client's socket: the conversation of `session.ts` over a real WebSocket, its outbox, its slot, and what faults do
 * to it. Ends in one of three ways: closed by the client, cut without a close frame, or closed with 1008.
 */
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Log } from "../feed/log.ts";
import { Admission, type AdmissionDeps } from "./admission.ts";
import type { FeedPath } from "./feed_path.ts";
import { Outbox } from "./outbox.ts";
import type { Accounts } from "./protocol/accounts.ts";
import { Session } from "./protocol/session.ts";
import { AUTH_TIMEOUT, CONNECTED, isStatusText, maxConnectionsText } from "./protocol/status_text.ts";

/** Messages kept of a client that doesn't wait for `connected`. */
const EARLY_MESSAGES = 1000;
/** How long a peer may take to answer a close frame, and a cut socket to go. */
const LINGER_MS = 1000;

/** What connections share. */
export interface ConnectionDeps extends AdmissionDeps {
  readonly log: Log;
  readonly accounts: Accounts;
  /** Called for every frame the kernel took, with its data events. */
  readonly onWritten: (connection: Connection, events: readonly string[]) => void;
  /** A subscription changed. */
  readonly onSubscribed: (connection: Connection) => void;
  readonly onClosed: (connection: Connection) => void;
}

/** What `GET /control` shows of a connection. */
export interface ConnectionState {
  readonly id: number;
  readonly host: string;
  readonly market: string;
  readonly account: string | null;
  readonly subscriptions: readonly string[];
  /** Data events handed to the kernel. */
  readonly events: number;
  readonly waitingBytes: number;
  readonly condition: "open" | "half-open";
}

/** See the module. */
export class Connection {
  readonly session: Session;
  readonly outbox: Outbox;
  readonly #admission: Admission;
  #authTimer: Disposable | undefined;
  readonly #timers = new Set<Disposable>();
  /** What a pipelining client said before `connected`; undefined once that was sent. */
  #early: string[] | undefined = [];
  #events = 0;
  #halfOpen = false;
  #withholdsPongs = false;
  #silentUntil = 0;
  #ended = false;
  #onPong: (() => void) | undefined;

  constructor(
    readonly id: number,
    readonly path: FeedPath,
    private readonly socket: WebSocket,
    private readonly tcp: Duplex,
    private readonly deps: ConnectionDeps,
  ) {
    this.session = new Session(path, deps.accounts, deps.behaviour);
    this.#admission = new Admission(deps, path.cluster, () => this.#evict());
    this.outbox = new Outbox({
      clock: deps.clock,
      limits: deps.behaviour,
      wire: { send: (text, written) => this.#write(text, written), pong: (data) => this.#pong(data) },
      onWritten: (texts) => this.#written(texts),
      onOverflow: () => this.cut("buffer-full"),
    });
    socket.on("message", (data, isBinary) => this.#receive(isBinary ? "" : data.toString()));
    socket.on("ping", (data: Uint8Array) => this.outbox.pong(data));
    socket.on("pong", () => this.#onPong?.());
    socket.on("close", (code) => this.#close(code === 1006));
    socket.on("error", () => {/* `close` follows and says it */});
    this.#after(deps.behaviour.connectedDelayMs, () => this.#greet());
  }

  get state(): ConnectionState {
    return {
      id: this.id,
      host: this.path.host,
      market: this.path.cluster,
      account: this.session.account?.name ?? null,
      subscriptions: this.session.held.list(),
      events: this.#events,
      waitingBytes: this.outbox.waitingBytes,
      condition: this.#halfOpen ? "half-open" : "open",
    };
  }

  /** Bytes of this connection that the kernel has not taken. */
  get waitingBytes(): number {
    return Math.max(this.outbox.waitingBytes, this.socket.bufferedAmount);
  }

  /** Hands data events over; a silent or half-open connection loses them, as the real one does. */
  deliver(events: readonly string[]): void {
    if (this.#ended || this.#halfOpen || this.deps.clock.monotonic() < this.#silentUntil) return;
    this.outbox.push(events);
  }

  /** Sends any text as a frame, past the array framing: for faults. */
  sendRaw(text: string): void {
    if (!this.#ended && !this.#halfOpen) this.#write(text, () => {});
  }

  /**
   * Drops the TCP connection without a close frame, at once. Deno 2.5 keeps an upgraded socket that is destroyed open, so
   * there a client notices only by its own pings; 2.9 closes it.
   */
  cut(why: string): void {
    if (this.#ended) return;
    this.deps.log.debug("simulator_cut", { connection: this.id, why });
    this.#close(false);
    this.socket.terminate();
    this.tcp.destroy();
  }

  /** Drops it without a close frame after what was written has left. */
  dropAfter(status: string): void {
    this.#write(`[${status}]`, () => {
      this.tcp.end();
      this.#after(LINGER_MS, () => this.cut("lingered"));
    });
  }

  /** Tells the client it is over quota, then closes with 1008. */
  #evict(): void {
    if (this.#ended) return;
    if (this.#halfOpen) return this.cut("evicted-half-open");
    this.outbox.push([maxConnectionsText(this.deps.behaviour.maxConnectionsVariant)]);
    this.outbox.close();
    this.socket.close(1008, "");
    this.#after(LINGER_MS, () => this.cut("no-close-answer"));
  }

  /** No data, no pong, no answer, no close: TCP stays, until `reapMs` has passed. */
  halfOpen(reapMs: number): void {
    this.#halfOpen = true;
    this.outbox.close();
    this.socket.pause();
    this.#after(reapMs, () => this.cut("reaped"));
  }

  /** Pings go unanswered while data flows. */
  withholdPongs(on: boolean): void {
    this.#withholdsPongs = on;
  }

  /** Legal silence: everything is answered and no data comes. */
  silence(durationMs: number): void {
    this.#silentUntil = this.deps.clock.monotonic() + durationMs;
  }

  /** Resolves when the client has read everything sent so far (it answers a ping), or the connection ended. */
  caughtUp(): Promise<void> {
    if (this.#ended || this.#halfOpen) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onPong = () => {
        this.#onPong = undefined;
        resolve();
      };
      this.socket.ping(() => {});
    });
  }

  #greet(): void {
    if (this.#ended) return;
    this.outbox.push([CONNECTED]);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const text of early) this.#receive(text);
    if (this.#ended || this.session.account) return;
    this.#authTimer = this.deps.clock.timer(this.deps.behaviour.authTimeoutMs, () => {
      if (!this.session.account) this.dropAfter(AUTH_TIMEOUT);
    });
  }

  #receive(text: string): void {
    if (this.#ended || this.#halfOpen) return;
    if (this.#early && this.deps.behaviour.connectedHoldsAnswers) {
      // Answers come in the order of the questions, and after `connected`.
      if (this.#early.push(text) > EARLY_MESSAGES) this.cut("too much before connected");
      return;
    }
    const answer = this.session.receive(text);
    if (this.session.account || answer.kind === "refused") this.#authTimer?.[Symbol.dispose]();
    switch (answer.kind) {
      case "nothing":
        this.deps.log.debug("simulator_unanswered", { connection: this.id, why: answer.why });
        return;
      case "refused":
        return this.dropAfter(answer.status);
      case "authenticated":
        this.outbox.push([answer.status]);
        return this.#admission.claim(answer.account);
      case "acks":
        return this.#after(this.deps.behaviour.ackDelayMs, () => this.#acknowledge(answer.statuses));
    }
  }

  #acknowledge(statuses: readonly string[]): void {
    if (this.#ended || this.#halfOpen) return;
    const framing = this.deps.behaviour.ackFraming;
    if (framing === "one-frame") this.outbox.push(statuses);
    else if (framing === "with-data") this.outbox.pushWithData(statuses);
    else for (const status of statuses) this.outbox.push([status]);
    if (!this.#admission.acknowledged()) this.deps.onSubscribed(this);
  }

  #write(text: string, written: () => void): void {
    this.socket.send(text, (error) => {
      if (!error) written();
    });
  }

  #pong(data: Uint8Array): void {
    if (!this.#withholdsPongs && !this.#halfOpen) this.socket.pong(data, false, () => {});
  }

  #written(texts: readonly string[]): void {
    const events = texts.filter((text) => !isStatusText(text));
    if (events.length === 0) return;
    this.#events += events.length;
    this.deps.onWritten(this, events);
  }

  /** Everything of it ends, once; the socket itself may linger. */
  #close(vanished: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.outbox.close();
    this.#authTimer?.[Symbol.dispose]();
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#timers.clear();
    this.#onPong?.();
    this.#admission.release(vanished);
    this.deps.onClosed(this);
  }

  #after(ms: number, fn: () => void): void {
    if (ms <= 0) return fn();
    const timer = this.deps.clock.timer(ms, () => {
      this.#timers.delete(timer);
      fn();
    });
    this.#timers.add(timer);
  }
}
