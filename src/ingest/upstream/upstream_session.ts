/**
 * One socket's life from opening to its end: handshake, subscriptions with their acks, liveness. The reconnect loop around
 * it is `upstream_connection.ts`. Every frame goes to the data path, which hands status elements back: acks may share a
 * frame with data.
 */
import type { Clock } from "../../feed/clock.ts";
import { ackedTopics, AckLedger } from "./ack_ledger.ts";
import type { Unserved } from "./connection_state.ts";
import type { FrameOutcome, StatusMessage } from "../wire/frame.ts";
import { authMessage, Handshake, type HandshakeStep } from "./handshake.ts";
import { Liveness } from "./liveness.ts";
import { type Refusal, refusalOf, refusalOfStatus } from "./refusal.ts";
import { SubscribePacer, subscribeText } from "./subscribe_pacer.ts";
import type { SocketFrame, SocketOpener, UpstreamSocket } from "./upstream_socket.ts";
import { framePieces } from "../wire/frame_pieces.ts";

/** TCP, TLS and upgrade, at most. */
export const OPEN_LIMIT_MS = 10_000;
/** How often time limits, liveness and the pace of subscriptions are looked at. */
export const TICK_MS = 50;
/** Characters read before the event loop goes round (about a millisecond): a flood on one connection must not hold up the others. */
export const READ_SLICE_CHARS = 32_768;
const UNSERVED_SAMPLE = 5;

/** What a session needs of its surroundings. */
export interface SessionDeps {
  readonly clock: Clock;
  readonly open: SocketOpener;
  readonly url: string;
  readonly apiKey: string;
  /** Hands a frame to the data path. Must not throw. */
  readonly accept: (frame: SocketFrame) => FrameOutcome;
  /** Something about the session moved: in, all answered, refused something. */
  readonly onProgress: (progress: SessionProgress) => void;
}

/** What a session tells as it goes. */
export type SessionProgress =
  /** The socket is open. */
  | { readonly step: "opened" }
  /** The key was accepted. */
  | { readonly step: "authenticated" }
  /** Every topic wanted by now is confirmed or given up on. */
  | { readonly step: "settled"; readonly unserved: Unserved | undefined }
  /** The upstream refused something and stays connected. */
  | { readonly step: "refused"; readonly refusal: Refusal };

/** One socket, from open to end. */
export class UpstreamSession {
  readonly #deps: SessionDeps;
  readonly #ledger = new AckLedger();
  readonly #pacer = new SubscribePacer(this.#ledger);
  #handshake: Handshake;
  #liveness: Liveness;
  #bytesRead = 0;
  #authenticatedAt: number | undefined;
  #isSettled = false;
  #verdict: Refusal | undefined;
  readonly #leaving = new AbortController();

  constructor(deps: SessionDeps, wanted: Iterable<string>) {
    this.#deps = deps;
    this.#pacer.want(wanted);
    this.#handshake = new Handshake(deps.clock.monotonic());
    this.#liveness = new Liveness(deps.clock.monotonic());
  }

  /** How long the key has been accepted, ms; 0 before. */
  get aliveMs(): number {
    return this.#authenticatedAt === undefined ? 0 : this.#deps.clock.monotonic() - this.#authenticatedAt;
  }

  /** Monotonic ms of the last sign of life. */
  get lastInbound(): number {
    return this.#liveness.lastInbound;
  }

  /** Whether the upstream confirmed the topic, by itself or under its wildcard. */
  holds(topic: string): boolean {
    return this.#ledger.holds(topic) || this.#ledger.holds(wildcardOf(topic));
  }

  /** Whether nothing more is expected about the topic. */
  isAnswered(topic: string): boolean {
    return this.#ledger.isAnswered(topic) || this.#ledger.isAnswered(wildcardOf(topic));
  }

  /** Sets the topics wanted from now on. */
  want(topics: Iterable<string>): void {
    this.#pacer.want(topics);
    this.#isSettled = false;
  }

  /** Ends it on purpose, with a close frame; {@link run} gives the reason. */
  leave(refusal: Refusal): void {
    this.#verdict ??= refusal;
    this.#leaving.abort();
  }

