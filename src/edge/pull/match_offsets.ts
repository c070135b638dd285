/**
 * Where in the log the events of one subscription, or the records of one list, are, oldest first. Its memory is used again
 * and again: a thousand subscriptions that each made a new array a flush kept the collector busier than the sending.
 */

/** From so many forgotten ones on the rest moves to the front. */
const COMPACT_FROM = 256;
/** What was used beyond so many, after a stall, is given back. */
const KEPT_MAX = 4_096;

/** See the file comment. */
export class MatchOffsets {
  readonly #slots: number[] = [];
  #first = 0;
  #end = 0;

  /** Offsets held. */
  get size(): number {
    return this.#end - this.#first;
  }

  /** The nth held; undefined beyond. */
  at(n: number): number | undefined {
    const slot = this.#first + n;
    return slot < this.#end ? this.#slots[slot] : undefined;
  }

  /** `offset` is greater than all held. */
  push(offset: number): void {
    this.#slots[this.#end++] = offset;
  }

  /** Lets go of those before `offset`; how many that were. */
  forgetBefore(offset: number): number {
    const gone = this.from(offset);
    this.#forget(gone);
    return gone;
  }

  /** Lets go of the oldest. */
  forgetFirst(): void {
    if (this.#first < this.#end) this.#forget(1);
  }

  #forget(count: number): void {
    this.#first += count;
    if (this.#first === this.#end) {
      this.#first = this.#end = 0;
      if (this.#slots.length > KEPT_MAX) this.#slots.length = 0;
    } else if (this.#first >= COMPACT_FROM && 2 * this.#first >= this.#end) {
      this.#slots.copyWithin(0, this.#first, this.#end);
      this.#end -= this.#first;
      this.#first = 0;
    }
  }

  /** How many are before `offset`: the index of the first that is not. */
  from(offset: number): number {
    let low = this.#first;
    let high = this.#end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#slots[middle] ?? Infinity) < offset) low = middle + 1;
      else high = middle;
    }
    return low - this.#first;
  }
}
