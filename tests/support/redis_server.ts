/**
 * A redis-server of a test's own: free port, temporary directory, nothing kept, gone with `await using`.
 *
 * ```ts
 * const redis = realPart("redis-server");
 * Deno.test({ name: "…" + redis.note, ignore: redis.ignore, fn: async () => {
 *   await using server = await startRedis();
 *   const store = await openStore({ transport: "tcp", url: server.url }, deps);
 *   await server.send("LLEN", "tickcast:tick");
 * } });
 * ```
 */
import { realPart } from "./real_parts.ts";
import { RespConnection, RespError, type RespValue } from "./resp_connection.ts";
import { until } from "./until.ts";

/** See {@link startRedis}. */
export interface RedisOptions {
  /** Further arguments, e.g. `["--requirepass", "secret", "--maxmemory", "2mb"]`. */
  readonly args?: readonly string[];
  /** For {@link RedisServer.send}, where `args` set one. */
  readonly password?: string;
}

/** A running redis-server. */
export class RedisServer implements AsyncDisposable {
  #process: Deno.ChildProcess | undefined;
  #admin: RespConnection | undefined;
  #paused = false;

  constructor(readonly port: number, readonly directory: string, readonly options: RedisOptions) {}

  /** `redis://127.0.0.1:<port>`, with the password where there is one. */
  get url(): string {
    const auth = this.options.password === undefined ? "" : `:${this.options.password}@`;
    return `redis://${auth}127.0.0.1:${this.port}`;
  }

  /** Starts it (again), on the same port. What it knew is gone unless it was saved. */
  async start(): Promise<void> {
    this.#process = new Deno.Command(realPart("redis-server").path, {
      args: [
        ...["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.directory],
        ...["--save", "", "--appendonly", "no", "--loglevel", "warning", "--repl-diskless-sync-delay", "0"],
        ...this.options.args ?? [],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await until(async () => (await this.send("PING")) === "PONG", `redis-server on port ${this.port}`);
  }

  /** Kills it as a crash would. */
  async stop(): Promise<void> {
    this.resume();
    this.#admin?.[Symbol.dispose]();
    this.#admin = undefined;
    const process = this.#process;
    this.#process = undefined;
    process?.kill("SIGKILL");
    await process?.status;
  }

  /** Ends it as an operator does, or a planned failover: what it knows now is there again after {@link start}. */
  async shutDown(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    await this.send("SHUTDOWN", "SAVE").catch(() => {});
    this.#admin?.[Symbol.dispose]();
    this.#admin = undefined;
    await process?.status;
  }

  /** Ends it without waiting: for a program (a bench) that has no later moment than its `unload` event. */
  kill(): void {
    this.#process?.kill("SIGKILL");
    Deno.removeSync(this.directory, { recursive: true });
  }

  /** Whatever was saved is not there at the next start. */
  async forget(): Promise<void> {
    await Deno.remove(`${this.directory}/dump.rdb`).catch(() => {});
  }

  /** A crash and a start: comes back empty, or as it was last saved. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** It hangs: connections stay open, nothing answers. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
    this.#paused = true;
  }

  /** Ends {@link pause}. */
  resume(): void {
    if (this.#paused) this.#process?.kill("SIGCONT");
    this.#paused = false;
  }

  /** One command on a connection of the test's own. @throws {Error} with Redis's text on an error reply. */
  async send(...args: readonly string[]): Promise<RespValue> {
    this.#admin ??= await this.#connect();
    const reply = await this.#admin.send(args);
    if (reply instanceof RespError) throw new Error(reply.message);
    return reply;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.directory, { recursive: true });
  }

  async #connect(): Promise<RespConnection> {
    const connection = await RespConnection.open(this.port);
    if (this.options.password !== undefined) await connection.send(["AUTH", this.options.password]);
    return connection;
  }
}

/** Starts a redis-server on a free port and waits until it answers. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const server = new RedisServer(freePort(), await Deno.makeTempDir({ prefix: "tickcast-redis-" }), options);
  await server.start();
  return server;
}

/** Below what systems give to connections and to listeners that leave the choice to them (Linux: from 32 768 on). */
const PORTS = { from: 12_000, to: 32_000 } as const;
const PORT_TRIES = 100;

/**
 * A TCP port nobody listens on now, and that nobody is given by chance before it is used seconds later: nginx once found its own
 * taken by another test's connection.
 * @throws {Error} when no port was found
 */
export function freePort(): number {
  for (let tries = 0; tries < PORT_TRIES; tries++) {
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    try {
      using _listener = Deno.listen({ hostname: "127.0.0.1", port });
      return port;
    } catch {
      // Somebody is there: another one.
    }
  }
  throw new Error(`Cannot find a port as ${PORT_TRIES} tries found none free`);
}
