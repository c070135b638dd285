/** Between node:http's requests and responses and those of the web: bounded, with backpressure, never throwing for a peer. */
import { Buffer } from "node:buffer";
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";
import { answerFault } from "../http_answer.ts";

/** A request's body; no route takes more. */
const BODY_MAX_BYTES = 256 * 1024;

/** Headers of a request; node:http leaves those past its own count out without a word. */
const HEADERS_MAX_COUNT = 100;

/**
 * The request as the doors take it, or the refusal of one that is none.
 * @param gone becomes the request's signal: its peer has left, or has its answer
 */
export async function readNodeRequest(
  incoming: IncomingMessage,
  gone?: AbortSignal,
): Promise<Request | Response> {
  try {
    const count = incoming.rawHeaders.length / 2;
    if (count > HEADERS_MAX_COUNT) {
      throw new TickcastError(
        "BAD_REQUEST",
        `Cannot answer as a request must have at most ${HEADERS_MAX_COUNT} headers: current number is ${count}`,
      );
    }
    const headers = new Headers();
    for (let n = 0; n + 1 < incoming.rawHeaders.length; n += 2) {
      headers.append(incoming.rawHeaders[n] ?? "", incoming.rawHeaders[n + 1] ?? "");
    }
    const url = new URL(incoming.url ?? "/", `http://${headers.get("host") ?? "localhost"}`);
    const method = incoming.method ?? "GET";
    const isRead = method === "GET" || method === "HEAD" || !announcesBody(incoming);
    const body = isRead ? undefined : await readBody(incoming);
    return new Request(url, {
      method,
      headers,
      ...(gone !== undefined && { signal: gone }),
      ...(body !== undefined && { body }),
    });
  } catch (error) {
    if (error instanceof TickcastError) return answerFault(error);
    return answerFault(new TickcastError("BAD_REQUEST", "Cannot answer as the request is not a proper one"));
  }
}

/** Whether a request's headers say that a body follows; RFC 9112 6.3: without them there is none. */
export const announcesBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;

async function readBody(incoming: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES) {
      throw new TickcastError(
        "TOO_LARGE",
        `Cannot take a body as it must be at most ${BODY_MAX_BYTES} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}

/** Headers in node's shape: several cookies stay several. */
function nodeHeaders(headers: Headers): Record<string, string | string[]> {
  const all: Record<string, string | string[]> = Object.fromEntries(headers);
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) all["set-cookie"] = cookies;
  return all;
}

/** A peer that takes nothing of an answer for so long is let go. */
const STALL_MS = 30_000;

/**
 * Writes a response, no faster than its peer takes it. Resolves when it is written or the peer is gone; an answer that is
 * ended in the middle, or of which nothing is taken any more, ends the connection.
 */
export async function writeNodeResponse(
  response: Response,
  outgoing: ServerResponse,
  gone: Promise<void>,
  clock: Clock,
): Promise<void> {
  outgoing.writeHead(response.status, nodeHeaders(response.headers));
  if (response.body === null) return void outgoing.end();
  outgoing.flushHeaders();
  const reader = response.body.getReader();
  const drain = new Drain(outgoing, clock);
  const cut = gone.then(() => reader.cancel()).catch(() => {});
  gone.then(() => drain.wake()).catch(() => {});
  reader.closed.catch(() => drain.wake());
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done || outgoing.destroyed) break;
      if (!outgoing.write(value) && !await drain.wait()) throw new Error("nothing is taken any more");
    }
    outgoing.end();
  } catch {
    // The stream was ended in the middle: the peer must not take it for whole.
    outgoing.destroy();
  }
  await Promise.race([cut, Promise.resolve()]);
}

/** Waits for a peer to take what was written, over and over, without leaving anything behind. */
class Drain {
  #wake: () => void = () => {};

  constructor(readonly outgoing: ServerResponse, readonly clock: Clock) {
    outgoing.on("drain", () => this.#wake());
  }

  /** There is something else to look at. */
  wake(): void {
    this.#wake();
  }

  /** Resolves when the peer took it, or {@link wake} was called; false: it took nothing for {@link STALL_MS}. */
  async wait(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    using _timer = this.clock.timer(STALL_MS, () => resolve(false));
    this.#wake = () => resolve(true);
    return await promise;
  }
}

/** For a refused peer to read why and to close; then its socket is ended. */
const REFUSED_LINGER_MS = 2_000;

/** Answers an upgrade that may not be, and ends its socket, whether or not the peer ever closes it. */
export async function writeRawResponse(response: Response, raw: Duplex, clock: Clock): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const lines = [`HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ""}`];
  for (const [name, value] of response.headers) if (name !== "connection") lines.push(`${name}: ${value}`);
  lines.push(`content-length: ${body.length}`, "connection: close", "", "");
  if (raw.destroyed) return;
  const late = clock.timer(REFUSED_LINGER_MS, () => raw.destroy());
  raw.once("close", () => late[Symbol.dispose]());
  // What it sends on is read and thrown away: unread, it would take the answer with it when the socket is destroyed.
  raw.resume();
  raw.end(Buffer.concat([Buffer.from(lines.join("\r\n")), body]));
}
