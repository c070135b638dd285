/**
 * Calls over a transport with what every call needs: a time limit, the caller's signal, errors in our own words, counts.
 */
import type { Clock } from "../../feed/clock.ts";
import type { Log } from "../../feed/log.ts";
import { OutageLog } from "../outage_log.ts";
import { closedFailure, isWrongNode, RedisReplyError, storeFailure } from "../store_failure.ts";
import type { ReadCommand, RedisCommand, RedisTransport } from "./redis_transport.ts";
import { textOf } from "./reply_shape.ts";
import type { Script } from "./script.ts";
import { TimeLimitError, within } from "../../feed/time_limit.ts";
import type { UsageMeter } from "../usage_meter.ts";

/** No script of ours calls Redis more often; a reply that says so is none of ours. */
const BILLED_MAX_COMMANDS = 1_000_000;

/** How long one call may take, in ms. */
export const CALL_TIME_LIMIT_MS = 3000;

/** See the file comment. */
export class RedisCaller {
  readonly #outages: OutageLog;
  #isClosed = false;
  /** What is under way, to be ended by {@link close}. */
  readonly #calls = new Set<AbortController>();

  constructor(
    readonly transport: RedisTransport,
    readonly clock: Clock,
    readonly usage: UsageMeter,
    log: Log,
  ) {
    this.#outages = new OutageLog(log, clock, transport.name);
  }

  /** One command; billed as one. */
  async command(command: RedisCommand, signal?: AbortSignal): Promise<unknown> {
    this.usage.add({ commands: 1, requests: 1 });
    return await this.#guard((stop) => this.transport.command(command, stop), signal);
  }

  /** Reads of one moment; billed one by one (Upstash's pricing page: each command of a transaction). */
  async readTogether(commands: readonly ReadCommand[], signal?: AbortSignal): Promise<readonly unknown[]> {
    this.usage.add({ commands: commands.length + this.transport.togetherCommands, requests: 1 });
    return await this.#guard((stop) => this.transport.readTogether(commands, stop), signal);
  }

  /**
   * Runs a script: by its hash, and whole when the server doesn't know it (then nothing ran yet, so this is no repeat).
   * Its reply is an array whose first item is how many commands it was billed as.
   */
  async script(
    script: Script,
    keys: readonly string[],
    args: readonly string[],
    signal?: AbortSignal,
    limitMs: number = CALL_TIME_LIMIT_MS,
  ): Promise<readonly unknown[]> {
    const { text, sha1 } = await script.on(this.transport.scriptHeader);
    const rest = [String(keys.length), ...keys, ...args];
    const reply = await this.#guard(
      async (stop) => {
        this.usage.add({ requests: 1 });
        try {
          return await this.transport.command(["EVALSHA", sha1, ...rest], stop);
        } catch (error) {
          this.usage.add({ commands: 1 });
          if (!(error instanceof RedisReplyError && error.isNoScript)) throw error;
          this.usage.add({ requests: 1 });
          return await this.transport.command(["EVAL", text, ...rest], stop);
        }
      },
      signal,
      limitMs,
    );
    const items: readonly unknown[] = Array.isArray(reply) ? reply : [];
    const billed = Number(textOf(items[0]) ?? 1);
    this.usage.add({ commands: billed >= 0 && billed <= BILLED_MAX_COMMANDS ? billed : 1 });
    return items;
  }

  /** Ends what is under way; everything after this rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const call of this.#calls) call.abort(closedFailure());
    await this.transport[Symbol.asyncDispose]();
  }

  async #guard<T>(
    call: (stop: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
    limitMs: number = CALL_TIME_LIMIT_MS,
  ): Promise<T> {
    if (signal?.aborted) throw signal.reason;
    if (this.#isClosed) throw closedFailure();
    const ended = new AbortController();
    const onAbort = () => ended.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#calls.add(ended);
    try {
      const reply = await within(
        { clock: this.clock, limitMs, signal: ended.signal },
        call,
      );
      this.#outages.worked();
      return reply;
    } catch (error) {
      if (ended.signal.aborted) throw ended.signal.reason;
      this.usage.add({ failures: 1 });
      if (error instanceof TimeLimitError) this.transport.doubt("silent");
      if (isWrongNode(error)) this.transport.doubt("wrong_node");
      const failure = storeFailure(error);
      this.#outages.failed(failure);
      throw failure;
    } finally {
      this.#calls.delete(ended);
      signal?.removeEventListener("abort", onAbort);
    }
  }
}
