/**
 * The server-sent events transport, over `fetch` rather than `EventSource`: so a refusal says why, the token goes in a
 * header, `retry:` is ours to honour, and the wait before coming back has the same jitter as everywhere.
 */
import { serverWaitMs } from "./backoff.ts";
import type { Down } from "./failure.ts";
import { httpDown, isOwnFault, unreachable } from "./http_failure.ts";
import { headersOf, type Link, type LinkContext, type LinkHandlers, wantQuery } from "./link.ts";
import { MESSAGE_MAX_CHARS, type ServerMessage, toMessage } from "./message.ts";
import { sift } from "./sift.ts";
import { type SseBlock, sseParser } from "./sse_parser.ts";
import { areHeld, beginsAnew, type Want, type Wants } from "./wants.ts";

/** Changes within this time of each other reopen the stream once. */
export const REOPEN_DELAY_MS = 50;
/** A request that was refused for what it asks is made again this often: a symbol may become known. */
export const ASK_AGAIN_MS = 15_000;

const CONTROL = new Set([
  "hello",
  "subscribed",
  "unsubscribed",
  "snapshot",
  "gap",
  "warning",
  "fault",
  "heartbeat",
  "pong",
  "reconnect",
]);

/** A block as a message: named after the stream it carries events of, or after the control message it is. */
export function blockMessage({ event, data, id }: SseBlock): ServerMessage | undefined {
  // A block of `id:` alone: the follower moved though nothing of it was for us.
  if (data === "") return id === undefined ? undefined : { type: "subscribed", cursor: id };
  try {
    const parsed: unknown = JSON.parse(data);
    if (!CONTROL.has(event)) return toMessage("events", { stream: event, events: parsed }, id);
    return toMessage(event === "fault" ? "error" : event, parsed, id);
  } catch {
    return undefined;
  }
}

/** One request carries every stream, so it asks for the union of their symbols; subscriptions pick their own here. */
function sseUrl(context: LinkContext, wants: Wants): string {
  const each = [...wants.values()];
  const limits = each.map((want) => want.maxHz ?? Infinity);
  const maxHz = Math.max(...limits);
  const covering: Want = {
    symbols: each.some((want) => want.symbols[0] === "*")
      ? ["*"]
      : [...new Set(each.flatMap((want) => want.symbols))],
    mode: each.every((want) => want.mode === "latest") ? "latest" : "all",
    maxHz: maxHz === Infinity ? undefined : maxHz,
    fields: each.every((want) => want.fields)
      ? [...new Set(each.flatMap((want) => want.fields ?? []))]
      : undefined,
    snapshot: each.some((want) => want.snapshot),
  };
  const query = wantQuery(covering);
  const streams = [...wants.keys()];
  query.set("streams", streams.join(","));
  if (covering.snapshot) query.set("snapshot", "true");
  const cursor = context.cursorOf(streams);
  if (cursor) query.set("cursor", cursor);
  return `${context.base}/sse?${query}`;
}

const HELLO: ServerMessage = { type: "hello", edge: undefined, heartbeatMs: undefined };

/** See {@link openSse}. */
class SseLink implements Link {
  #abort = new AbortController();
  #isClosed = false;
  /** The server has said hello, or refused what was asked and nothing else. */
  #isGreeted = false;
  /** What it refused last: told once, however often it is asked again. */
  #refusal = "";
  #isRefused = false;
  #retryMs: number | undefined;
  #held: Wants = new Map();
  #cancelReopen = () => {};
  readonly #route: string;

