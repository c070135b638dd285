/**
 * What is kept of snapshots for others who ask the same: within a number of bytes all together, where what was used least lately
 * goes first. What is larger than a whole shelf isn't kept at all.
 */

/** What an entry takes beside its value and its key, about. */
export const ENTRY_BYTES = 128;

interface Entry<Value> {
  readonly value: Value;
  readonly bytes: number;
}

/** See the file comment. */
export class Shelf<Value> {
  /** The least lately used first. */
  readonly #entries = new Map<string, Entry<Value>>();
  #bytes = 0;

  constructor(readonly maxBytes: number) {}

  /** Of all that is kept, as told by whoever kept it; never more than {@link Shelf.maxBytes}. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps a value in place of what had its key. @param valueBytes what it holds that nothing else does */
  keep(key: string, value: Value, valueBytes: number): void {
    this.#drop(key);
    const bytes = valueBytes + key.length + ENTRY_BYTES;
    if (bytes > this.maxBytes) return;
    this.#entries.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.maxBytes) return;
      this.#drop(oldest);
    }
  }

  /** Forgets everything whose key begins so. */
  forget(beginning: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(beginning)) this.#drop(key);
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}