  /** Runs until the socket ends. @returns why it did; a stop by the signal is a refusal nobody reads. */
  async run(stop: AbortSignal): Promise<Refusal> {
    const { clock, open, url } = this.#deps;
    const signal = AbortSignal.any([stop, this.#leaving.signal]);
    const opened = await open(url, OPEN_LIMIT_MS, signal);
    if (!opened.ok) return this.#verdict ?? opened.refusal;
    const socket = opened.socket;
    this.#handshake = new Handshake(clock.monotonic());
    this.#liveness = new Liveness(clock.monotonic());
    this.#deps.onProgress({ step: "opened" });
    const onAbort = () => void socket.close();
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      using _tick = clock.interval(TICK_MS, () => this.#tick(socket));
      for await (const burst of socket.bursts()) await this.#take(burst, socket, signal);
      return this.#verdict ?? socket.endedBy();
    } finally {
      signal.removeEventListener("abort", onAbort);
      socket.terminate();
    }
  }

  /** Reads what came in, piece by piece; what came before a stop is read without a rest. */
  async #take(burst: readonly SocketFrame[], socket: UpstreamSocket, stop: AbortSignal): Promise<void> {
    const { clock, accept } = this.#deps;
    this.#liveness.inbound(clock.monotonic());
    let chars = 0;
    for (const { text, rx } of burst) {
      for (const piece of framePieces(text)) {
        if (chars >= READ_SLICE_CHARS && !stop.aborted) {
          await clock.sleep(0);
          chars = 0;
        }
        chars += piece.length;
        for (const status of accept({ text: piece, rx }).statuses) this.#status(status, socket);
      }
    }
    if (this.#authenticatedAt !== undefined) this.#settle();
  }

  #status(status: StatusMessage, socket: UpstreamSocket): void {
    if (!this.#handshake.done) return this.#handshakeStep(this.#handshake.status(status), socket);
    const acked = ackedTopics(status);
    if (acked?.held) { for (const topic of acked.topics) this.#ledger.confirmed(topic); }
    const refusal = refusalOfStatus(status.status, status.message);
    if (refusal === undefined) return;
    if (status.status !== "error") {
      if (refusal.kind !== "unknown_status") return this.#end(refusal, socket);
    } else this.#ledger.refused(refusal);
    this.#deps.onProgress({ step: "refused", refusal });
  }

  #handshakeStep(step: HandshakeStep, socket: UpstreamSocket): void {
    switch (step.do) {
      case "send_auth":
        return socket.send(authMessage(this.#deps.apiKey));
      case "fail":
        return this.#end(step.refusal, socket);
      case "ready":
        this.#authenticatedAt = this.#deps.clock.monotonic();
        this.#deps.onProgress({ step: "authenticated" });
        return this.#subscribe(socket);
      case "wait":
    }
  }

  #tick(socket: UpstreamSocket): void {
    const now = this.#deps.clock.monotonic();
    const bytesRead = socket.bytesRead();
    if (bytesRead !== this.#bytesRead) this.#liveness.inbound(now);
    this.#bytesRead = bytesRead;
    this.#handshakeStep(this.#handshake.tick(now), socket);
    switch (this.#liveness.check(now)) {
      case "dead":
        return this.#end(refusalOf("dead"), socket);
      case "ping":
        socket.ping();
        break;
      case "alive":
    }
    if (this.#authenticatedAt === undefined || this.#verdict !== undefined) return;
    this.#subscribe(socket);
    this.#ledger.expire(now);
    this.#settle();
  }

  #subscribe(socket: UpstreamSocket): void {
    const message = this.#pacer.next(this.#deps.clock.monotonic());
    if (message === undefined) return;
    this.#isSettled = false;
    socket.send(subscribeText(message));
  }

  #settle(): void {
    if (this.#isSettled || !this.#pacer.idle || this.#ledger.pending > 0) return;
    this.#isSettled = true;
    this.#deps.onProgress({ step: "settled", unserved: this.#unserved() });
  }

  #unserved(): Unserved | undefined {
    const silent = this.#ledger.silent;
    if (silent.length === 0) return undefined;
    return {
      unanswered: silent.length,
      sample: silent.slice(0, UNSERVED_SAMPLE),
      wanted: this.#pacer.wanted.size,
      refusal: this.#ledger.lastRefusal,
    };
  }

  #end(refusal: Refusal, socket: UpstreamSocket): void {
    this.#verdict ??= refusal;
    if (refusal.kind === "dead") socket.terminate();
    else void socket.close();
  }
}

const wildcardOf = (topic: string): string => `${topic.slice(0, topic.indexOf("."))}.*`;