  constructor(readonly context: LinkContext, readonly handlers: LinkHandlers) {
    this.#route = `${context.base}/sse`;
    queueMicrotask(() => this.#isClosed || this.#open());
  }

  update(): void {
    // At once: what comes on the old stream would say where the new one begins.
    if (this.#isGreeted && beginsAnew(this.#held, this.context.wants())) {
      this.#cancelReopen();
      return this.#open();
    }
    this.#reopenIn(REOPEN_DELAY_MS, () => this.#isRefused || !areHeld(this.#held, this.context.wants()));
  }

  ping(): void {}

  authenticate(): boolean {
    return false;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelReopen();
    this.#abort.abort();
  }

  #reopenIn(ms: number, isDue: () => boolean): void {
    this.#cancelReopen();
    this.#cancelReopen = this.context.platform.timer(ms, () => {
      if (this.#isClosed) return;
      if (isDue()) this.#open();
      else this.#held = this.context.wants();
    });
  }

  /** @param asked Those of the wants that are asked for: all, but for what was refused of them. */
  #open(asked: Wants = this.context.wants()): void {
    this.#abort.abort();
    this.#isRefused = false;
    this.#held = this.context.wants();
    const { signal } = this.#abort = new AbortController();
    if (asked.size === 0) return this.#greet();
    this.#run(asked, signal).catch((error) => this.#broken(error)).then((down) => {
      if (signal.aborted || !down) return undefined;
      if (isOwnFault(down)) return void this.#refused(down, asked, signal);
      return this.#down(down);
    });
  }

  #down(down: Down): void {
    const { platform } = this.context;
    // At least what was asked, and spread, or all who were cut off together would come back together.
    const afterMs = down.afterMs ?? (this.#retryMs && this.#retryMs * (1 + platform.random()));
    this.close();
    this.handlers.onDown({ ...down, afterMs });
  }

  #fetch(asked: Wants, signal: AbortSignal, method: "GET" | "HEAD"): Promise<Response> {
    const headers = headersOf(this.context, "text/event-stream");
    return this.context.platform.fetch(sseUrl(this.context, asked), {
      method,
      headers,
      signal,
      cache: "no-store",
    });
  }

  async #run(asked: Wants, signal: AbortSignal): Promise<Down | undefined> {
    const { platform } = this.context;
    const began = this.#epochs(asked);
    const response = await this.#fetch(asked, signal, "GET");
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
    if (!response.ok || !isStream || !response.body) {
      return await httpDown(response, this.#route, platform.now());
    }
    let down: Down = { then: "retry", code: "NETWORK", message: `${this.#route} ended` };
    let hasBegun = false;
    const parse = sseParser(MESSAGE_MAX_CHARS);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    // Not every fetch ends a body it has handed over when its signal aborts.
    const leave = () => void reader.cancel().catch(() => {});
    signal.addEventListener("abort", leave);
    if (signal.aborted) leave();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      for (const block of parse(part.value)) {
        if (signal.aborted) return undefined;
        this.#retryMs = serverWaitMs(block.retryMs) ?? this.#retryMs;
        const message = blockMessage(block);
        // A fault instead of a hello is a refusal: the reason for the end that follows.
        if (message?.type === "hello") hasBegun = true;
        // Opened beside another connection that has since been told of a new beginning: this one would tell it again.
        if (message?.type === "hello" && this.#epochs(asked) !== began) return void this.#open(asked);
        if (message?.type === "error" && !hasBegun) {
          down = { then: "retry", code: message.code, message: message.message };
        } else if (message) this.#tell(message);
        else if (block.data !== "") this.handlers.onGarbage();
      }
    }
    return down;
  }

  /** The lists a request would begin in, and their epochs. */
  #epochs(asked: Wants): string {
    return this.context.cursorOf([...asked.keys()]).replaceAll(/-\d+/g, "");
  }

  #tell(message: ServerMessage): void {
    if (message.type === "hello") this.#isGreeted = true;
    this.handlers.onMessage(message);
  }

  #broken(error: unknown): Down {
    return error instanceof RangeError
      ? { then: "retry", code: "BAD_MESSAGE", message: `${this.#route} sent more than a message may hold` }
      : unreachable(this.#route);
  }

  /** What was asked is wrong, the connection is not: as on a WebSocket it is told, and what else was asked goes on. */
  async #refused(down: Down, asked: Wants, signal: AbortSignal): Promise<void> {
    const mayAsk = async (some: readonly (readonly [string, Want])[]) =>
      (await this.#fetch(new Map(some), signal, "HEAD")).ok;
    const left = asked.size > 1 ? await sift([...asked], mayAsk).catch(() => []) : [];
    if (signal.aborted) return;
    if (left.length === 0 && down.code === "FORBIDDEN") return this.#down(down);
    this.#greet();
    const { code, message } = down;
    if (this.#refusal !== message) this.handlers.onMessage({ type: "error", code, message, id: undefined });
    this.#refusal = message;
    if (left.length > 0 && left.length < asked.size) return this.#open(new Map(left));
    this.#isRefused = true;
    this.#reopenIn(ASK_AGAIN_MS, () => true);
  }

  /** A sign of life where the server has none to give; the first says that the link is good. */
  #greet(): void {
    this.#tell(this.#isGreeted ? { type: "subscribed", cursor: undefined } : HELLO);
  }
}

/** Opens `/sse`; a change of wants opens it anew at the cursor. */
export const openSse = (context: LinkContext, handlers: LinkHandlers): Link => new SseLink(context, handlers);
