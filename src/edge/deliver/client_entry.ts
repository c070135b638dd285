/**
 * What is asked of every client before anything else: is there memory, and does its address hold too many connections
 * already. One object per instance; the place it gives is handed back when the connection ends.
 */
import type { Clock } from "../../feed/clock.ts";
import type { EdgeSettings } from "../../feed/settings/settings.ts";
import { clientAddress, trustedRanges } from "../admit/client_address.ts";
import { ConnectionLimits } from "../admit/connection_limits.ts";
import type { IpRange } from "../admit/ip_address.ts";
import { MemoryWatch } from "../admit/memory_watch.ts";
import type { EdgeCounters } from "../edge_counters.ts";
import type { SocketHandlers } from "./websocket_transport.ts";

/** The part of the settings this is about. */
export type EntrySettings = Pick<EdgeSettings, "maxConnectionsPerIp" | "trustedProxies" | "memoryShedBytes">;

/** See the file's head. */
export class ClientEntry {
  readonly #limits: ConnectionLimits;
  readonly #trusted: readonly IpRange[];
  readonly #memory: MemoryWatch;
  readonly #counters: EdgeCounters;

  /** @param memoryBytes resident memory of the process, bytes */
  constructor(settings: EntrySettings, clock: Clock, memoryBytes: () => number, counters: EdgeCounters) {
    this.#counters = counters;
    this.#limits = new ConnectionLimits(
      settings.maxConnectionsPerIp,
      "address",
      () => counters.limit("address"),
    );
    this.#trusted = trustedRanges(settings.trustedProxies);
    this.#memory = new MemoryWatch({ limitBytes: settings.memoryShedBytes, memoryBytes, clock });
  }

  /** No new clients are taken: short of memory. */
  get isShedding(): boolean {
    return this.#memory.isShedding;
  }

  /**
   * Takes a place for a connection; dispose it when that has ended, any number of times.
   * @param remote the peer's address as the server sees it
   * @throws {TickcastError} OVERLOADED
   */
  enter(request: Request, remote: string | undefined): Disposable {
    if (this.#memory.isShedding) this.#counters.limit("memory");
    this.#memory.check();
    return this.#limits.take(clientAddress(remote, request.headers.get("x-forwarded-for"), this.#trusted));
  }
}

/** The peer's address where the server tells it. */
export const remoteOf = (info: Deno.ServeHandlerInfo | undefined): string | undefined =>
  info !== undefined && "hostname" in info.remoteAddr ? info.remoteAddr.hostname : undefined;

/** Handlers that hand the place back when the socket is gone. */
export const leaving = (handlers: SocketHandlers, place: Disposable): SocketHandlers => ({
  ...handlers,
  onClose: () => {
    place[Symbol.dispose]();
    handlers.onClose();
  },
});
