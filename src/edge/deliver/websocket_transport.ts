/**
 * WebSockets of either server. Thin: a socket becomes a {@link Session} with a {@link CommandDesk}, and every handler is
 * fenced, for a throw in one would end the process. How Deno's own server upgrades a request is here too.
 */
import { describeError, TickcastError } from "../../feed/error.ts";
import { CommandDesk, type ConnectionDefaults } from "./command_desk.ts";
import type { EdgeCore } from "../edge_core.ts";
import type { Frame } from "../follow/frame.ts";
import type { Principal } from "../admit/principal.ts";
import { fault, PROTOCOL, type ServerMessage } from "./server_messages.ts";
import { type ClientSink, Session } from "./session.ts";
import type { SessionHub } from "./session_hub.ts";

/** A socket of a peer that answers no ping is closed after so long: the only way a half-open one is found. */
export const IDLE_TIMEOUT_S = 60;

/** The part of a server-side socket that is used, whichever server made it. */
export interface ServerSocket {
  readonly bufferedAmount: number;
  readonly readyState: number;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  /** Ends the connection without waiting for the peer, where the server can. */
  terminate?(): void;
}

const OPEN = 1;

/** A session's way to its socket. */
export class SocketSink implements ClientSink {
  readonly transport = "ws";
  #isClosing = false;

  constructor(readonly socket: ServerSocket, readonly core: EdgeCore) {}

  buffered(): number {
    return this.socket.bufferedAmount;
  }

  frame(frame: Frame): void {
    this.#send(frame.wsText);
  }

  message({ json }: ServerMessage): number {
    this.#send(json);
    return json.length;
  }

  cursor(): boolean {
    return false;
  }

  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.core.counters.closing++;
    try {
      this.socket.close(code, reason);
    } catch {
      // Already closed by its peer.
    }
  }

  /** The peer has let go. */
  closed(): void {
    if (this.#isClosing) this.core.counters.closing--;
    this.#isClosing = false;
  }

  #send(text: string): void {
    if (this.socket.readyState !== OPEN) return;
    try {
      this.socket.send(text);
    } catch {
      // It closed between the check and the send; its close event follows.
    }
  }
}

/** Length of a message that is no text, in what either server hands it over. */
function binaryBytes(data: unknown): number {
  if (data instanceof Blob) return data.size;
  return data instanceof ArrayBuffer || ArrayBuffer.isView(data) ? data.byteLength : 0;
}

/** What runs a connected socket. */
export interface SocketHandlers {
  onOpen(): void;
  onMessage(data: unknown): void;
  /** Any number of times. */
  onClose(): void;
}

/** Makes the handlers of one socket. None of them throws. */
export function socketHandlers(
  core: EdgeCore,
  hub: SessionHub,
  socket: ServerSocket,
  principal: Principal | undefined,
  defaults: ConnectionDefaults,
): SocketHandlers {
  const sink = new SocketSink(socket, core);
  const session = new Session(core, sink, crypto.randomUUID(), principal, (one) => hub.leave(one));
  const desk = new CommandDesk(session, defaults);
  const fenced = (work: () => void) => {
    try {
      work();
    } catch (error) {
      core.log.error("ws_error", { client: session.id, error: describeError(error) });
      session.close(1011, "internal error");
    }
  };
  return {
    onOpen: () =>
      fenced(() => {
        try {
          hub.checkRoom();
        } catch (error) {
          return turnAway(session, error);
        }
        hub.join(session);
        session.say(hub.helloFor(defaults.streams));
        if (principal !== undefined) desk.begin();
      }),
    onMessage: (data) =>
      fenced(() => {
        if (session.isClosed) return;
        if (typeof data === "string") desk.receive(data);
        else desk.receiveBinary(binaryBytes(data));
      }),
    onClose: () =>
      fenced(() => {
        sink.closed();
        session.dispose();
      }),
  };
}

/** Since there was room at the door others came in, or a drain began. */
function turnAway(session: Session, error: unknown): void {
  if (!(error instanceof TickcastError)) throw error;
  const { code, message, closeCode } = error;
  session.core.counters.refuse(code);
  session.say(fault(code, message, undefined));
  session.close(closeCode, code.toLowerCase());
}

/**
 * The subprotocol to select: ours where any is offered, never one that may be a token.
 * @throws {TickcastError} BAD_REQUEST when ours is not among those offered
 */
export function subprotocolOf(request: Request): string | undefined {
  const offered = request.headers.get("sec-websocket-protocol");
  if (offered === null) return undefined;
  if (offered.split(",").some((name) => name.trim() === PROTOCOL)) return PROTOCOL;
  throw new TickcastError("BAD_REQUEST", `Cannot open a socket as its subprotocols must include ${PROTOCOL}`);
}

/**
 * Upgrades a request that has been let in, on Deno's own server.
 * @throws {TickcastError} BAD_REQUEST when it is no proper handshake
 */
export function handshake(request: Request, protocol: string | undefined): Deno.WebSocketUpgrade {
  try {
    return Deno.upgradeWebSocket(request, {
      idleTimeout: IDLE_TIMEOUT_S,
      ...(protocol !== undefined && { protocol }),
    });
  } catch (error) {
    throw new TickcastError("BAD_REQUEST", "Cannot open a socket as the handshake is not a proper one", {
      cause: error,
    });
  }
}
