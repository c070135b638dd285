/**
 * The socket of one program at the Massive-compatible door: what is sent last still leaves before the connection is
 * dropped.
 */
import type { EdgeCore } from "../edge_core.ts";
import type { ServerSocket } from "../deliver/websocket_transport.ts";

const OPEN = 1;
/** How long a connection that is being dropped may take to send what it has. */
export const CUT_PATIENCE_MS = 1_000;
const CUT_LOOK_MS = 20;
/** "Service restart": clients that only come back after an abnormal end take it for one. */
export const CUT_CODE = 1012;

/** See the file's head. */
export class MassiveSocket {
  readonly #socket: ServerSocket;
  readonly #core: EdgeCore;
  #isClosing = false;
  #cutting: Disposable | undefined;

  constructor(socket: ServerSocket, core: EdgeCore) {
    this.#socket = socket;
    this.#core = core;
  }

  get buffered(): number {
    return this.#socket.bufferedAmount;
  }

  send(text: string): void {
    if (this.#isClosing || this.#socket.readyState !== OPEN) return;
    try {
      this.#socket.send(text);
    } catch {
      // It closed between the check and the send; its close event follows.
    }
  }

  close(code: number): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#core.counters.closing++;
    try {
      this.#socket.close(code, "");
    } catch {
      // Already closed by its peer.
    }
  }

  /** Drops the connection without a close frame; a server that can't (Deno's own) closes with {@link CUT_CODE}. */
  cut(): void {
    if (this.#isClosing) return;
    if (this.#socket.terminate === undefined) return this.close(CUT_CODE);
    this.#isClosing = true;
    this.#core.counters.closing++;
    const untilMs = this.#core.clock.monotonic() + CUT_PATIENCE_MS;
    const look = () => {
      if (this.#socket.bufferedAmount > 0 && this.#core.clock.monotonic() < untilMs) {
        this.#cutting = this.#core.clock.timer(CUT_LOOK_MS, look);
      } else this.#socket.terminate?.();
    };
    look();
  }

  /** The peer has let go. */
  closed(): void {
    this.#cutting?.[Symbol.dispose]();
    if (this.#isClosing) this.#core.counters.closing--;
    this.#isClosing = false;
  }
}
