/** A model client's WebSocket. */
import { anonymous } from "../../src/edge/admit/principal.ts";
import { type SocketHandlers, socketHandlers } from "../../src/edge/deliver/websocket_transport.ts";
import type { Rig } from "./edge_rig.ts";
import { FakeSocket } from "./fake_socket.ts";
import type { Change } from "./model_asked.ts";
import type { ModelClient } from "./model_client.ts";
import type { Connection } from "./model_connections.ts";

/** What it says first. */
function subscription(client: ModelClient): string {
  const { symbols, mode, maxHz, fields } = client.asked;
  const cursor = client.cursorText();
  const { streams } = client.being;
  return JSON.stringify({
    action: "subscribe",
    streams,
    symbols,
    mode,
    ...(maxHz !== undefined && { max_hz: maxHz }),
    ...(fields !== undefined && { fields }),
    ...(cursor && { cursor }),
  });
}

/** Subscribes by a message, once it is open. */
export function connectSocket({ edge }: Rig, client: ModelClient): Connection {
  const socket = new FakeSocket();
  const { streams, tier } = client.being;
  const defaults = { streams, request: undefined, shape: undefined, cursor: undefined, fault: undefined };
  const handlers = socketHandlers(edge.core, edge.hub, socket, anonymous(tier), defaults);
  handlers.onOpen();
  client.begin();
  handlers.onMessage(subscription(client));
  return new SocketConnection(socket, handlers, client);
}

class SocketConnection implements Connection {
  constructor(readonly socket: FakeSocket, readonly handlers: SocketHandlers, readonly client: ModelClient) {}

  read(): Promise<boolean> {
    const { socket } = this;
    const isOpen = socket.closeCode === undefined;
    if (!socket.isStalled || !isOpen) socket.drain();
    for (const message of socket.read.splice(0)) this.client.take(message);
    if (!isOpen) this.handlers.onClose();
    return Promise.resolve(isOpen);
  }

  stall(): void {
    this.socket.isStalled = !this.socket.isStalled;
  }

  change(change: Change): void {
    this.handlers.onMessage(this.client.change(change));
  }

  drop(): void {
    this.socket.lose();
    this.handlers.onClose();
  }
}
