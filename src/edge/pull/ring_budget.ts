/** The memory of all rings of an instance together: who has most above its floor gives first. */

/** One ring, as far as the budget sees it. */
export interface Budgeted {
  readonly bytes: number;
  /** Whether it holds more than it must. */
  readonly canGive: boolean;
  /** Drops its oldest records, `count` at most. */
  dropOldest(count: number): void;
}

const DROP_AT_ONCE = 64;

/** See the file comment. */
export class RingBudget {
  readonly #rings = new Set<Budgeted>();
  #usedBytes = 0;

  /** @param limitBytes `RING_BYTES`; floors (a list's cap each) hold even when together they are more */
  constructor(readonly limitBytes: number) {}

  get usedBytes(): number {
    return this.#usedBytes;
  }

  add(ring: Budgeted): void {
    this.#rings.add(ring);
  }

  /** A ring is gone, with all it held. */
  remove(ring: Budgeted): void {
    if (this.#rings.delete(ring)) this.#usedBytes -= ring.bytes;
  }

  /** Notes growth (or, negative, release); makes room when the limit is passed. */
  charge(bytes: number): void {
    this.#usedBytes += bytes;
    while (this.#usedBytes > this.limitBytes && bytes > 0) {
      const giver = this.#largest();
      if (giver === undefined) return;
      giver.dropOldest(DROP_AT_ONCE);
    }
  }

  #largest(): Budgeted | undefined {
    let largest: Budgeted | undefined;
    for (const ring of this.#rings) {
      if (ring.canGive && (largest === undefined || ring.bytes > largest.bytes)) largest = ring;
    }
    return largest;
  }
}
