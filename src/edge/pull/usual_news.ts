/**
 * How much a list's next read is likely to find, for reads that no hint goes before. Too little costs a second read, too much
 * the bytes of what is held already: so a busy list is asked for some more than its mean, and one that has fallen silent for
 * less with every read, until its head is all that is asked for.
 */

/** Weight of the newest read with news in the running mean. */
const MEAN_WEIGHT = 0.2;
/** What a read without news leaves of the mean. */
const SILENT_KEEPS = 0.5;
/** Below this nothing is expected. */
const LEAST_MEAN = 0.1;

/** See the file comment. */
export class UsualNews {
  #mean = 0;

  /** A read found so many new elements. */
  note(found: number): void {
    if (found > 0) this.#mean += (found - this.#mean) * MEAN_WEIGHT;
    else this.#mean *= SILENT_KEEPS;
  }

  /** How many are to be expected; 0 for a list that has fallen silent. */
  get expected(): number {
    // Of what comes by chance, twice the deviation more than the mean is rarely passed.
    return this.#mean < LEAST_MEAN ? 0 : Math.ceil(this.#mean + 2 * Math.sqrt(this.#mean));
  }
}
