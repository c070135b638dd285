/** A WebSocket client of `/ws`, on the runtime's own socket. */
import type { Listen } from "./load_link.ts";
import { symbolsOf } from "./load_link.ts";

/** A close handshake that is not answered is given up after so long. */
const CLOSE_LIMIT_MS = 2_000;

/** See {@link Listen}. The built-in socket can't stop reading: slow clients are event streams. */
export const listenByWebSocket: Listen = (link, signal) =>
  new Promise((resolve, reject) => {
    const protocols = ["tickcast.v1", ...link.token === undefined ? [] : [`bearer.${link.token}`]];
    const socket = new WebSocket(`${link.url.replace(/^http/, "ws")}/ws`, protocols);
    let isOpen = false;
    let limit: Disposable | undefined;
    const end = (error?: Error) => {
      limit?.[Symbol.dispose]();
      signal.removeEventListener("abort", stop);
      socket.onopen =
        socket.onmessage =
        socket.onclose =
        socket.onerror =
          null;
      if (error === undefined) resolve();
      else reject(error);
    };
    const stop = () => {
      if (socket.readyState <= WebSocket.OPEN) socket.close(1000);
      limit = link.clock.timer(CLOSE_LIMIT_MS, () => end());
    };
    socket.onopen = () => {
      isOpen = true;
      link.opened();
      const { streams, cursor } = link;
      const from = cursor === "" ? { snapshot: true } : { cursor };
      socket.send(JSON.stringify({ action: "subscribe", streams, symbols: symbolsOf(link), ...from }));
    };
    socket.onmessage = ({ data }) => link.take(link.reader.read(String(data)));
    socket.onclose = ({ code }) => end(isOpen ? undefined : new Error(`WebSocket not opened (${code})`));
    // What follows is the close event; the runtime's error event says no more than it.
    socket.onerror = (event) => event.preventDefault();
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
