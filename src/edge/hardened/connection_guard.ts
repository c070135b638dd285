/**
 * What the hardened server holds against connections that are not yet anybody's: so many of them in all, each with proper
 * headers in time. What is refused is counted by its limit.
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { clientAddress, trustedRanges } from "../admit/client_address.ts";
import { ConnectionLimits } from "../admit/connection_limits.ts";
import { type IpRange, isInRange, parseIp } from "../admit/ip_address.ts";
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

/** Most of them that one address may hold; a trusted proxy's are everybody's. */
export const addressConnectionsMax = (maxConnectionsPerIp: number): number =>
  maxConnectionsPerIp + SPARE_CONNECTIONS / 2;

/** Guards a server; before it listens. */
export function guardConnections(server: Server, core: EdgeCore): void {
  guardNumber(server, core);
  guardHeaders(server, core);
}

function guardNumber(server: Server, { settings, counters }: EdgeCore): void {
  const most = connectionsMax(settings.wsMaxConnections);
  const trusted = trustedRanges(settings.trustedProxies);
  const addresses = new ConnectionLimits(
    addressConnectionsMax(settings.maxConnectionsPerIp),
    "address",
    () => counters.limit("address"),
  );
  let open = 0;
  const take = (remote: string | undefined): Disposable | undefined => {
    try {
      return addresses.take(isTrusted(remote, trusted) ? undefined : clientAddress(remote, null, []));
    } catch {
      return undefined;
    }
  };
  server.on("connection", (socket: Socket) => {
    if (open >= most) counters.limit("sockets");
    const place = open >= most ? undefined : take(socket.remoteAddress);
    if (place === undefined) return void socket.destroy();
    open++;
    socket.once("close", () => {
      open--;
      place[Symbol.dispose]();
    });
  });
}

const isTrusted = (remote: string | undefined, trusted: readonly IpRange[]): boolean => {
  const address = remote === undefined ? undefined : parseIp(remote);
  return address !== undefined && trusted.some((range) => isInRange(address, range));
};

function guardHeaders(server: Server, { counters, log }: EdgeCore): void {
  const refused = new WeakSet<Duplex>();
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
