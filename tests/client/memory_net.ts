/** A network in memory on a clock that stands still: sockets and requests whose other ends a test holds. */
import { setImmediate } from "node:timers";
import { loadFallbacks } from "../../src/client/lazy_link.ts";
import type { Platform, SocketLike } from "../../src/client/platform.ts";
import { ManualClock, settle } from "../support/manual_clock.ts";
import { manualPlatform } from "./fake_platform.ts";

// Loaded ahead, so that no test waits for a disk.
await loadFallbacks();

/** One WebSocket: what the client sees, and the server's end of it. */
export class MemorySocket implements SocketLike {
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  onerror: SocketLike["onerror"] = null;
  /** What the client has sent, read. */
  readonly sent: Record<string, unknown>[] = [];
  /** Told of every message the client sends. */
  onSent: (message: Record<string, unknown>) => void = () => {};
  /** Told when the client leaves. */
  onLeft: () => void = () => {};
  isOver = false;

  constructor(readonly url: string, readonly protocols: readonly string[]) {}

  send(text: string): void {
    if (this.isOver) return;
    const message: Record<string, unknown> = JSON.parse(text);
    this.sent.push(message);
    this.onSent(message);
  }

  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.onLeft();
  }

  accept(): void {
    this.onopen?.({});
  }

  /** Messages as JSON; texts and bytes as they are. */
  say(...messages: unknown[]): void {
    for (const message of messages) {
      const isRaw = typeof message === "string" || message instanceof ArrayBuffer;
      if (!this.isOver) this.onmessage?.({ data: isRaw ? message : JSON.stringify(message) });
    }
  }

  /** The connection ends from the server's side, or was never had. */
  drop(code: number, reason = ""): void {
    if (this.isOver) return;
    this.isOver = true;
    this.onclose?.({ code, reason });
  }
}

/** See the file's own words. */
export class MemoryNet {
  readonly clock = new ManualClock();
  readonly sockets: MemorySocket[] = [];
  /** `/path?query` of every request. */
  readonly requests: string[] = [];
  /** What a server does with a new socket; until then it fails. */
  onSocket: (socket: MemorySocket, nth: number) => void = (socket) => socket.drop(1006);
  /** What a server answers; until then nothing is reached. */
  onRequest: (url: URL, signal: AbortSignal) => Response | Promise<Response> = () => {
    throw new TypeError("no network");
  };

  platform(over: Partial<Platform> = {}): Platform {
    const taken = (socket: MemorySocket) => {
      const nth = this.sockets.push(socket);
      queueMicrotask(() => socket.isOver || this.onSocket(socket, nth));
    };
    class Socket extends MemorySocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        taken(this);
      }
    }
    return manualPlatform(this.clock, {
      WebSocket: Socket,
      fetch: (url, init) => this.#fetch(new URL(url), init.signal ?? new AbortController().signal),
      random: () => 0.5,
      ...over,
    });
  }

  /** Lets everything run that waits for nothing but its turn; streams and loaded code take turns of the event loop. */
  async run(turns = 3): Promise<void> {
    for (let n = 0; n < turns; n++) {
      await settle();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await settle();
  }

  /** Lets time pass in steps, everything running in between. */
  async pass(ms: number, stepMs = 500): Promise<void> {
    await this.run();
    for (let left = ms; left > 0; left -= stepMs) {
      await this.clock.advance(Math.min(left, stepMs));
      await this.run();
    }
  }

  #fetch(url: URL, signal: AbortSignal): Promise<Response> {
    this.requests.push(`${url.pathname}${url.search}`);
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.catch(() => {});
    return Promise.race([promise, (async () => await this.onRequest(url, signal))()]);
  }
}
