/** Redis over Upstash's REST API, with `@upstash/redis` over our own requester (`rest_requester.ts` says why). */
import type { Clock } from "../../feed/clock.ts";
import type { ReadCommand, RedisCommand, RedisTransport } from "../redis/redis_transport.ts";
import { RestRequester } from "./rest_requester.ts";
import { subscribeRest } from "./rest_subscription.ts";
import { UpstashClient } from "./upstash_client.ts";
import type { UsageMeter } from "../usage_meter.ts";

/** What {@link RestTransport} needs. */
export interface RestOptions {
  readonly url: string;
  readonly token: string;
  readonly clock: Clock;
}

/** See the file comment. */
export class RestTransport implements RedisTransport {
  readonly name = "rest";
  /** Without it Upstash locks the whole database for every script (its EVAL page). */
  readonly scriptHeader = "#!lua flags=allow-key-locking\n";
  readonly #closing = new AbortController();
  readonly #calls = new Set<Promise<unknown>>();

  constructor(readonly options: RestOptions, readonly usage: UsageMeter) {}

  command(command: RedisCommand, signal: AbortSignal): Promise<unknown> {
    return this.#track(this.#client(signal).exec<unknown>([...command]));
  }

  readonly togetherCommands = 0;

  readTogether(commands: readonly ReadCommand[], signal: AbortSignal): Promise<readonly unknown[]> {
    return this.#track(this.#client(signal).readTogether(commands));
  }

  subscribe(
    channel: string,
    deliver: (text: string) => void,
    signal: AbortSignal,
    opened?: () => void,
  ): Promise<void> {
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    const { clock } = this.options;
    return this.#track(
      subscribeRest({
        client: () => this.#client(stop),
        clock,
        usage: this.usage,
        channel,
        deliver,
        signal: stop,
        opened,
      }),
    );
  }

  /** Requests stand alone: there is no connection to give up. */
  doubt(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#calls);
  }

  #client(signal: AbortSignal): UpstashClient {
    const { url, token } = this.options;
    return new UpstashClient(new RestRequester({ url, token, usage: this.usage }, signal));
  }

  #track<T>(call: Promise<T>): Promise<T> {
    this.#calls.add(call);
    const leave = () => void this.#calls.delete(call);
    call.then(leave, leave);
    return call;
  }
}
