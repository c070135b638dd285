/** A socket of the hardened server: one that can be ended for good, whether or not its peer ever reads. */
import { type WebSocket as WsSocket } from "ws";
import type { Clock } from "../../feed/clock.ts";
import type { ServerSocket } from "../deliver/websocket_transport.ts";

/** What waits for a peer that was told to close is dropped with the socket after this long. */
const LINGER_MS = 2_000;

/** See the file comment. */
export class HardenedSocket implements ServerSocket {
  readonly #socket: WsSocket;
  readonly #clock: Clock;
  #linger: Disposable | undefined;
  #isAwaitingPong = false;

  constructor(socket: WsSocket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
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
    this.#linger ??= this.#clock.timer(LINGER_MS, () => this.#socket.terminate());
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

  /** It is gone. */
  closed(): void {
    this.#linger?.[Symbol.dispose]();
    this.#linger = undefined;
  }
}
