/**
 * The hardened server: a maintained WebSocket server (`ws`) on node:http, for what Deno's own can't promise: a cap on messages
 * with their fragments, deadlines for headers and requests, an end to the socket of a peer that never reads. The same doors
 * behind it as behind Deno.serve.
 */
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket as WsSocket, WebSocketServer } from "ws";
import { describeError, TickcastError } from "../../feed/error.ts";
import type { Stoppable } from "../drain.ts";
import type { EdgeCore } from "../edge_core.ts";
import { answerFault } from "../http_answer.ts";
import type { AdmittedUpgrade, EdgeDoors } from "../admit/edge_doors.ts";
import { guardConnections } from "./connection_guard.ts";
import { checkHardenedRuntime } from "./hardened_runtime.ts";
import { HardenedSocket } from "./hardened_socket.ts";
import { announcesBody, readNodeRequest, writeNodeResponse, writeRawResponse } from "./node_exchange.ts";

/** Fragments of one message, empty ones too; more ends the socket. */
const FRAGMENTS_MAX = 1024;
/** What a request may take longer than its headers; a trickle is cut, the check coming round every second. */
const BODY_TIMEOUT_MS = 5_000;
const TIMEOUT_CHECK_MS = 1_000;
const KEEP_ALIVE_MS = 5_000;
/** What `ws` calls a message over its bounds. */
const TOO_LARGE_CODES: ReadonlySet<string> = new Set([
  "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH",
  "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH",
  "WS_ERR_TOO_MANY_BUFFERED_PARTS",
]);
/** Every socket is pinged this often and ended when it has not answered by the next time. */
const PING_MS = 30_000;

/** Where and what it serves. */
export interface HardenedOptions {
  readonly core: EdgeCore;
  readonly doors: EdgeDoors;
  readonly hostname: string;
  readonly port: number;
}

/** A listening hardened server. */
export interface HardenedServer extends Stoppable {
  readonly port: number;
  readonly finished: Promise<void>;
}

/** Listens. @throws when the port is taken, or the runtime can't hold the limits */
export async function serveHardened(options: HardenedOptions): Promise<HardenedServer> {
  checkHardenedRuntime(Deno.version.deno);
  const { core, doors, hostname, port } = options;
  const sockets = new Set<HardenedSocket>();
  const { headersMaxBytes, headersTimeoutMs, messageMaxBytes } = core.settings;
  const server = createServer({
    maxHeaderSize: headersMaxBytes,
    headersTimeout: headersTimeoutMs,
    requestTimeout: headersTimeoutMs + BODY_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  });
  const selected = new WeakMap<IncomingMessage, string>();
  const upgrader = new WebSocketServer({
    noServer: true,
    maxPayload: messageMaxBytes,
    maxFragments: FRAGMENTS_MAX,
    perMessageDeflate: false,
    // Answered by hand: a peer that pings and never reads would have its answers pile up.
    autoPong: false,
    handleProtocols: (_offered, request) => selected.get(request) ?? false,
  });
  guardConnections(server, core);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    answerRequest(core, doors, request, response).catch((error: unknown) => {
      core.log.debug("http_error", { error: describeError(error) });
      response.destroy();
    });
  });
  server.on("upgrade", (request: IncomingMessage, raw: Duplex, head: Buffer) => {
    raw.on("error", () => raw.destroy());
    answerUpgrade(core, doors, request, raw, (admitted, opened) => {
      if (admitted.protocol !== undefined) selected.set(request, admitted.protocol);
      upgrader.handleUpgrade(request, raw, head, (socket) => {
        attach(core, sockets, socket, admitted);
        opened();
      });
    }).catch((error: unknown) => {
      core.log.error("ws_error", { error: describeError(error) });
      raw.destroy();
    });
  });
  await listen(server, hostname, port);
  const pings = core.clock.interval(PING_MS, () => {
    for (const socket of sockets) socket.ping();
  });
  const finished = new Promise<void>((resolve) => server.on("close", () => resolve()));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    finished,
    async shutdown() {
      pings[Symbol.dispose]();
      server.close();
      server.closeIdleConnections();
      for (const socket of [...sockets]) socket.terminate();
      upgrader.close();
      server.closeAllConnections();
      await finished;
    },
  };
}

function listen(server: Server, hostname: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, hostname, 4096, () => {
    server.off("error", reject);
    resolve();
  });
  return promise;
}

async function answerRequest(
  core: EdgeCore,
  doors: EdgeDoors,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = Promise.withResolvers<void>();
  const left = new AbortController();
  outgoing.on("close", () => {
    gone.resolve();
    left.abort();
  });
  outgoing.on("error", () => gone.resolve());
  const request = await readNodeRequest(incoming, left.signal);
  const response = request instanceof Response
    ? request
    : await doors.answerFor(request, incoming.socket.remoteAddress, gone.promise);
  await writeNodeResponse(response, outgoing, gone.promise, core.clock);
  if (response.status >= 500) core.counters.drop("http_5xx");
}

async function answerUpgrade(
  core: EdgeCore,
  doors: EdgeDoors,
  incoming: IncomingMessage,
  raw: Duplex,
  open: (admitted: AdmittedUpgrade, opened: () => void) => void,
): Promise<void> {
  // RFC 6455 4.1: at least 1.1, which no proxy that speaks less can carry on.
  if (incoming.httpVersion === "1.0") {
    return await writeRawResponse(answerFault(notByHttp10()), raw, core.clock);
  }
  // The server's deadlines are over with the headers: a body that never comes would be waited for without end.
  if (announcesBody(incoming)) return await writeRawResponse(answerFault(notWithBody()), raw, core.clock);
  const request = await readNodeRequest(incoming);
  const admitted = request instanceof Response
    ? request
    : await doors.admitUpgrade(request, incoming.socket.remoteAddress);
  if (admitted instanceof Response) return await writeRawResponse(admitted, raw, core.clock);
  if (raw.destroyed) return admitted.abandon();
  // `ws` answers a bad handshake and ends the socket of a peer that left, and tells nobody of either.
  const abandon = () => admitted.abandon();
  raw.once("close", abandon);
  try {
    open(admitted, () => raw.off("close", abandon));
  } catch (error) {
    admitted.abandon();
    core.log.debug("ws_error", { error: describeError(error) });
    raw.destroy();
  }
}

const notWithBody = () =>
  new TickcastError("BAD_REQUEST", "Cannot open a socket as a request for one must have no body");

const notByHttp10 = () =>
  new TickcastError("BAD_REQUEST", "Cannot open a socket as HTTP must be 1.1 for that: current value is 1.0");

function attach(
  core: EdgeCore,
  sockets: Set<HardenedSocket>,
  socket: WsSocket,
  admitted: AdmittedUpgrade,
): void {
  const held = new HardenedSocket(socket, core);
  const handlers = admitted.handlers(held);
  sockets.add(held);
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    handlers.onMessage(isBinary ? data : data.toString("utf8"));
  });
  socket.on("ping", (data: Buffer) => held.pinged(data));
  socket.on("error", (error: NodeJS.ErrnoException) => {
    if (TOO_LARGE_CODES.has(error.code ?? "")) core.counters.limit("message_size");
    held.broken();
    core.counters.drop("ws_protocol_error");
    core.log.debug("ws_error", { error: error.message });
  });
  socket.on("close", () => {
    sockets.delete(held);
    held.closed();
    handlers.onClose();
  });
  handlers.onOpen();
}
