/**
 * What a connection has waiting to be sent: bounded in bytes, bundled into bigger frames the more it lags, and cut
 * without a close frame once over the bound. All channels of a connection are one ordered stream, acknowledgements and
 * pongs included, so a slow reader delays them all alike.
 */
import type { Clock } from "../feed/clock.ts";

/** Bytes that may be on their way to the kernel before further events wait for a bigger bundle. */
const IN_FLIGHT_BYTES = 256 * 1024;
/** How long acknowledgements wait for data to share a frame with. */
const WITH_DATA_WAIT_MS = 250;

/** What an outbox writes into. */
export interface Wire {
  /** Sends a text frame; `written` is called when the kernel has it (never, when the socket died before). */
  send(text: string, written: () => void): void;
  pong(data: Uint8Array): void;
}

/** What an outbox is told and tells. */
export interface OutboxPorts {
  readonly wire: Wire;
  readonly clock: Clock;
  /** Present bounds; read at every use, for faults change them. */
  readonly limits: { readonly bufferLimitBytes: number; readonly frameMaxBytes: number };
  /** Events and statuses of a frame that reached the kernel. */
  readonly onWritten: (texts: readonly string[]) => void;
  /** The bound was crossed: the connection must be cut. */
  readonly onOverflow: () => void;
}

/** See the module. Lengths count as bytes: everything sent is ASCII but for what a recording holds. */
export class Outbox {
  #pending: string[] = [];
  #pendingBytes = 0;
  #inFlightBytes = 0;
  #pongs: Uint8Array[] = [];
  #closed = false;
  #lateAcks: Disposable | undefined;
  #bytesPerSecond: number | undefined;
  #linkFreeAt = 0;
  #linkTimer: Disposable | undefined;

  constructor(private readonly ports: OutboxPorts) {}

  /** Bytes not yet in the kernel. */
  get waitingBytes(): number {
    return this.#pendingBytes + this.#inFlightBytes;
  }

  /** Queues elements; they share a frame, with whatever waits ahead of them too. */
  push(texts: readonly string[]): void {
    if (this.#closed || texts.length === 0) return;
    this.#enqueue(texts);
    if (!this.#closed) this.#flush();
  }

  /** Queues elements to share the frame of the next data, or go alone when none comes. */
  pushWithData(texts: readonly string[]): void {
    if (this.#closed || texts.length === 0) return;
    this.#enqueue(texts);
    this.#lateAcks ??= this.ports.clock.timer(WITH_DATA_WAIT_MS, () => this.#flush());
  }

  /** Answers a ping behind what already waits. */
  pong(data: Uint8Array): void {
    if (this.#closed) return;
    if (this.#pending.length === 0) this.ports.wire.pong(data);
    else this.#pongs.push(data);
  }

  /** Lets no more than so many bytes a second out; undefined: as fast as the socket takes them. */
  throttle(bytesPerSecond: number | undefined): void {
    this.#bytesPerSecond = bytesPerSecond;
    this.#linkFreeAt = this.ports.clock.monotonic();
    this.#flush();
  }

  /** Forgets what waits; nothing is sent any more. */
  close(): void {
    this.#closed = true;
    this.#pending = [];
    this.#pongs = [];
    this.#pendingBytes = 0;
    this.#lateAcks?.[Symbol.dispose]();
    this.#linkTimer?.[Symbol.dispose]();
  }

  #enqueue(texts: readonly string[]): void {
    for (const text of texts) {
      this.#pending.push(text);
      this.#pendingBytes += text.length + 1;
    }
    if (this.waitingBytes > this.ports.limits.bufferLimitBytes) this.ports.onOverflow();
  }

  #flush(): void {
    this.#lateAcks?.[Symbol.dispose]();
    this.#lateAcks = undefined;
    while (!this.#closed && this.#pending.length > 0 && this.#inFlightBytes < IN_FLIGHT_BYTES) {
      if (!this.#linkIsFree()) return;
      this.#sendFrame();
    }
    if (!this.#closed && this.#pending.length === 0) {
      for (const data of this.#pongs.splice(0)) this.ports.wire.pong(data);
    }
  }

  /** One frame of everything that waits, up to the largest frame. */
  #sendFrame(): void {
    let count = 0;
    let bytes = 0;
    for (const text of this.#pending) {
      if (count > 0 && bytes + text.length + 1 > this.ports.limits.frameMaxBytes) break;
      bytes += text.length + 1;
      count++;
    }
    const texts = this.#pending.splice(0, count);
    this.#pendingBytes -= bytes;
    this.#inFlightBytes += bytes;
    if (this.#bytesPerSecond) this.#linkFreeAt += (bytes / this.#bytesPerSecond) * 1000;
    this.ports.wire.send(`[${texts.join(",")}]`, () => {
      this.#inFlightBytes -= bytes;
      this.ports.onWritten(texts);
      this.#flush();
    });
  }

  #linkIsFree(): boolean {
    if (this.#bytesPerSecond === undefined) return true;
    const now = this.ports.clock.monotonic();
    const waitMs = this.#linkFreeAt - now;
    if (waitMs <= 0) {
      this.#linkFreeAt = now;
      return true;
    }
    this.#linkTimer?.[Symbol.dispose]();
    this.#linkTimer = this.ports.clock.timer(waitMs, () => this.#flush());
    return false;
  }
}
