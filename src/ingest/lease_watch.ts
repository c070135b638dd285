/**
 * What a standby sees of the lease while it waits, and what that says of the store: whether it may have gone back to an older copy
 * of itself. Lists that went back would give ids again that readers already hold, so whoever leads next begins new epochs.
 */
import type { Lease } from "../feed/store.ts";

/** See the file comment. */
export class LeaseWatch {
  #fence = 0;
  #untilMs = 0;
  /** The lease itself went back: there is no doubt. */
  #wentBack = false;
  /** The store was out of reach and the lease's holder, who knows how far its lists were, has not renewed since. */
  #isUnsure = false;
  #interruptions: number | undefined;

  /**
   * A look was answered.
   * @param interruptions how often the way to the store broke so far: behind each of them may stand another copy
   */
  see(lease: Lease | undefined, interruptions = this.#interruptions): void {
    const isBroken = this.#interruptions !== undefined && interruptions !== this.#interruptions;
    this.#interruptions = interruptions;
    this.#judge(lease);
    if (isBroken) this.missed();
  }

  /** A look was not answered. */
  missed(): void {
    if (this.#fence > 0) this.#isUnsure = true;
  }

  #judge(lease: Lease | undefined): void {
    // Without a lease there are no lists either: they begin again by themselves.
    if (lease === undefined) return;
    const { fence, untilMs } = lease;
    if (fence < this.#fence || (fence === this.#fence && untilMs < this.#untilMs)) {
      this.#wentBack = true;
    } else if (fence > this.#fence || untilMs > this.#untilMs) this.#isUnsure = false;
    this.#fence = fence;
    this.#untilMs = untilMs;
  }

  /** Whether lists found by who takes this lease may be older than what readers hold. Asked once, at the taking. */
  mayHaveGoneBack(lease: Lease | undefined): boolean {
    const may = this.#wentBack || (this.#isUnsure && lease !== undefined && lease.owner !== "");
    this.#wentBack = false;
    this.#isUnsure = false;
    return may;
  }
}
