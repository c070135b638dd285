/**
 * `/massive/{stocks|crypto}`: programs that speak Massive's protocol, together. Who may join, the rounds they share,
 * and the drain. A thin skin turns sockets of either server into {@link MassiveClient}s.
 */
import { describeError, publicError, TickcastError } from "../../feed/error.ts";
import { type Market, MARKETS } from "../../feed/wire_fields.ts";
import type { EdgeCore } from "../edge_core.ts";
import { MassiveClient } from "./massive_client.ts";
import { WireFrames } from "./massive_frame.ts";
import type { Principal } from "../admit/principal.ts";
import { checkClientRoom } from "../admit/client_room.ts";
import { activeConnections, type ClientFacts } from "../report/stats_report.ts";
import { refusal } from "../deliver/ws_door.ts";
import type { ServerSocket, SocketHandlers } from "../deliver/websocket_transport.ts";

/** Programs are looked after this often, while there are any. */
const ROUND_MS = 500;

const PATH = /^\/massive\/([a-z]{1,32})\/?$/;

/** Whether a path is one of this door's, a wrong market included. */
export const isMassivePath = (pathname: string): boolean => pathname.startsWith("/massive/");

/** A program that may come in. */
export interface MassiveAdmission {
  readonly market: Market;
  /** Undefined: it says who it is by Massive's `auth`, as programs written for Massive do. */
  readonly principal: Principal | undefined;
}

/** See the file's head. */
export class MassiveDoor implements ClientFacts, Disposable {
  readonly #core: EdgeCore;
  readonly #clients = new Set<MassiveClient>();
  readonly #frames: Readonly<Record<Market, WireFrames>> = {
    stocks: new WireFrames("stocks"),
    crypto: new WireFrames("crypto"),
  };
  #round: Disposable | undefined;
  #isDraining = false;

  constructor(core: EdgeCore) {
    this.#core = core;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Judges a request for one of this door's paths; a {@link Response} is a refusal. Never rejects. */
  async admit(request: Request, url: URL): Promise<MassiveAdmission | Response> {
    const { settings, gate } = this.#core;
    try {
      if (!settings.wsEnabled) {
        throw new TickcastError("WS_DISABLED", "Cannot open a socket as WS_ENABLED is false");
      }
      if (request.method !== "GET") {
        throw new TickcastError("METHOD_NOT_ALLOWED", "Cannot open a socket as the method must be GET");
      }
      const name = PATH.exec(url.pathname)?.[1];
      const market = MARKETS.find((one) => one === name);
      if (market === undefined) {
        throw new TickcastError(
          "NOT_FOUND",
          `Cannot open a socket as the market must be one of ${MARKETS.join(", ")}`,
        );
      }
      this.#checkRoom();
      const { principal } = await gate.admit(request, "massive");
      // Others came in while it was judged, or a drain began.
      this.#checkRoom();
      if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
        throw new TickcastError(
          "UPGRADE_REQUIRED",
          "Cannot answer as this is a WebSocket: connect with an upgrade",
        );
      }
      return { market, principal };
    } catch (error) {
      return refusal(this.#core, error);
    }
  }

  /** The handlers of one socket that has been let in. None of them throws. */
  handlers(socket: ServerSocket, market: Market, principal: Principal | undefined): SocketHandlers {
    const core = this.#core;
    const client = new MassiveClient({
      core,
      socket,
      market,
      frames: this.#frames[market],
      principal,
      onEnd: (one) => this.#leave(one),
    });
    const fenced = (work: () => void) => {
      try {
        work();
      } catch (error) {
        core.log.error("ws_error", { client: client.id, error: describeError(error) });
        client.cut();
      }
    };
    return {
      onOpen: () =>
        fenced(() => {
          if (!this.#hasRoom()) return client.cut();
          this.#join(client);
          client.greet();
        }),
      onMessage: (data) => fenced(() => client.receive(data)),
      onClose: () => fenced(() => client.closed()),
    };
  }

  /** Nobody new is let in any more. */
  stopAdmitting(): void {
    this.#isDraining = true;
  }

  /** Cuts everybody, as Massive does when it restarts. */
  cutAll(): void {
    for (const client of [...this.#clients]) client.cut();
  }

  subscriptionsBySymbol(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { session } of this.#clients) {
      const symbols = new Set([...session.held.topics()].map(({ symbol }) => symbol));
      for (const symbol of symbols) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
    }
    return counts;
  }

  clientsByTier(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { session } of this.#clients) {
      const tier = session.principal?.tier ?? "unknown";
      counts.set(tier, (counts.get(tier) ?? 0) + 1);
    }
    return counts;
  }

  [Symbol.dispose](): void {
    this.cutAll();
    this.#round?.[Symbol.dispose]();
    this.#round = undefined;
  }

  #checkRoom(): void {
    checkClientRoom(this.#core, this.#isDraining);
  }

  /** Whether there is room still, now that a handshake is done; counts a refusal. */
  #hasRoom(): boolean {
    try {
      this.#checkRoom();
      return true;
    } catch (error) {
      this.#core.counters.refuse(publicError(error).code);
      return false;
    }
  }

  #join(client: MassiveClient): void {
    const { counters, clock, log } = this.#core;
    this.#clients.add(client);
    counters.active.massive++;
    counters.accepted.massive++;
    this.#round ??= clock.interval(ROUND_MS, () => this.#tendAll());
    log.info("ws_connect", {
      client: client.id,
      transport: "massive",
      active_connections: activeConnections(counters),
    });
  }

  #leave(client: MassiveClient): void {
    if (!this.#clients.delete(client)) return;
    const { counters, clock, log } = this.#core;
    counters.active.massive--;
    if (this.#clients.size === 0) {
      this.#round?.[Symbol.dispose]();
      this.#round = undefined;
    }
    log.info("ws_disconnect", {
      client: client.id,
      transport: "massive",
      seconds: Math.round((clock.monotonic() - client.openedMs) / 1000),
      active_connections: activeConnections(counters),
    });
  }

  #tendAll(): void {
    const { clock } = this.#core;
    for (const client of [...this.#clients]) client.tend(clock.monotonic(), clock.now());
  }
}
