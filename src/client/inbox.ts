/** A bounded queue between what arrives and a `for await` that takes its time. */

/** Items an iteration may be behind before the oldest go. */
export const INBOX_CAP_ITEMS = 10_000;

/** See the file's own words. Dropped items are never silent: `onOverflow` makes the item that stands for them. */
export class Inbox<T> {
  #items: T[] = [];
  #head = 0;
  #dropped = 0;
  #ended = false;
  #wake = () => {};

  constructor(readonly capItems: number, readonly onOverflow: (dropped: number) => T) {}

  push(item: T): void {
    if (this.#ended) return;
    this.#items.push(item);
    if (this.#items.length - this.#head > this.capItems) {
      this.#head++;
      this.#dropped++;
      this.#letGo();
    }
    this.#wake();
  }

  /** What is queued is still given out; then the iteration ends. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      if (this.#dropped > 0) {
        const dropped = this.#dropped;
        this.#dropped = 0;
        return { done: false, value: this.onOverflow(dropped) };
      }
      const value = this.#items[this.#head];
      if (value !== undefined) {
        this.#head++;
        this.#letGo();
        return { done: false, value };
      }
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Forgets what was taken or dropped, now and then: also where nobody takes anything any more. */
  #letGo(): void {
    if (this.#head < 1024 || this.#head * 2 < this.#items.length) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}
