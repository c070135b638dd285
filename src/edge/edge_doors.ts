/**
 * Where a request goes: sockets to their doors, everything else to the app. One interface for both servers: Deno's own takes
 * a Response back, the hardened one asks whether an upgrade may be and is given the socket's handlers.
 */
import type { Hono } from "hono";
import type { EdgeCore } from "./edge_core.ts";
import { isMassivePath, type MassiveDoor } from "./massive_door.ts";
import { routePath } from "./route_path.ts";
import type { SessionHub } from "./session_hub.ts";
import {
  type ServerSocket,
  type SocketHandlers,
  socketHandlers,
  subprotocolOf,
  upgrade,
} from "./websocket_transport.ts";
import { admitSocket, refusal } from "./ws_door.ts";

/** An upgrade that may be. */
export interface AdmittedUpgrade {
  /** To be selected, where one was offered. */
  readonly protocol: string | undefined;
  /** Takes the open socket. */
  handlers(socket: ServerSocket): SocketHandlers;
}

/** The doors of one instance. */
export class EdgeDoors {
  constructor(
    readonly core: EdgeCore,
    readonly hub: SessionHub,
    readonly massive: MassiveDoor,
    readonly app: Hono,
  ) {}

  /** Answers on Deno's own server. Never rejects. */
  answer(request: Request, info: Deno.ServeHandlerInfo | undefined): Response | Promise<Response> {
    const url = new URL(request.url);
    if (isMassivePath(url.pathname)) return this.massive.open(request, url);
    const route = routePath(url.pathname);
    if (route?.door === "ws") return this.#openSocket(request, url, route.stream);
    return this.app.fetch(request, info);
  }

  /** Judges an upgrade for a server that does the handshake itself; a {@link Response} is a refusal. Never rejects. */
  async admitUpgrade(request: Request): Promise<AdmittedUpgrade | Response> {
    const url = new URL(request.url);
    if (isMassivePath(url.pathname)) {
      const admitted = await this.massive.admit(request, url);
      if (admitted instanceof Response) return admitted;
      return {
        protocol: undefined,
        handlers: (socket) => this.massive.handlers(socket, admitted.market, admitted.principal),
      };
    }
    const route = routePath(url.pathname);
    if (route?.door !== "ws") return this.app.fetch(request);
    const admitted = await admitSocket(this.core, this.hub, request, url, route.stream);
    if (admitted instanceof Response) return admitted;
    try {
      const protocol = subprotocolOf(request);
      const { principal, defaults } = admitted;
      return {
        protocol,
        handlers: (socket) => socketHandlers(this.core, this.hub, socket, principal, defaults),
      };
    } catch (error) {
      return refusal(this.core, error);
    }
  }

  async #openSocket(request: Request, url: URL, stream: string | undefined): Promise<Response> {
    const admitted = await admitSocket(this.core, this.hub, request, url, stream);
    if (admitted instanceof Response) return admitted;
    try {
      return upgrade(request, this.core, this.hub, admitted.principal, admitted.defaults);
    } catch (error) {
      return refusal(this.core, error);
    }
  }
}
