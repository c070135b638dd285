/**
 * A small edge of the tests' own: the client protocol over an array per stream. It does what the protocol promises, and
 * through {@link FakeEdge.faults} what it forbids. The client is proven against it first, then against the real edge.
 */
import { serveHttp } from "./fake_edge_http.ts";
import { FakeSocket } from "./fake_edge_socket.ts";

/** An event as it stands in a list. */
export type FakeEvent =
  & { id: string; type: string; sym: string; t: number; rx: number }
  & Record<string, unknown>;

/** What the fake does wrong, all off at first. */
export interface Faults {
  /** Answer of `GET /ws` and of upgrades: 0 serves them. */
  wsStatus: number;
  sseStatus: number;
  pollStatus: number;
  /** Upgrades are accepted and then nothing is said. */
  mute: boolean;
  /** Tokens that are refused with 401. */
  badTokens: Set<string>;
}

/** A stream's list and how far it was trimmed. */
export interface FakeList {
  epoch: string;
  /** Seq of `events[0]`. */
  first: number;
  events: FakeEvent[];
}

/** See the file comment. */
export class FakeEdge implements AsyncDisposable {
  readonly lists = new Map<string, FakeList>();
  readonly faults: Faults = { wsStatus: 0, sseStatus: 0, pollStatus: 0, mute: false, badTokens: new Set() };
  readonly sockets = new Set<FakeSocket>();
  readonly followers = new Set<() => void>();
  readonly aborts = new Set<AbortController>();
  /** Every WebSocket request received, parsed. */
  readonly commands: Record<string, unknown>[] = [];
  /** Every HTTP request, `GET /path?query`. */
  readonly requests: string[] = [];
  /** Tokens without which nothing but pages and health is to be had; undefined: open. */
  tokens: ReadonlySet<string> | undefined;
  pages: ReadonlyMap<string, { body: Uint8Array; contentType: string }> = new Map();
  /** What heartbeats say of streams, where it is not `live`. */
  states: Readonly<Record<string, string>> = {};
  /** Answers of other routes by path, as JSON. */
  answers = new Map<string, unknown>();
  #server: Deno.HttpServer<Deno.NetAddr>;
  readonly port: number;

  constructor(port = 0) {
    this.#server = this.#serve(port);
    this.port = this.#server.addr.port;
    for (const stream of ["tick", "minute", "fmv", "signal", "heatmap"]) this.reset(stream, "k0000001");
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** A list that begins anew, empty. */
  reset(stream: string, epoch: string): void {
    this.lists.set(stream, { epoch, first: 1, events: [] });
  }

  list(stream: string): FakeList {
    const list = this.lists.get(stream);
    if (!list) throw new Error(`Cannot read stream ${stream} as the fake has none of that name`);
    return list;
  }

  /** Appends an event and tells everybody. */
  append(
    stream: string,
    event: { type: string; sym: string; t?: number } & Record<string, unknown>,
  ): FakeEvent {
    const list = this.list(stream);
    const id = `${list.epoch}-${list.first + list.events.length}`;
    const now = Date.now();
    const stamped: FakeEvent = { ...event, id, t: event.t ?? now, rx: now };
    list.events.push(stamped);
    for (const tell of this.followers) tell();
    return stamped;
  }

  /** Forgets the oldest events, as a capped list does. */
  trim(stream: string, keep: number): void {
    const list = this.list(stream);
    const gone = Math.max(0, list.events.length - keep);
    list.events.splice(0, gone);
    list.first += gone;
  }

  /** Where a stream stands: `tick:<epoch>-<seq>`. */
  cursor(stream: string): string {
    const list = this.list(stream);
    return `${stream}:${list.epoch}-${list.first + list.events.length - 1}`;
  }

  /** Cuts every connection without a goodbye; the port stays open. */
  cut(code = 4002): void {
    for (const socket of [...this.sockets]) socket.close(code, "");
    for (const abort of [...this.aborts]) abort.abort();
  }

  /** Stops listening and cuts everybody. */
  async stop(): Promise<void> {
    this.cut();
    await this.#server.shutdown();
  }

  /** Listens again on the same port. */
  restart(): void {
    this.#server = this.#serve(this.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Whether a token (or none) lets a client in. */
  lets(token: string | undefined): boolean {
    if (token !== undefined && this.faults.badTokens.has(token)) return false;
    return this.tokens === undefined || (token !== undefined && this.tokens.has(token));
  }

  #serve(port: number): Deno.HttpServer<Deno.NetAddr> {
    return Deno.serve({ port, hostname: "127.0.0.1", onListen() {} }, (request) => this.#handle(request));
  }

  #handle(request: Request): Response | Promise<Response> {
    const url = new URL(request.url);
    this.requests.push(`${request.method} ${url.pathname}${url.search}`);
    if (url.pathname !== "/ws") return serveHttp(this, request, url);
    const status = this.faults.wsStatus;
    if (status !== 0) return Response.json({ error: { code: "WS_DISABLED", message: "off" } }, { status });
    const offered = request.headers.get("sec-websocket-protocol")?.split(/,\s*/) ?? [];
    const token = request.headers.get("authorization")?.slice("Bearer ".length) ??
      offered.find((one) => one.startsWith("bearer."))?.slice("bearer.".length);
    if (!this.lets(token)) {
      return Response.json({ error: { code: "UNAUTHORIZED", message: "no" } }, { status: 401 });
    }
    if (request.headers.get("upgrade") !== "websocket") return new Response("upgrade", { status: 426 });
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "tickcast.v1", idleTimeout: 0 });
    this.sockets.add(new FakeSocket(this, socket, token));
    return response;
  }
}

/** Position after an id of the list: index into `events`; `gap` when it is not held any more. */
export function placeOf(list: FakeList, at: string | undefined): { index: number; gap: string | undefined } {
  if (at === undefined) return { index: list.events.length, gap: undefined };
  if (at === "earliest") return { index: 0, gap: undefined };
  const [epoch, seq] = at.split("-");
  if (epoch !== list.epoch) return { index: 0, gap: "epoch" };
  const index = Number(seq) + 1 - list.first;
  return index < 0
    ? { index: 0, gap: "evicted" }
    : { index: Math.min(index, list.events.length), gap: undefined };
}

/** The part of a cursor that is a stream's. */
export const partOf = (cursor: string | null | undefined, stream: string): string | undefined =>
  cursor === "earliest"
    ? cursor
    : cursor?.split(",").find((part) => part.startsWith(`${stream}:`))?.slice(stream.length + 1);

/** The message of a gap found on resuming at `at`. */
export function gapMessage(
  stream: string,
  list: FakeList,
  at: string,
  cause: string,
): Record<string, unknown> {
  const lost = cause === "epoch" ? null : list.first - 1 - Number(at.split("-")[1]);
  return { type: "gap", stream, after: at, before: `${list.epoch}-${list.first}`, lost, cause };
}

/** Whether patterns (`*`, names, `X:*`) take a symbol. */
export const takes = (symbols: ReadonlySet<string>, sym: string): boolean =>
  symbols.has("*") || symbols.has(sym) ||
  [...symbols].some((one) => one.endsWith("*") && sym.startsWith(one.slice(0, -1)));

/** The latest event per (type, symbol). */
export function latestOf(list: FakeList, symbols: ReadonlySet<string>): FakeEvent[] {
  const latest = new Map<string, FakeEvent>();
  for (const event of list.events) {
    if (takes(symbols, event.sym)) latest.set(`${event.type}:${event.sym}`, event);
  }
  return [...latest.values()];
}
