/**
 * Upstash's REST API in front of a redis-server of a test's own, answering as Upstash documents: single commands,
 * `/pipeline`, `/multi-exec`, `/subscribe` as server-sent events, base64 on demand, 401 and 400, the 10 MB limit. The script
 * flags that Upstash knows and plain Redis refuses are stripped. What a network or a proxy does to it can be injected.
 *
 * ```ts
 * await using server = await startRedis();
 * await using front = await startRestFront(server);
 * const store = await openStore({ transport: "rest", url: front.url, token: front.token }, deps);
 * front.fault = ({ command }) => command === "EVALSHA" ? { kind: "cut", applied: true } : undefined;
 * ```
 */
import type { RedisServer } from "./redis_server.ts";
import { RespConnection, RespError, type RespValue } from "./resp_connection.ts";
import { type HintStream, openHintStream } from "./hint_stream.ts";
import { ScriptShelf } from "./script_shelf.ts";

const REQUEST_MAX_BYTES = 10 * 1024 * 1024;
const READS = new Set([
  "GET",
  "MGET",
  "HMGET",
  "HGET",
  "HVALS",
  "HSCAN",
  "SCAN",
  "LRANGE",
  "LLEN",
  "SMEMBERS",
  "TIME",
]);
/** Where {@link RestFront.freeze} keeps what stale reads see. */
const STALE_DATABASE = "2";

/** What can go wrong between client and Redis. `applied`: Redis did it all the same. */
export type RestFault =
  | {
    readonly kind: "answer";
    readonly status: number;
    readonly body: string;
    readonly applied?: boolean;
    readonly location?: string;
  }
  /** The connection breaks before the answer is whole. */
  | { readonly kind: "cut"; readonly applied: boolean }
  | { readonly kind: "hang"; readonly applied: boolean };

/** A request as a fault may look at it. */
export interface SeenRequest {
  readonly path: string;
  /** Name of its (first) command, upper case. */
  readonly command: string;
  /** The first script argument and what follows, for EVAL and EVALSHA. */
  readonly args: readonly string[];
}

interface Slot {
  readonly result?: RespValue;
  readonly error?: string;
}

/** Starts a front of `server`. */
export async function startRestFront(server: RedisServer): Promise<RestFront> {
  const front = new RestFront(server);
  await front.connect();
  return front;
}

/** See the file comment. */
export class RestFront implements AsyncDisposable {
  readonly token = "front-token-7b1c";
  /** Asked for every request; undefined lets it through. */
  fault: (seen: SeenRequest) => RestFault | undefined = () => undefined;
  /** Streams opened from now on break when they end: they announce more bytes than they send. */
  streamsBreak = false;
  /** Event streams opened so far. */
  opened = 0;
  /** Requests answered or spoilt so far. */
  requests = 0;
  readonly #scripts = new ScriptShelf();
  readonly #http: Deno.HttpServer<Deno.NetAddr>;
  readonly #streams = new Set<HintStream>();
  readonly #ending = Promise.withResolvers<void>();
  #redis: RespConnection | undefined;
  #stale: RespConnection | undefined;

  constructor(readonly server: RedisServer) {
    this.#http = Deno.serve(
      {
        hostname: "127.0.0.1",
        port: 0,
        onListen: () => {},
        // Redis is away.
        onError: () => new Response("Bad Gateway", { status: 502 }),
      },
      (request) => this.#handle(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#http.addr.port}`;
  }

  /** Event streams open now. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Connects to Redis (again, after it was restarted). */
  async connect(): Promise<void> {
    this.#redis?.[Symbol.dispose]();
    this.#redis = await RespConnection.open(this.server.port);
  }

  /** From now on reads see everything as it is at this moment, as from a replica that lags. */
  async freeze(): Promise<void> {
    const stale = await RespConnection.open(this.server.port);
    const keys = await stale.send(["KEYS", "*"]);
    for (const key of Array.isArray(keys) ? keys : []) {
      await stale.send(["COPY", String(key), String(key), "DB", STALE_DATABASE, "REPLACE"]);
    }
    await stale.send(["SELECT", STALE_DATABASE]);
    this.#stale = stale;
  }

  /** Ends {@link freeze}: the replica caught up. */
  async thaw(): Promise<void> {
    await this.#stale?.send(["FLUSHDB"]);
    this.#stale?.[Symbol.dispose]();
    this.#stale = undefined;
  }

