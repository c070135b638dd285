/**
 * Hints waiting for a reader: only the latest of each list matters, so what waits is bounded by the number of lists,
 * however slow the reader.
 */
import type { Hint } from "../../feed/store.ts";

/** Lists one queue keeps hints of; more (forged names) are dropped. */
const HINT_LISTS_MAX = 1024;

type State =
  | { readonly kind: "open" }
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly error: unknown };

/** See the file comment. One reader at a time. */
export class HintQueue implements AsyncIterable<Hint> {
  readonly #waiting = new Map<string, Hint>();
  #state: State = { kind: "open" };
  #wake: (() => void) | undefined;

  /** @param onClose called when the reader leaves its loop, by whatever way. */
  constructor(readonly onClose: () => void = () => {}) {}

  /** Adds a hint; nothing after {@link end} or {@link fail}. */
  push(hint: Hint): void {
    if (this.#state.kind !== "open") return;
    if (this.#waiting.size >= HINT_LISTS_MAX && !this.#waiting.has(hint.list)) return;
    this.#waiting.set(hint.list, hint);
    this.#wake?.();
  }

  /** The reader's loop ends, without what still waits. */
  end(): void {
    if (this.#state.kind === "open") this.#state = { kind: "ended" };
    this.#wake?.();
  }

  /** The reader's loop throws. */
  fail(error: unknown): void {
    if (this.#state.kind === "open") this.#state = { kind: "failed", error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Hint, void, undefined> {
    try {
      while (this.#state.kind === "open") {
        const [hint] = this.#waiting.values();
        if (hint === undefined) {
          await this.#change();
        } else {
          this.#waiting.delete(hint.list);
          yield hint;
        }
      }
      if (this.#state.kind === "failed") throw this.#state.error;
    } finally {
      this.onClose();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
