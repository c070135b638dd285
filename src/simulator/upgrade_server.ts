/**
 * The port: HTTP for `/control`, upgrades for everything else. A path Massive doesn't know is refused with 404 before
 * any WebSocket exists; compression is never negotiated.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { TickcastError } from "../feed/error.ts";
import { type FeedPath, parseFeedPath } from "./feed_path.ts";

/** Longest message taken from a client, in bytes: clients send whole universes in one frame. */
const INBOUND_MAX_BYTES = 1024 * 1024;

/** What the port is for. */
export interface UpgradeHandlers {
  /** An HTTP status to refuse an upgrade with, `reset` to cut it, or undefined to go on. */
  readonly refusal: () => number | "reset" | undefined;
  readonly onSocket: (path: FeedPath, socket: WebSocket, tcp: Duplex) => void;
  readonly onHttp: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onRefused: () => void;
}

/** An open port. */
export interface UpgradeServer {
  readonly port: number;
  /** Frees the port; open sockets are the caller's to end. */
  close(): Promise<void>;
}

/**
 * Opens the port.
 * @throws {TickcastError} SETTINGS when it can't be had.
 */
export async function openPort(
  where: { readonly host: string; readonly port: number },
  handlers: UpgradeHandlers,
): Promise<UpgradeServer> {
  const server = createServer(handlers.onHttp);
  const sockets = new WebSocketServer({
    noServer: true,
    autoPong: false,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: INBOUND_MAX_BYTES,
  });
  const raw = new Set<Duplex>();
  server.on("upgrade", (request, tcp, head) => {
    raw.add(tcp);
    tcp.on("close", () => raw.delete(tcp));
    tcp.on("error", () => {/* a peer that went away; the socket's own close tells the connection */});
    const path = parseFeedPath(request.url ?? "");
    const refusal = handlers.refusal() ?? (path ? undefined : 404);
    if (refusal !== undefined || !path) return refuse(tcp, refusal ?? 404, handlers);
    sockets.handleUpgrade(request, tcp, head, (socket) => handlers.onSocket(path, socket, tcp));
  });
  const port = await listen(server, where);
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const tcp of raw) tcp.destroy();
      }),
  };
}

function refuse(tcp: Duplex, refusal: number | "reset", handlers: UpgradeHandlers): void {
  handlers.onRefused();
  if (refusal === "reset") tcp.destroy();
  else tcp.end(`HTTP/1.1 ${refusal} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}

function listen(server: Server, where: { readonly host: string; readonly port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const address = `${where.host}:${where.port}`;
      reject(
        new TickcastError(
          "SETTINGS",
          `Cannot open the simulator's port as it is taken: current value is ${address}`,
          {
            cause,
          },
        ),
      );
    });
    server.listen(where.port, where.host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : where.port);
    });
  });
}
