/** The keys of signals emitted lately: the second lock against saying anything twice, where a state was lost or time went back. */

/** Keys remembered; over four times what the signal list holds. */
export const RECENT_KEYS = 4096;

/** A bounded set that forgets the oldest. */
export class RecentKeys {
  readonly #keys = new Set<string>();

  constructor(readonly capacity = RECENT_KEYS) {}

  /** False when the key is known already. */
  add(key: string): boolean {
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    if (this.#keys.size > this.capacity) {
      for (const oldest of this.#keys) {
        this.#keys.delete(oldest);
        break;
      }
    }
    return true;
  }
}
