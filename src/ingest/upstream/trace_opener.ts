/** A span of every try to connect upstream; only made where somebody traces. */
import type { Tracing } from "../../feed/tracing.ts";
import type { SocketOpener } from "./upstream_socket.ts";

/** The same opener, telling of `upstream connect`: the host, never a key, and what came of it. */
export const traceOpener = (open: SocketOpener, tracing: Tracing): SocketOpener => (url, limitMs, signal) =>
  tracing.span("upstream connect", { host: new URL(url).host }, async (note) => {
    const outcome = await open(url, limitMs, signal);
    note({ outcome: outcome.ok ? "open" : outcome.refusal.kind });
    return outcome;
  });
