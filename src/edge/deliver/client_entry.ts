/**
 * What is asked of every client before anything else: is there memory, and does its address hold too many connections
 * already. One object per instance; the place it gives is handed back when the connection ends.
 */
import type { Clock } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";
import type { EdgeSettings } from "../../feed/settings/settings.ts";
import { clientAddress, trustedRanges } from "../admit/client_address.ts";
import { ConnectionLimits } from "../admit/connection_limits.ts";
import { HolderRates } from "../admit/holder_rates.ts";
import type { IpRange } from "../admit/ip_address.ts";
import { MemoryWatch } from "../admit/memory_watch.ts";
import type { EdgeCounters } from "../edge_counters.ts";
import type { SocketHandlers } from "./websocket_transport.ts";

/** Tickets that were none, of one address, before it has to wait. */
const NO_TICKETS_BURST = 100;
const NO_TICKETS_PER_SECOND = 10;

/** The part of the settings this is about. */
export type EntrySettings = Pick<EdgeSettings, "maxConnectionsPerIp" | "trustedProxies" | "memoryShedBytes">;

/** See the file's head. */
export class ClientEntry {
  readonly #limits: ConnectionLimits;
  readonly #trusted: readonly IpRange[];
  readonly #memory: MemoryWatch;
  readonly #counters: EdgeCounters;
  /** Tickets of an address that were none. */
  readonly #noTickets: HolderRates;

  /** @param memoryBytes resident memory of the process, bytes */
  constructor(settings: EntrySettings, clock: Clock, memoryBytes: () => number, counters: EdgeCounters) {
    this.#counters = counters;
    this.#limits = new ConnectionLimits(
      settings.maxConnectionsPerIp,
      "address",
      () => counters.limit("address"),
    );
    this.#trusted = trustedRanges(settings.trustedProxies);
    this.#noTickets = new HolderRates(NO_TICKETS_BURST, NO_TICKETS_PER_SECOND, clock);
    this.#memory = new MemoryWatch({ limitBytes: settings.memoryShedBytes, memoryBytes, clock });
  }

  /** No new clients are taken: short of memory. */
  get isShedding(): boolean {
    return this.#memory.isShedding;
  }

  /**
   * Takes a place for a connection; dispose it when that has ended, any number of times.
   * @param remote the peer's address as the server sees it
   * @throws {TickcastError} OVERLOADED; RATE_LIMITED for a ticket of an address that had too many of none
   */
  enter(request: Request, remote: string | undefined): Disposable {
    if (this.#memory.isShedding) this.#counters.limit("memory");
    this.#memory.check();
    const address = this.#addressOf(request, remote);
    if (address !== undefined && hasTicket(request) && !this.#noTickets.has(address)) {
      this.#counters.limit("tickets");
      throw new TickcastError(
        "RATE_LIMITED",
        `Cannot take a ticket as one address may send ${NO_TICKETS_PER_SECOND} a second that are none`,
      );
    }
    return this.#limits.take(address);
  }

  /** A request that had entered was refused as nobody's: each ticket that is none cost the store a command. */
  refused(request: Request, remote: string | undefined): void {
    const address = hasTicket(request) ? this.#addressOf(request, remote) : undefined;
    if (address !== undefined) this.#noTickets.take(address);
  }

  #addressOf(request: Request, remote: string | undefined): string | undefined {
    return clientAddress(remote, request.headers.get("x-forwarded-for"), this.#trusted);
  }
}

const hasTicket = ({ url }: Request): boolean => /[?&]ticket=/.test(url);

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
