/** A WebSocket client made of bytes, for frames that no library would send. */
import { handshakeText } from "./raw_http.ts";

const DEADLINE_MS = 45_000;

/** How a frame is made; the defaults are a proper masked text frame. */
export interface FrameParts {
  readonly opcode?: number;
  readonly fin?: boolean;
  readonly rsv?: number;
  readonly masked?: boolean;
  readonly payload?: string | Uint8Array;
  /** Announces another length than the payload has. */
  readonly announced?: number;
}

/** One frame as bytes. Masked with zeros, which is a mask like any other. */
export function frameBytes(parts: FrameParts = {}): Uint8Array {
  const { opcode = 1, fin = true, rsv = 0, masked = true, payload = "" } = parts;
  const body = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const length = parts.announced ?? body.length;
  const mask = masked ? 0x80 : 0;
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  if (length < 126) head.push(mask | length);
  else if (length < 65_536) head.push(mask | 126, length >> 8, length & 255);
  else head.push(mask | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (length >>> shift) & 255));
  if (masked) head.push(0, 0, 0, 0);
  const frame = new Uint8Array(head.length + body.length);
  frame.set(head);
  frame.set(body, head.length);
  return frame;
}

/** What the server did at the end: a close code, `cut` without one, or nothing. */
export type Ending = number | "cut" | "open";

/** See the file's head. */
export class RawSocket implements Disposable {
  readonly #connection: Deno.TcpConn;
  #buffer = new Uint8Array(0);
  readonly texts: string[] = [];
  pongs = 0;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async open(port: number, path: string): Promise<RawSocket> {
    const socket = new RawSocket(await Deno.connect({ hostname: "127.0.0.1", port }));
    await socket.write(new TextEncoder().encode(handshakeText(path)));
    while (!socket.#takeHead()) {
      if (!await socket.#read()) throw new Error("Cannot open as there was no answer");
    }
    return socket;
  }

  /** Writes bytes; a peer that has gone is no fault. */
  async write(bytes: Uint8Array): Promise<boolean> {
    try {
      for (let sent = 0; sent < bytes.length;) sent += await this.#connection.write(bytes.subarray(sent));
      return true;
    } catch {
      return false;
    }
  }

  /** Reads until the connection ends or `ms` have passed with it open. */
  async ending(ms = DEADLINE_MS): Promise<Ending> {
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      this.#close();
    }, ms);
    try {
      for (;;) {
        const frame = this.#takeFrame();
        if (frame?.opcode === 8) return frame.code;
        if (frame === undefined && !await this.#read()) return isLate ? "open" : "cut";
      }
    } finally {
      clearTimeout(late);
    }
  }

  /** Reads until a text holds `part`. False when the connection ended first. */
  async until(part: string): Promise<boolean> {
    while (!this.texts.some((text) => text.includes(part))) {
      if (this.#takeFrame() === undefined && !await this.#read()) return false;
    }
    return true;
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  #close(): void {
    try {
      this.#connection.close();
    } catch {
      // Closed already.
    }
  }

  async #read(): Promise<boolean> {
    const chunk = new Uint8Array(65_536);
    try {
      const count = await this.#connection.read(chunk);
      if (count === null) return false;
      const joined = new Uint8Array(this.#buffer.length + count);
      joined.set(this.#buffer);
      joined.set(chunk.subarray(0, count), this.#buffer.length);
      this.#buffer = joined;
      return true;
    } catch {
      return false;
    }
  }

  #takeHead(): boolean {
    const end = new TextDecoder("latin1").decode(this.#buffer).indexOf("\r\n\r\n");
    if (end < 0) return false;
    this.#buffer = this.#buffer.slice(end + 4);
    return true;
  }

  #takeFrame(): { readonly opcode: number; readonly code: number } | undefined {
    const bytes = this.#buffer;
    if (bytes.length < 2) return undefined;
    const short = (bytes[1] ?? 0) & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < head) return undefined;
    let length = short < 126 ? short : 0;
    for (let n = 2; n < head; n++) length = length * 256 + (bytes[n] ?? 0);
    if (bytes.length < head + length) return undefined;
    const payload = bytes.slice(head, head + length);
    this.#buffer = bytes.slice(head + length);
    const opcode = (bytes[0] ?? 0) & 15;
    if (opcode === 1) this.texts.push(new TextDecoder().decode(payload));
    if (opcode === 10) this.pongs++;
    return { opcode, code: length < 2 ? 1005 : (payload[0] ?? 0) * 256 + (payload[1] ?? 0) };
  }
}
