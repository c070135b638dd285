/** The WebSocket transport. */
import { type Down, networkDown } from "./failure.ts";
import { loadFallbacks } from "./lazy_link.ts";
import type { Link, LinkContext, LinkHandlers } from "./link.ts";
import { readMessage } from "./message.ts";
import type { SocketLike } from "./platform.ts";
import { commandsFor, type Wants } from "./wants.ts";

/** The subprotocol of this protocol's first release. */
export const SUBPROTOCOL = "tickcast.v1";

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
      down({ then: "fallback", code: "BLOCKED", message: "This page may not open a WebSocket here" })
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
      if (state === "closed") return;
      const wasOpen = state === "open";
      loadFallbacks()
        .then(({ closeDown, explain }) => wasOpen ? closeDown(code, reason) : explain(context))
        .catch(() => networkDown(context.base))
        .then(down);
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
