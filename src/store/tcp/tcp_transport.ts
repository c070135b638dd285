/**
 * Redis over TCP, with node-redis (6.x: RESP encoding, TLS, authentication, pub/sub). What an append must not have is off:
 * see `tcp_client.ts`.
 */
import type { Clock } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";
import { READ_SCRIPT, readArguments } from "../redis/read_script.ts";
import type { ReadCommand, RedisCommand, RedisTransport } from "../redis/redis_transport.ts";
import { arrayOf } from "../redis/reply_shape.ts";
import { TimeLimitError } from "../../feed/time_limit.ts";
import { RedisReplyError } from "../store_failure.ts";
import { asReplyError, CALLS_IN_FLIGHT_MAX } from "./tcp_client.ts";
import { TcpConnection, type TcpOptions } from "./tcp_connection.ts";
import { subscribeTcp } from "./tcp_subscription.ts";
import type { UsageMeter } from "../usage_meter.ts";

/** Silence that makes a connection suspect once a call timed out on it, in ms. */
const SILENCE_LIMIT_MS = 2500;

/** See the file comment. */
export class TcpTransport implements RedisTransport {
  readonly name = "tcp";
  readonly scriptHeader = "";
  readonly #connection: TcpConnection;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #subscriptions = new Set<Promise<void>>();
  #inFlight = 0;
  #lastReplyAt = 0;

  constructor(readonly options: TcpOptions, readonly usage: UsageMeter) {
    this.#clock = options.clock;
    this.#connection = new TcpConnection({ ...options, onConnect: () => usage.add({ connects: 1 }) });
  }

  /** Resolves when the first attempt to connect ended, well or not. */
  get attempted(): Promise<void> {
    return this.#connection.attempted;
  }

  async command(command: RedisCommand, signal: AbortSignal): Promise<unknown> {
    const { client } = this.#connection;
    if (this.#inFlight >= CALLS_IN_FLIGHT_MAX) {
      throw new TickcastError(
        "STORE_UNAVAILABLE",
        `Cannot use Redis as ${CALLS_IN_FLIGHT_MAX} calls wait already: it is too slow`,
      );
    }
    this.#inFlight++;
    this.usage.add({ bytesOut: charsOf(command) });
    try {
      const reply: unknown = await client.sendCommand(command, { abortSignal: signal });
      this.#lastReplyAt = this.#clock.monotonic();
      this.usage.add({ bytesIn: charsOf(reply) });
      return reply;
    } catch (error) {
      const told = asReplyError(error);
      if (told !== error) this.#lastReplyAt = this.#clock.monotonic();
      throw told;
    } finally {
      this.#inFlight--;
    }
  }

  /** The script's own EVALSHA. */
  readonly togetherCommands = 1;

  async readTogether(commands: readonly ReadCommand[], signal: AbortSignal): Promise<readonly unknown[]> {
    const { text, sha1 } = await READ_SCRIPT.on(this.scriptHeader);
    const args = ["0", ...readArguments(commands)];
    try {
      return arrayOf(await this.command(["EVALSHA", sha1, ...args], signal));
    } catch (error) {
      if (!(error instanceof RedisReplyError && error.isNoScript)) throw error;
      return arrayOf(await this.command(["EVAL", text, ...args], signal));
    }
  }

  subscribe(
    channel: string,
    deliver: (text: string) => void,
    signal: AbortSignal,
    opened?: () => void,
  ): Promise<void> {
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    const subscription = subscribeTcp({ ...this.options, channel, deliver, signal: stop, opened });
    this.#subscriptions.add(subscription);
    const leave = () => void this.#subscriptions.delete(subscription);
    subscription.then(leave, leave);
    return subscription;
  }

  doubt(reason: "silent" | "wrong_node"): void {
    const silentMs = this.#clock.monotonic() - this.#lastReplyAt;
    if (reason === "silent" && silentMs < SILENCE_LIMIT_MS) return;
    this.#connection.drop(new TimeLimitError(Math.round(silentMs)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#connection[Symbol.asyncDispose]();
    await Promise.allSettled(this.#subscriptions);
  }
}

/** Characters of payload: bytes, but for text beyond ASCII, and without the protocol's own. */
function charsOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (!Array.isArray(value)) return 0;
  let chars = 0;
  for (const item of value) chars += charsOf(item);
  return chars;
}
