/**
 * A connection to Redis that comes back by itself: connect, live, lose, wait, again. Calls made while it is down fail at
 * once with the reason, so nothing piles up.
 */
import type { Clock, Random } from "../../feed/clock.ts";
import type { TickcastError } from "../../feed/error.ts";
import type { Log } from "../../feed/log.ts";
import { closedFailure, offlineFailure, storeFailure } from "../store_failure.ts";
import { asReplyError, connectClient, type LiveClient, type TcpClient } from "./tcp_client.ts";

/** Waits before connecting again: full jitter up to a limit that doubles, at the cap too. */
const BACKOFF_FIRST_MS = 100;
const BACKOFF_CAP_MS = 3000;

/** What {@link TcpConnection} needs. */
export interface TcpOptions {
  /** `redis[s]://[user[:password]@]host[:port][/database]`; never logged. */
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** A connection stands. */
  readonly onConnect?: () => void;
}

type State =
  | { readonly kind: "connecting"; readonly last: TickcastError | undefined }
  | { readonly kind: "up"; readonly live: LiveClient; readonly drop: (why: unknown) => void }
  | { readonly kind: "closed" };

/** See the file comment. Connects as soon as it is made. */
export class TcpConnection implements AsyncDisposable {
  #state: State = { kind: "connecting", last: undefined };
  readonly #closing = new AbortController();
  readonly #attempted = Promise.withResolvers<void>();
  readonly #done: Promise<void>;

  constructor(readonly options: TcpOptions) {
    this.#done = this.#keep();
  }

  /** The client while the connection is up. @throws {TickcastError} why it is not. */
  get client(): TcpClient {
    if (this.#state.kind === "up") return this.#state.live.client;
    throw this.#state.kind === "closed" ? closedFailure() : offlineFailure(this.#state.last);
  }

  /** Resolves when the first attempt ended, well or not. */
  get attempted(): Promise<void> {
    return this.#attempted.promise;
  }

  /** Gives the present connection up; a new one is made. */
  drop(why: unknown): void {
    if (this.#state.kind === "up") this.#state.drop(why);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(closedFailure());
    await this.#done;
  }

  async #keep(): Promise<void> {
    const { clock, random } = this.options;
    const { signal } = this.#closing;
    for (let failures = 0; !signal.aborted; failures++) {
      if (await this.#live()) failures = 0;
      this.#attempted.resolve();
      if (signal.aborted) break;
      const limitMs = Math.min(BACKOFF_CAP_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures, 10));
      await clock.sleep(limitMs * random(), signal).catch(() => {});
    }
    this.#state = { kind: "closed" };
  }

  /** One connection from its making to its loss. Says whether it was ever up. */
  async #live(): Promise<boolean> {
    const { url, clock, log } = this.options;
    const { signal } = this.#closing;
    let live: LiveClient;
    try {
      live = await connectClient(url, clock, signal);
    } catch (error) {
      this.#fail(error);
      return false;
    }
    const dropped = Promise.withResolvers<unknown>();
    signal.addEventListener("abort", () => dropped.resolve(signal.reason), { once: true });
    this.#state = { kind: "up", live, drop: dropped.resolve };
    this.#attempted.resolve();
    log.info("store_connect", { transport: "tcp" });
    this.options.onConnect?.();
    const why = await Promise.race([live.lost, dropped.promise]);
    live.client.destroy();
    const last = storeFailure(asReplyError(why));
    if (!signal.aborted) log.info("store_disconnect", { transport: "tcp", reason: last.message });
    this.#state = { kind: "connecting", last };
    return true;
  }

  #fail(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    const last = storeFailure(error);
    this.#state = { kind: "connecting", last };
    this.options.log.debug("store_connect_failed", { transport: "tcp", reason: last.message });
  }
}
