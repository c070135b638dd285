/**
 * The server-sent-events door: a stream of pre-encoded bytes, written by hand because every frame is shared and because its
 * backlog has to be seen. What waits is counted in bytes, the same bounds as for sockets.
 */
import { describeError } from "../../feed/error.ts";
import type { EdgeCore } from "../edge_core.ts";
import type { Frame } from "../follow/frame.ts";
import type { Principal } from "../admit/principal.ts";
import type { ServerMessage } from "./server_messages.ts";
import { type ClientSink, Session } from "./session.ts";
import type { SessionHub } from "./session_hub.ts";
import { sseEvent, sseEventName, sseIdBlock, sseRetry } from "../follow/sse_text.ts";
import { subscribe } from "./subscribe.ts";
import type { SubscriptionRequest } from "./subscription_request.ts";
import * as say from "./server_messages.ts";
import { publicError } from "../../feed/error.ts";

/** What a client is told to wait before it reconnects, ms; spread again by a drain. */
export const SSE_RETRY_MS = 2_000;

/** Headers of every event stream: nobody on the way may buffer, compress or keep it. */
export const SSE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

const encoder = new TextEncoder();

/** A session's way to its stream. */
export class StreamSink implements ClientSink {
  readonly transport = "sse";
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(readonly capacityBytes: number) {}

  attach(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  buffered(): number {
    return this.capacityBytes - (this.#controller?.desiredSize ?? this.capacityBytes);
  }

  frame(frame: Frame, session: Session): void {
    this.#write(frame.sseBlock(session.cursor()));
  }

  message(message: ServerMessage): number {
    const bytes = message.type === "hello" ? greeting(message) : encoder.encode(textOf(message));
    this.#write(bytes);
    return bytes.length;
  }

  cursor(cursor: string): boolean {
    this.#write(encoder.encode(sseIdBlock(cursor)));
    return true;
  }

  retry(afterMs: number): void {
    this.#write(encoder.encode(sseRetry(afterMs)));
  }

  close(_code: number, _reason: string, retryAfterMs: number | undefined): void {
    if (retryAfterMs !== undefined) this.retry(retryAfterMs);
    const controller = this.#controller;
    this.#controller = undefined;
    try {
      // With a backlog nobody reads there is no orderly end: what waits is dropped with the stream.
      if ((controller?.desiredSize ?? 0) < this.capacityBytes / 2) controller?.error(new Error("closed"));
      else controller?.close();
    } catch {
      // The client cancelled it already.
    }
  }

  #write(bytes: Uint8Array): void {
    try {
      this.#controller?.enqueue(bytes);
    } catch {
      // Cancelled between the check and the write; cancel() cleans up.
    }
  }
}

const textOf = ({ type, json, cursor }: ServerMessage): string => sseEvent(sseEventName(type), json, cursor);

const greetings = new WeakMap<ServerMessage, Uint8Array>();

/** The first block of a stream, how long to wait before coming back and `hello`: the same for all who share that. */
function greeting(message: ServerMessage): Uint8Array {
  const known = greetings.get(message);
  if (known !== undefined) return known;
  const bytes = encoder.encode(sseRetry(SSE_RETRY_MS) + textOf(message));
  greetings.set(message, bytes);
  return bytes;
}

/** Answers a request that has been let in with an endless stream. `headers` are all the answer has. */
export function openEventStream(
  core: EdgeCore,
  hub: SessionHub,
  principal: Principal,
  request: SubscriptionRequest,
  headers: Readonly<Record<string, string>>,
): Response {
  const sink = new StreamSink(core.settings.clientMaxBufferedBytes);
  const session = new Session(core, sink, crypto.randomUUID(), principal, (one) => hub.leave(one));
  const begin = async () => {
    try {
      await subscribe(session, principal, request);
      if ([...session.followers()].length === 0) session.close(1000, "nothing to follow", undefined);
    } catch (error) {
      refuse(core, session, error);
    }
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      sink.attach(controller);
      hub.join(session);
      session.say(hub.helloFor(request.streams));
      session.turns.run(begin);
    },
    cancel: () => session.dispose(),
  }, new ByteLengthQueuingStrategy({ highWaterMark: sink.capacityBytes }));
  return new Response(body, { headers });
}

function refuse(core: EdgeCore, session: Session, error: unknown): void {
  if (session.isClosed) return;
  const { code, message } = publicError(error);
  if (code === "INTERNAL") core.log.error("ws_error", { client: session.id, error: describeError(error) });
  session.say(say.fault(code, message, undefined));
  session.close(1011, code);
}

/** A refusal that a plain EventSource survives: it stops for good on anything but 200, so it is asked to come back. */
export function refuseWithRetry(
  code: string,
  message: string,
  afterMs: number,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const data = JSON.stringify({ type: "error", code, message });
  const text = sseRetry(afterMs) + sseEvent("fault", data, undefined);
  return new Response(text, { headers: { ...SSE_HEADERS, ...headers } });
}
