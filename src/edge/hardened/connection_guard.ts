/**
 * What the hardened server holds against connections that are not yet anybody's: so many of them in all, each with proper
 * headers in time. What is refused is counted by its limit.
 */
import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import type { EdgeCore } from "../edge_core.ts";
import type { ClientLimit } from "../edge_counters.ts";

/** Connections beyond the clients an instance may have: requests on their way, half-open ones, goodbyes. */
const SPARE_CONNECTIONS = 1_000;

interface Refusal {
  readonly line: string;
  readonly limit: ClientLimit | undefined;
}

const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: { line: "431 Request Header Fields Too Large", limit: "headers" },
  ERR_HTTP_REQUEST_TIMEOUT: { line: "408 Request Timeout", limit: "header_time" },
};
const IMPROPER: Refusal = { line: "400 Bad Request", limit: undefined };

/** Most TCP connections at once, whatever they are for. */
export const connectionsMax = (wsMaxConnections: number): number => 2 * wsMaxConnections + SPARE_CONNECTIONS;

/** Guards a server; before it listens. */
export function guardConnections(server: Server, { settings, counters, log }: EdgeCore): void {
  const most = connectionsMax(settings.wsMaxConnections);
  const refused = new WeakSet<Duplex>();
  let open = 0;
  server.on("connection", (socket: Duplex) => {
    if (open >= most) {
      counters.limit("sockets");
      return void socket.destroy();
    }
    open++;
    socket.once("close", () => open--);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    // One that goes on sending what is wrong is told and counted once.
    if (refused.has(socket)) return void socket.destroy();
    refused.add(socket);
    const { line, limit } = REFUSALS[error.code ?? ""] ?? IMPROPER;
    if (limit !== undefined) counters.limit(limit);
    counters.drop("http_improper");
    log.debug("http_error", { error: error.code ?? error.name });
    if (!socket.writable) return void socket.destroy();
    socket.end(`HTTP/1.1 ${line}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
  });
}
