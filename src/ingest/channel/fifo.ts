/** A queue that is cheap at both ends: an array with a moving start. Its owner bounds it. */
export class Fifo<Item> {
  #items: Item[] = [];
  #start = 0;

  get size(): number {
    return this.#items.length - this.#start;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  peek(): Item | undefined {
    return this.#items[this.#start];
  }

  shift(): Item | undefined {
    const item = this.#items[this.#start];
    if (item === undefined) return undefined;
    this.#start++;
    if (this.#start === this.#items.length) this.clear();
    else if (this.#start >= COMPACT_ITEMS && this.#start * 2 >= this.#items.length) this.replace([...this]);
    return item;
  }

  /** Oldest first. */
  *[Symbol.iterator](): IterableIterator<Item> {
    for (let at = this.#start; at < this.#items.length; at++) {
      const item = this.#items[at];
      if (item !== undefined) yield item;
    }
  }

  /** Everything in it becomes `items`. */
  replace(items: Item[]): void {
    this.#items = items;
    this.#start = 0;
  }

  clear(): void {
    this.replace([]);
  }
}

/** Taken items are let go of at the latest when so many have piled up and are half of the array. */
const COMPACT_ITEMS = 1024;
