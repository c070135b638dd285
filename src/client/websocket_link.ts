/** The WebSocket transport. */
import { closeDown, type Down, httpDown, networkDown } from "./failure.ts";
import { headersOf, type Link, type LinkContext, type LinkHandlers } from "./link.ts";
import { readMessage } from "./message.ts";
import type { SocketLike } from "./platform.ts";
import { commandsFor, type Wants } from "./wants.ts";

/** The subprotocol of this protocol's first release. */
export const SUBPROTOCOL = "tickcast.v1";
/** How long the plain request may take that asks why an upgrade failed. */
export const EXPLAIN_TIMEOUT_MS = 5_000;

/**
 * A browser doesn't say why an upgrade failed, so ask: a plain `GET /ws` answers 426 where WebSocket is served (the failure
 * was on the way), 503 where it is switched off or full.
 */
async function explain(context: LinkContext): Promise<Down> {
  const route = `${context.base}/ws`;
  const abort = new AbortController();
  const cancel = context.platform.timer(EXPLAIN_TIMEOUT_MS, () => abort.abort());
  try {
    const response = await context.platform.fetch(route, {
      headers: headersOf(context, "application/json"),
      signal: abort.signal,
      cache: "no-store",
    });
    const down = await httpDown(response, route);
    if (response.status === 426) {
      return {
        then: "retry",
        code: "BLOCKED",
        message: "The server offers WebSocket but it could not be opened: a proxy may block it",
      };
    }
    return response.status === 503 ? { ...down, then: "fallback" } : down;
  } catch {
    return networkDown(route);
  } finally {
    cancel();
  }
}

/** Opens `/ws`, offering the token as a subprotocol so that it stays out of URLs and logs. */
export function openWebSocket(context: LinkContext, handlers: LinkHandlers): Link {
  let held: Wants = new Map();
  let state: "opening" | "open" | "closed" = "opening";
  let socket: SocketLike | undefined;

  const down = (reason: Down) => {
    if (state === "closed") return;
    state = "closed";
    handlers.onDown(reason);
  };
  const send = (message: unknown) => {
    if (state === "open") socket?.send(JSON.stringify(message));
  };
  const update = () => {
    if (state !== "open") return;
    const wanted = context.wants();
    for (const command of commandsFor(held, wanted, context.cursorOf)) send(command);
    held = wanted;
  };

  const { WebSocket } = context.platform;
  const protocols = [SUBPROTOCOL, ...(context.token ? [`bearer.${context.token}`] : [])];
  try {
    if (WebSocket) socket = new WebSocket(`${context.base.replace(/^http/, "ws")}/ws`, protocols);
  } catch {
    // A page's policy or a token with characters that no subprotocol may have: told below.
  }
  if (!socket) {
    queueMicrotask(() =>
      down({ then: "fallback", code: "BLOCKED", message: "This page cannot open a WebSocket" })
    );
  } else {
    socket.onopen = () => state === "opening" && (state = "open");
    socket.onmessage = ({ data }) => {
      if (state === "closed") return;
      const message = readMessage(data);
      if (message) handlers.onMessage(message);
      else handlers.onGarbage();
    };
    socket.onclose = ({ code, reason }) => {
      if (state === "opening") void explain(context).then(down);
      else down(closeDown(code, reason));
    };
    socket.onerror = () => {};
  }

  return {
    update,
    ping: () => send({ action: "ping", cursor: context.cursorOf() || undefined }),
    authenticate(token) {
      send({ action: "auth", token });
      return state === "open";
    },
    close() {
      state = "closed";
      socket?.close(1000);
    },
  };
}
