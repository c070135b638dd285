/**
 * Sockets of Deno's own server that were promised and are not open yet. Of a peer that left while it was judged nothing tells:
 * the handshake is answered, and neither an open nor a close follows. One that is not open after a while is taken for closed.
 * One round looks after all of them, and only while there are any: a socket that opens costs no timer.
 */
import type { SocketHandlers } from "../deliver/websocket_transport.ts";
import type { EdgeCore } from "../edge_core.ts";

/** A handshake under way has at least this long to end in a socket, and at most twice as long. */
export const OPENING_MS = 5_000;

type Unopened = Pick<WebSocket, "onopen" | "onmessage" | "onclose" | "close">;

/** See the file comment. */
export class UnopenedSockets {
  readonly #core: Pick<EdgeCore, "clock" | "stopped">;
  #young = new Map<Unopened, SocketHandlers>();
  #old = new Map<Unopened, SocketHandlers>();
  #round: Disposable | undefined;

  constructor(core: Pick<EdgeCore, "clock" | "stopped">) {
    this.#core = core;
    core.stopped.addEventListener("abort", () => this.#rest(), { once: true });
  }

  /** A handshake is being answered. */
  add(socket: Unopened, handlers: SocketHandlers): void {
    if (this.#core.stopped.aborted) return;
    this.#young.set(socket, handlers);
    this.#round ??= this.#core.clock.interval(OPENING_MS, () => this.#giveUp());
  }

  /** It became a socket. */
  opened(socket: Unopened): void {
    if (!this.#young.delete(socket)) this.#old.delete(socket);
  }

  #giveUp(): void {
    const late = this.#old;
    this.#old = this.#young;
    this.#young = new Map();
    if (this.#old.size === 0) this.#rest();
    for (const [socket, handlers] of late) {
      // Nobody is there to serve one that opens after all.
      socket.onopen = () => socket.close();
      socket.onmessage = socket.onclose = null;
      handlers.onClose();
    }
  }

  #rest(): void {
    this.#round?.[Symbol.dispose]();
    this.#round = undefined;
  }
}
