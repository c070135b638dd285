/** A server-side socket without a network: its client reads when a test lets it. */
import type { ServerSocket } from "../../src/edge/deliver/websocket_transport.ts";
import type { Message } from "./test_clients.ts";

export class FakeSocket implements ServerSocket {
  readyState = 1;
  /** Nothing is taken off the buffer while true. */
  isStalled = false;
  closeCode: number | undefined;
  readonly read: Message[] = [];
  #waiting: string[] = [];

  get bufferedAmount(): number {
    return this.#waiting.reduce((sum, text) => sum + text.length, 0);
  }

  send(text: string): void {
    // What waits stays in front, as on a wire.
    if (this.isStalled || this.#waiting.length > 0) this.#waiting.push(text);
    else this.read.push(JSON.parse(text));
  }

  /** The client reads what waits. */
  drain(): void {
    for (const text of this.#waiting.splice(0)) this.read.push(JSON.parse(text));
  }

  close(code?: number): void {
    this.closeCode ??= code;
    this.readyState = 2;
  }

  /** The network loses what was never read. */
  lose(): void {
    this.#waiting = [];
    this.readyState = 3;
  }
}
