/**
 * One socket to the upstream as one async iterable of frames, over npm `ws` (the built-in WebSocket can neither ping nor
 * terminate, and hides the HTTP status of a refused upgrade). Frames are handed over a burst at a time: everything that
 * came in since the last turn.
 */
import { WebSocket } from "ws";
import type { Clock } from "../../feed/clock.ts";
import {
  type Refusal,
  refusalOf,
  refusalOfClose,
  refusalOfSocketError,
  refusalOfUpgrade,
} from "./refusal.ts";
import { ReadRest, readSwitchOf } from "./read_rest.ts";

/** Largest frame taken. Massive's limit is unknown, its clients' are about 1 MB, bursts at the open go beyond. */
export const FRAME_MAX_BYTES = 64 * 1024 * 1024;
/** Characters waiting to be read, over which the socket is read no further until they are. */
export const WAITING_MAX_CHARS = 64 * 1024 * 1024;
/** A close frame is given so long to be answered. */
export const CLOSE_LIMIT_MS = 1_000;

/** One text frame. */
export interface SocketFrame {
  readonly text: string;
  /** Received at, Unix ms. */
  readonly rx: number;
}

/** An open socket. */
export interface UpstreamSocket {
  /** Ends when the socket does. To be iterated once. */
  bursts(): AsyncIterable<readonly SocketFrame[]>;
  /** Why the iteration ended. */
  endedBy(): Refusal;
  /** Bytes that ever came in, pongs and halves of frames too: any growth is a sign of life. */
  bytesRead(): number;
  send(text: string): void;
  ping(): void;
  /** Ends it with a close frame, so that the upstream frees the slot at once; resolves within {@link CLOSE_LIMIT_MS}. */
  close(): Promise<void>;
  /** Ends it at once. */
  terminate(): void;
}

/** What opening came to. */
export type OpenOutcome =
  | { readonly ok: true; readonly socket: UpstreamSocket }
  | { readonly ok: false; readonly refusal: Refusal };

/** Opens a socket within `limitMs`. Never rejects: an abort is a refusal like any other. */
export type SocketOpener = (url: string, limitMs: number, signal: AbortSignal) => Promise<OpenOutcome>;

/** The real opener. */
export function socketOpener(clock: Clock): SocketOpener {
  return (url, limitMs, signal) =>
    new Promise((resolve) => {
      const onAbort = () => socket.fail(refusalOf("unreachable", "stopped"));
      const timer = clock.timer(limitMs, () => socket.fail(refusalOf("open_timeout")));
      const socket = new WsSocket(clock, url, (isOpen) => {
        timer[Symbol.dispose]();
        signal.removeEventListener("abort", onAbort);
        resolve(isOpen ? { ok: true, socket } : { ok: false, refusal: socket.endedBy() });
      });
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
}

class WsSocket implements UpstreamSocket {
  readonly #clock: Clock;
  readonly #ws: WebSocket;
  readonly #closed = Promise.withResolvers<void>();
  #waiting: SocketFrame[] = [];
  #waitingChars = 0;
  #wake: (() => void) | undefined;
  #refusal: Refusal | undefined;
  #isClosed = false;
  #bytesRead = () => 0;
  #controlFrames = 0;
  #rest: ReadRest | undefined;

  /** `settled` is called once: with true when open, with false when it never will be. */
  constructor(clock: Clock, url: string, settled: (isOpen: boolean) => void) {
    this.#clock = clock;
    const ws = new WebSocket(url, {
      perMessageDeflate: false,
      maxPayload: FRAME_MAX_BYTES,
      skipUTF8Validation: true,
    });
    this.#ws = ws;
    // Not every runtime counts a TLS socket's bytes: pings and pongs are counted by themselves.
    ws.on("upgrade", ({ socket }) => {
      this.#bytesRead = () => socket.bytesRead ?? 0;
      const reading = readSwitchOf(socket);
      if (reading !== undefined) this.#rest = new ReadRest(clock, reading);
    });
    for (const event of ["ping", "pong"]) ws.on(event, () => this.#controlFrames++);
    ws.on("unexpected-response", (request, response) => {
      this.fail(refusalOfUpgrade(response.statusCode ?? 0));
      request.destroy();
    });
    ws.on("error", (error: Error & { code?: string }) => {
      this.#refusal ??= refusalOfSocketError(error.code ?? "", error.message);
    });
    ws.on("open", () => settled(true));
    ws.on("message", (data) => this.#take(data.toString()));
    ws.on("close", (code, reason) => {
      this.#refusal ??= refusalOfClose(code, reason.toString());
      this.#isClosed = true;
      this.#rest?.[Symbol.dispose]();
      this.#wake?.();
      this.#closed.resolve();
      settled(false);
    });
  }

  async *bursts(): AsyncGenerator<readonly SocketFrame[], void> {
    while (true) {
      if (this.#waiting.length > 0) {
        const burst = this.#waiting;
        const chars = this.#waitingChars;
        this.#waiting = [];
        this.#waitingChars = 0;
        if (this.#ws.isPaused) this.#ws.resume();
        this.#rest?.taken(chars);
        yield burst;
      } else if (this.#isClosed) return;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  endedBy(): Refusal {
    return this.#refusal ?? refusalOf("dropped");
  }

  bytesRead(): number {
    return this.#bytesRead() + this.#controlFrames;
  }

  send(text: string): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.send(text, ignoreError);
  }

  ping(): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.ping(undefined, undefined, ignoreError);
  }

  async close(): Promise<void> {
    using _limit = this.#clock.timer(CLOSE_LIMIT_MS, () => this.terminate());
    this.#ws.close(1000);
    await this.#closed.promise;
  }

  terminate(): void {
    this.#ws.terminate();
  }

  /** Ends it for a reason of ours. */
  fail(refusal: Refusal): void {
    this.#refusal ??= refusal;
    this.#ws.terminate();
  }

  #take(text: string): void {
    this.#waiting.push({ text, rx: this.#clock.now() });
    this.#waitingChars += text.length;
    if (this.#waitingChars > WAITING_MAX_CHARS) this.#ws.pause();
    this.#wake?.();
  }
}

/** A write that fails is told by the close that follows. */
const ignoreError = () => {};