  /** Every event stream ends without a word, or breaks where {@link streamsBreak} was set when it was opened. */
  endStreams(): void {
    for (const stream of this.#streams) stream.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.endStreams();
    this.#ending.resolve();
    await this.#http.shutdown();
    this.#redis?.[Symbol.dispose]();
    this.#stale?.[Symbol.dispose]();
  }

  async #handle(request: Request): Promise<Response> {
    this.requests++;
    const path = new URL(request.url).pathname;
    if (request.headers.get("authorization") !== `Bearer ${this.token}`) {
      return fail(401, "WRONGPASS invalid or missing auth token");
    }
    if (path.startsWith("/subscribe/")) {
      return await this.#subscribe(decodeURIComponent(path.slice(11)));
    }
    if (request.method !== "POST") return fail(405, "ERR method not allowed");
    const body = await request.text();
    if (body.length > REQUEST_MAX_BYTES) return fail(400, "ERR max request size exceeded");
    const commands = readCommands(path, body);
    if (commands === undefined) return fail(400, "ERR failed to parse command");
    const [name = "", ...args] = commands[0] ?? [];
    const fault = this.fault({ path, command: name.toUpperCase(), args });
    if (fault === undefined) return await this.#answer(request, path, commands);
    return await this.#spoil(fault, () => this.#answer(request, path, commands));
  }

  async #spoil(fault: RestFault, apply: () => Promise<Response>): Promise<Response> {
    if (fault.applied) await apply();
    switch (fault.kind) {
      case "answer":
        return new Response(fault.body, {
          status: fault.status,
          headers: fault.location === undefined ? {} : { location: fault.location },
        });
      case "hang":
        await this.#ending.promise;
        return new Response(null, { status: 503 });
      case "cut":
        // Fewer bytes than announced: the connection breaks when they are sent.
        return new Response(oneChunk('{"resu'), { headers: { "content-length": "1000" } });
    }
  }

  async #answer(request: Request, path: string, commands: readonly (readonly string[])[]): Promise<Response> {
    const isBase64 = request.headers.get("upstash-encoding") === "base64";
    const slots = path === "/multi-exec" ? await this.#transaction(commands) : await this.#each(commands);
    if (!isMany(slots)) return fail(400, slots.error ?? "");
    const [slot] = slots;
    if (path === "/" && slot?.error !== undefined) return fail(400, slot.error);
    const coded = isBase64 ? slots.map(base64Slot) : slots;
    return Response.json(path === "/" ? coded[0] : coded);
  }

  async #each(commands: readonly (readonly string[])[]): Promise<readonly Slot[]> {
    const slots: Slot[] = [];
    for (const command of commands) {
      const ready = await this.#scripts.strip(command);
      slots.push(
        ready instanceof RespError ? slotOf(ready) : slotOf(await this.#connection([command]).send(ready)),
      );
    }
    return slots;
  }

  async #transaction(commands: readonly (readonly string[])[]): Promise<readonly Slot[] | Slot> {
    const ready: (readonly string[])[] = [["MULTI"]];
    for (const command of commands) {
      const stripped = await this.#scripts.strip(command);
      if (stripped instanceof RespError) return slotOf(stripped);
      ready.push(stripped);
    }
    const replies = await this.#connection(commands).pipeline([...ready, ["EXEC"]]);
    const last = replies.at(-1) ?? null;
    return Array.isArray(last) ? last.map(slotOf) : slotOf(last);
  }

  #connection(commands: readonly (readonly string[])[]): RespConnection {
    const isRead = commands.every(([name = ""]) => READS.has(name.toUpperCase()));
    const connection = isRead && this.#stale !== undefined ? this.#stale : this.#redis;
    if (connection === undefined) throw new Error("Cannot answer as connect() comes first");
    return connection;
  }

  async #subscribe(channel: string): Promise<Response> {
    const fault = this.fault({ path: "/subscribe", command: "SUBSCRIBE", args: [channel] });
    if (fault !== undefined) return await this.#spoil(fault, () => Promise.resolve(new Response()));
    const stream = await openHintStream(this.server.port, channel);
    this.#streams.add(stream);
    this.opened++;
    void stream.ended.then(() => this.#streams.delete(stream));
    return new Response(stream.body, {
      headers: {
        "content-type": "text/event-stream",
        ...(this.streamsBreak ? { "content-length": "1000000" } : {}),
      },
    });
  }
}

const oneChunk = (text: string): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });

const isMany = (slots: readonly Slot[] | Slot): slots is readonly Slot[] => Array.isArray(slots);

const fail = (status: number, error: string): Response => Response.json({ error }, { status });

const slotOf = (reply: RespValue): Slot =>
  reply instanceof RespError ? { error: reply.message } : { result: reply };

const base64Slot = (slot: Slot): Slot => "result" in slot ? { result: base64(slot.result ?? null) } : slot;

function base64(value: RespValue): RespValue {
  if (Array.isArray(value)) return value.map(base64);
  if (typeof value !== "string" || value === "OK") return value;
  return btoa(String.fromCharCode(...new TextEncoder().encode(value)));
}

function readCommands(path: string, body: string): readonly (readonly string[])[] | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    const many: unknown = path === "/" ? [parsed] : parsed;
    if (!Array.isArray(many) || many.length === 0) return undefined;
    if (!many.every((command) => Array.isArray(command) && command.length > 0)) return undefined;
    return many.map((command: readonly unknown[]) => command.map(String));
  } catch {
    return undefined;
  }
}
