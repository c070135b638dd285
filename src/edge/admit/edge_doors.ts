/**
 * Where a request goes: sockets to their doors, everything else to the app. One interface for both servers: Deno's
 * own takes a Response back, the hardened one asks whether an upgrade may be and is given the socket's handlers.
 */
import type { Hono } from "hono";
import { publicError, TickcastError } from "../../feed/error.ts";
import { type ClientEntry, leaving, remoteOf } from "../deliver/client_entry.ts";
import type { EdgeCore } from "../edge_core.ts";
import { answerFault } from "../http_answer.ts";
import { isMassivePath, type MassiveDoor } from "../massive/massive_door.ts";
import { corsHeaders } from "./origin_cors.ts";
import { originOf } from "./origin_check.ts";
import { COMMON_HEADERS } from "./security_headers.ts";
import { pathOf, routePath } from "../deliver/route_path.ts";
import type { SessionHub } from "../deliver/session_hub.ts";
import { retryAfterMs, type SseDoor } from "../deliver/sse_door.ts";
import { refuseWithRetry } from "../deliver/sse_transport.ts";
import {
  handshake,
  type ServerSocket,
  type SocketHandlers,
  socketHandlers,
} from "../deliver/websocket_transport.ts";
import { UnopenedSockets } from "./unopened_sockets.ts";
import { UrlDefaults } from "../deliver/url_defaults.ts";
import { admitSocket, refusal } from "../deliver/ws_door.ts";

/** An upgrade that may be. */
export interface AdmittedUpgrade {
  /** To be selected, where one was offered. */
  readonly protocol: string | undefined;
  /** Takes the open socket. */
  handlers(socket: ServerSocket): SocketHandlers;
  /** The handshake failed: there will be no socket. */
  abandon(): void;
}

interface Judged extends Pick<AdmittedUpgrade, "protocol" | "handlers"> {
  /** Among the connections of the client's subject, until its handlers hold one of their own. */
  readonly place: Disposable | undefined;
}

const isSocketPath = (pathname: string): boolean =>
  isMassivePath(pathname) || routePath(pathname)?.door === "ws";

/** A poll or a snapshot: it may wait, for events or for the store. */
const isOneShot = (pathname: string): boolean =>
  pathname.startsWith("/events/") || pathname.startsWith("/snapshot/");

/** What is behind the doors. */
export interface DoorParts {
  readonly core: EdgeCore;
  readonly hub: SessionHub;
  readonly massive: MassiveDoor;
  readonly sse: SseDoor;
  readonly app: Hono;
  readonly entry: ClientEntry;
}

/** The doors of one instance. */
export class EdgeDoors {
  readonly #parts: DoorParts;
  readonly #defaults: UrlDefaults;
  readonly #unopened: UnopenedSockets;

  constructor(parts: DoorParts) {
    this.#parts = parts;
    this.#unopened = new UnopenedSockets(parts.core);
    this.#defaults = new UrlDefaults(parts.core);
  }

  /** Answers on Deno's own server. Never rejects. */
  answer(request: Request, info: Deno.ServeHandlerInfo | undefined): Response | Promise<Response> {
    const pathname = pathOf(request.url);
    if (isSocketPath(pathname)) return this.#openSocket(request, remoteOf(info));
    return this.#answerPath(request, pathname, remoteOf(info), info?.completed);
  }

  /**
   * Answers a plain request of a server that upgrades by itself. Never rejects.
   * @param completed settles when the answer has gone out or its peer is gone
   */
  async answerFor(request: Request, remote: string | undefined, completed: Promise<void>): Promise<Response> {
    const pathname = pathOf(request.url);
    if (!isSocketPath(pathname)) return await this.#answerPath(request, pathname, remote, completed);
    const admitted = await this.admitUpgrade(request, remote);
    if (admitted instanceof Response) return admitted;
    admitted.abandon();
    return refusal(
      this.#parts.core,
      new TickcastError("UPGRADE_REQUIRED", "Cannot answer as this is a WebSocket"),
    );
  }

