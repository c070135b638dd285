/**
 * The server-sent events transport, over `fetch` rather than `EventSource`: so a refusal says why, the token goes in a
 * header, `retry:` is ours to honour, and the wait before coming back has the same jitter as everywhere.
 */
import { serverWaitMs } from "./backoff.ts";
import { endedDown, httpDown, networkDown } from "./failure.ts";
import { headersOf, type Link, type LinkContext, type LinkHandlers, wantQuery } from "./link.ts";
import { MESSAGE_MAX_CHARS, type ServerMessage, toMessage } from "./message.ts";
import { type SseBlock, sseParser } from "./sse_parser.ts";
import { areHeld, type Want, type Wants } from "./wants.ts";

/** Changes within this time of each other reopen the stream once. */
export const REOPEN_DELAY_MS = 50;

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
    const parsed = JSON.parse(data);
    if (!CONTROL.has(event)) return toMessage("events", { stream: event, events: parsed, cursor: id });
    return toMessage(event === "fault" ? "error" : event, { cursor: id, ...parsed });
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

/** Opens `/sse`; a change of wants opens it anew at the cursor. */
export function openSse(context: LinkContext, handlers: LinkHandlers): Link {
  let abort = new AbortController();
  let closed = false;
  let retryMs: number | undefined;
  let held: Wants = new Map();
  let cancelReopen = () => {};

  const run = async (signal: AbortSignal) => {
    const parse = sseParser(MESSAGE_MAX_CHARS);
    const response = await context.platform.fetch(sseUrl(context, held), {
      headers: headersOf(context, "text/event-stream"),
      signal,
      cache: "no-store",
    });
    if (!response.ok || !response.body) return await httpDown(response, `${context.base}/sse`);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      for (const block of parse(part.value)) {
        if (signal.aborted) return undefined;
        retryMs = serverWaitMs(block.retryMs) ?? retryMs;
        const message = blockMessage(block);
        if (message) handlers.onMessage(message);
        else if (block.data !== "") handlers.onGarbage();
      }
    }
    return endedDown(`${context.base}/sse`);
  };

  const open = () => {
    held = context.wants();
    const { signal } = abort = new AbortController();
    if (held.size === 0) {
      return handlers.onMessage({ type: "hello", edge: undefined, heartbeatMs: undefined });
    }
    run(signal).catch(() => networkDown(`${context.base}/sse`)).then((down) => {
      if (signal.aborted || closed || !down) return;
      closed = true;
      handlers.onDown({ ...down, afterMs: down.afterMs ?? retryMs });
    });
  };
  queueMicrotask(() => closed || open());

  return {
    update() {
      cancelReopen();
      cancelReopen = context.platform.timer(REOPEN_DELAY_MS, () => {
        const wanted = context.wants();
        if (closed) return;
        if (areHeld(held, wanted)) {
          held = wanted;
          return;
        }
        abort.abort();
        open();
      });
    },
    ping() {},
    authenticate: () => false,
    close() {
      closed = true;
      cancelReopen();
      abort.abort();
    },
  };
}
