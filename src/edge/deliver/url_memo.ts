/** What URLs come to, remembered by their text: clients that come with the same URL share one reading of it. */

/** Readings remembered, and the longest URL worth remembering. */
const KEPT_MAX = 256;
const KEPT_URL_MAX_CHARS = 512;

/** See the file comment. */
export class UrlMemo<Reading> {
  readonly #kept = new Map<string, Reading>();
  readonly #isLasting: (reading: Reading) => boolean;

  /** @param isLasting whether the next client's would be read the same */
  constructor(isLasting: (reading: Reading) => boolean) {
    this.#isLasting = isLasting;
  }

  /** The reading of a URL, by `read` unless it is known. Throws what that throws, and remembers nothing then. */
  of(url: string, read: () => Reading): Reading {
    const known = this.#kept.get(url);
    if (known !== undefined) return known;
    const reading = read();
    if (url.length <= KEPT_URL_MAX_CHARS && this.#isLasting(reading)) {
      if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
      this.#kept.set(url, reading);
    }
    return reading;
  }
}