  #answerPath(
    request: Request,
    pathname: string,
    remote: string | undefined,
    completed: Promise<void> | undefined,
  ): Response | Promise<Response> {
    const route = routePath(pathname);
    const isStream = route?.door === "sse";
    if (!isStream && !isOneShot(pathname)) return this.#parts.app.fetch(request);
    const isRead = request.method === "GET" || request.method === "HEAD";
    // An event stream needs nothing of the app, whose router and middlewares every client of a herd would go through.
    const answer = isStream && isRead
      ? () => this.#parts.sse.open(request, route.stream, this.#commonHeaders(request))
      : () => this.#parts.app.fetch(request);
    return this.#answerCounted(request, isStream, answer, remote, completed);
  }

  /**
   * Judges an upgrade for a server that does the handshake itself; a {@link Response} is a refusal. Never rejects.
   * @param remote the peer's address
   */
  async admitUpgrade(request: Request, remote: string | undefined): Promise<AdmittedUpgrade | Response> {
    const pathname = pathOf(request.url);
    if (!isSocketPath(pathname)) return await this.#answerOnce(request, pathname, remote);
    let place: Disposable | undefined;
    try {
      place = this.#parts.entry.enter(request, remote);
      const judged = await this.#judge(request, pathname);
      if (!(judged instanceof Response)) return admittedAt(place, judged);
      place[Symbol.dispose]();
      return judged;
    } catch (error) {
      place?.[Symbol.dispose]();
      return refusal(this.#parts.core, error);
    }
  }

  /**
   * Answers a request that asked for an upgrade where there is none. An event stream has no end, and nobody would see its peer
   * leave: it is refused.
   */
  async #answerOnce(request: Request, pathname: string, remote: string | undefined): Promise<Response> {
    if (routePath(pathname)?.door !== "sse") {
      return await this.#answerPath(request, pathname, remote, undefined);
    }
    return refusal(
      this.#parts.core,
      new TickcastError("BAD_REQUEST", "Cannot open an event stream as the request asks for an upgrade"),
    );
  }

  /** Answers what lasts, and counts it to its address while it does. */
  async #answerCounted(
    request: Request,
    isStream: boolean,
    answer: () => Response | Promise<Response>,
    remote: string | undefined,
    completed: Promise<void> | undefined,
  ): Promise<Response> {
    let place: Disposable;
    try {
      place = this.#parts.entry.enter(request, remote);
    } catch (error) {
      if (!isStream) return refusal(this.#parts.core, error);
      const { code, message } = publicError(error);
      this.#parts.core.counters.refuse(code);
      return refuseWithRetry(
        code,
        message,
        retryAfterMs(this.#parts.core.random),
        this.#commonHeaders(request),
      );
    }
    const leave = () => place[Symbol.dispose]();
    try {
      const response = await answer();
      if (isStream && response.status === 401) this.#parts.entry.refused(request, remote);
      if (completed === undefined) leave();
      else completed.then(leave, leave);
      return response;
    } catch (error) {
      leave();
      return refusal(this.#parts.core, error);
    }
  }

  /** What the app's own middlewares put on an answer. */
  #commonHeaders(request: Request): Readonly<Record<string, string>> {
    const { allowedOrigins } = this.#parts.core.settings;
    if (allowedOrigins === undefined) return COMMON_HEADERS;
    return { ...COMMON_HEADERS, ...corsHeaders(originOf(request), allowedOrigins) };
  }

  async #judge(request: Request, pathname: string): Promise<Judged | Response> {
    if (isMassivePath(pathname)) {
      const admitted = await this.#parts.massive.admit(request, new URL(request.url));
      if (admitted instanceof Response) return admitted;
      const { market, principal } = admitted;
      // No subprotocol is ever selected there, so a token offered as one is never echoed.
      return {
        protocol: undefined,
        // A program takes its place when it says `auth`.
        place: undefined,
        handlers: (socket) => this.#parts.massive.handlers(socket, market, principal),
      };
    }
    const { stream } = routePath(pathname) ?? {};
    const admitted = await admitSocket(this.#parts.core, this.#parts.hub, request, this.#defaults, stream);
    if (admitted instanceof Response) return admitted;
    const { principal, defaults, protocol, place } = admitted;
    return {
      protocol,
      place,
      handlers: (socket) => socketHandlers(this.#parts.core, this.#parts.hub, socket, principal, defaults),
    };
  }

  async #openSocket(request: Request, remote: string | undefined): Promise<Response> {
    const { core } = this.#parts;
    // It tells of a peer that leaves from now on, not of one that had left; without tokens there is no wait to leave in.
    const signal = core.settings.authMode === "none" ? undefined : request.signal;
    const admitted = await this.admitUpgrade(request, remote);
    if (admitted instanceof Response) return admitted;
    if (signal?.aborted) {
      admitted.abandon();
      return answerFault(hasLeft());
    }
    try {
      const { socket, response } = handshake(request, admitted.protocol);
      const handlers = admitted.handlers(socket);
      this.#unopened.add(socket, handlers);
      // Four listeners of an idle socket are a twentieth of its memory: opening happens once, and a failure closes.
      socket.onopen = () => {
        socket.onopen = null;
        this.#unopened.opened(socket);
        handlers.onOpen();
      };
      socket.onmessage = (event: MessageEvent) => handlers.onMessage(event.data);
      socket.onclose = handlers.onClose;
      return response;
    } catch (error) {
      admitted.abandon();
      return refusal(core, error);
    }
  }
}

/** For nobody; but an upgrade of its connection would keep the runtime busy for ever, its server's shutdown too. */
const hasLeft = () => new TickcastError("BAD_REQUEST", "Cannot open a socket as its client has left");

/** An upgrade with its places: of its address for as long as it lasts, of its subject until its session takes over. */
function admittedAt(address: Disposable, { protocol, place, handlers }: Judged): AdmittedUpgrade {
  return {
    protocol,
    handlers: (socket) => {
      const made = leaving(handlers(socket), address);
      place?.[Symbol.dispose]();
      return made;
    },
    abandon: () => {
      address[Symbol.dispose]();
      place?.[Symbol.dispose]();
    },
  };
}
