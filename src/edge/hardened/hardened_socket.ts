/** A socket of the hardened server: one that can be ended for good, whether or not its peer ever reads. */
import { type WebSocket as WsSocket } from "ws";
import type { Buffer } from "node:buffer";
import { MessageAllowance } from "../admit/message_allowance.ts";
import type { EdgeCore } from "../edge_core.ts";
import type { ServerSocket } from "../deliver/websocket_transport.ts";

/** What waits for a peer that was told to close is dropped with the socket after this long. */
const LINGER_MS = 2_000;
/** For the close frame of a broken conversation to be read; what its peer sends on is nobody's any more. */
const BROKEN_LINGER_MS = 250;
/** Close code of a flood: nothing more of it is read. */
const FLOOD_CODE = 4003;

/** A peer with more than this waiting gets no answer to its pings. */
const PONG_BUFFERED_MAX_BYTES = 64 * 1024;
/** After so many pings over what a socket may send it is a flood. */
const REFUSED_PINGS_MAX = 1000;

/** See the file comment. */
export class HardenedSocket implements ServerSocket {
  readonly #socket: WsSocket;
  readonly #core: EdgeCore;
  #pings: MessageAllowance | undefined;
  #refusedPings = 0;
  #linger: Disposable | undefined;
  #isAwaitingPong = false;

  constructor(socket: WsSocket, core: EdgeCore) {
    this.#socket = socket;
    this.#core = core;
    socket.on("pong", () => this.#isAwaitingPong = false);
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  get readyState(): number {
    return this.#socket.readyState;
  }

  send(data: string): void {
    this.#socket.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
    if (code === FLOOD_CODE) this.#socket.pause();
    this.#endWithin(LINGER_MS);
  }

  /** The peer broke the protocol, and the server is closing for it: nothing more is read. */
  broken(): void {
    this.#endWithin(BROKEN_LINGER_MS);
    // `ws` reads on, to throw it away, from the next turn on.
    this.#core.clock.timer(0, () => this.#socket.pause());
  }

  #endWithin(ms: number): void {
    this.#linger ??= this.#core.clock.timer(ms, () => this.#socket.terminate());
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Asks for a sign of life; one that gave none since the last time is ended. */
  ping(): void {
    if (this.#isAwaitingPong) return this.#socket.terminate();
    this.#isAwaitingPong = true;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  /** Answers the peer's own ping, as often as it may send anything; one that only floods is ended. */
  pinged(data: Buffer): void {
    const { clock, counters, settings } = this.#core;
    const nowMs = clock.monotonic();
    this.#pings ??= new MessageAllowance(settings, nowMs);
    const over = this.#pings.take(data.length, nowMs);
    if (over !== undefined) {
      counters.limit(over);
      if (++this.#refusedPings > REFUSED_PINGS_MAX) this.close(FLOOD_CODE, "flood");
      return;
    }
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount < PONG_BUFFERED_MAX_BYTES) this.#socket.pong(data);
  }

  /** It is gone. */
  closed(): void {
    this.#linger?.[Symbol.dispose]();
    this.#linger = undefined;
  }
}
