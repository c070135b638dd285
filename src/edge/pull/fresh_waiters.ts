/**
 * Those who wait for a read that began after they asked. Each is held for itself and let go when it leaves, so that however
 * many come and go while the store is away, nobody is kept but who waits now.
 */

interface Waiter {
  /** Reads begun when it asked: the next one is for it. */
  readonly after: number;
  readonly settled: PromiseWithResolvers<void>;
}

/** See the file comment. */
export class FreshWaiters {
  /** In the order they asked. */
  readonly #waiting = new Set<Waiter>();
  #begun = 0;
  #ended: { readonly reason: unknown } | undefined;

  /** Those who wait now. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves once a read that began after this call was answered; rejects with the signal's reason, or that of the end. */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#ended !== undefined) throw this.#ended.reason;
    const waiter: Waiter = { after: this.#begun, settled: Promise.withResolvers() };
    const { promise, reject } = waiter.settled;
    const leave = () => reject(signal.reason);
    this.#waiting.add(waiter);
    signal.addEventListener("abort", leave, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", leave);
      this.#waiting.delete(waiter);
    }
  }

  /** A read begins: whoever waits now waits for it, and for the next if it fails. */
  begin(): void {
    this.#begun++;
  }

  /** The read that began last was answered. */
  answer(): void {
    for (const waiter of this.#waiting) {
      // Who came while it was under way waits for the next, as all who came later do.
      if (waiter.after === this.#begun) return;
      this.#waiting.delete(waiter);
      waiter.settled.resolve();
    }
  }

  /** There will be no more reads. */
  end(reason: unknown): void {
    this.#ended = { reason };
    for (const { settled } of this.#waiting) settled.reject(reason);
  }
}
