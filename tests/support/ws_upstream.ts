/** A real WebSocket server on a free port that does what a test tells it, for what only a real socket can show. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";

/** The server; disposing it drops every socket and frees the port. */
export interface WsUpstream extends AsyncDisposable {
  readonly url: string;
}

/** Starts one. `onUpgrade` may answer the upgrade itself and return true. */
export async function wsUpstream(
  onSocket: (socket: WebSocket, raw: Duplex) => void,
  onUpgrade: (request: IncomingMessage, raw: Duplex) => boolean = () => false,
): Promise<WsUpstream> {
  const http = createServer();
  const wss = new WebSocketServer({ noServer: true });
  const raws = new Set<Duplex>();
  http.on("upgrade", (request, raw, head) => {
    raws.add(raw);
    raw.on("close", () => raws.delete(raw));
    raw.on("error", () => {});
    if (onUpgrade(request, raw)) return;
    wss.handleUpgrade(request, raw, head, (socket) => onSocket(socket, raw));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", () => resolve()));
  const { port } = http.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of wss.clients) socket.terminate();
      for (const raw of raws) raw.destroy();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}
