/**
 * Listens to hints while anybody wants a list, and opens the subscription again when it breaks. Nothing depends on it: a lost
 * hint costs latency, never data.
 */
import { type Clock, isAbort, type Random } from "../../feed/clock.ts";
import { describeError } from "../../feed/error.ts";
import type { Log } from "../../feed/log.ts";
import type { Hint, ListStore } from "../../feed/store.ts";

/** What a listener runs on. */
export interface HintListenerOptions {
  readonly store: ListStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly lingerMs: number;
  readonly onHint: (hint: Hint) => void;
}

const BACKOFF_BASE_MS = 200;
const BACKOFF_CAP_MS = 10_000;

/** See the file comment. */
export class HintListener implements AsyncDisposable {
  readonly #options: HintListenerOptions;
  #stop: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #linger: Disposable | undefined;
  #isDisposed = false;

  constructor(options: HintListenerOptions) {
    this.#options = options;
  }

  /** Somebody wants hints. */
  start(): void {
    this.#linger?.[Symbol.dispose]();
    this.#linger = undefined;
    if (this.#stop !== undefined || this.#isDisposed) return;
    const stop = new AbortController();
    this.#stop = stop;
    const before = this.#running;
    this.#running = before.then(() => this.#run(stop.signal));
  }

  /** Nobody does any more: the subscription ends after the linger. */
  rest(): void {
    if (this.#isDisposed) return;
    this.#linger = this.#options.clock.timer(this.#options.lingerMs, () => {
      this.#linger = undefined;
      this.#end();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#linger?.[Symbol.dispose]();
    this.#end();
    await this.#running;
  }

  #end(): void {
    this.#stop?.abort(new DOMException("stopped", "AbortError"));
    this.#stop = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { store, clock, random, log, onHint } = this.#options;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        for await (const hint of store.hints(signal)) {
          failures = 0;
          onHint(hint);
        }
      } catch (error) {
        if (signal.aborted || isAbort(error, signal)) return;
        if (failures === 0) log.warning("hints_lost", { error: describeError(error) });
      }
      const capMs = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(failures, 10));
      await clock.sleep(BACKOFF_BASE_MS + random() * capMs, signal).catch(() => {});
    }
  }
}
