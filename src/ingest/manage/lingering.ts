/** Topics that stay on their old connection until the new one serves them. */

/** … or so long: a topic the new connection is never granted was not served on the old one either, most likely. */
export const LINGER_LIMIT_MS = 10_000;

interface Linger {
  readonly to: string;
  readonly until: number;
}

/** See the file's head. Times are monotonic ms. */
export class Lingering {
  readonly #topics = new Map<string, Map<string, Linger>>();

  /** Topics that linger on a connection. */
  of(id: string): Iterable<string> {
    return this.#topics.get(id)?.keys() ?? [];
  }

  /** Keeps topics on `from` until `to` serves them. */
  keep(from: string, to: string, topics: Iterable<string>, now: number): void {
    const mine = this.#topics.get(from) ?? new Map<string, Linger>();
    for (const topic of topics) mine.set(topic, { to, until: now + LINGER_LIMIT_MS });
    if (mine.size > 0) this.#topics.set(from, mine);
    // What goes back to where it lingered is at home there again.
    for (const topic of topics) this.#topics.get(to)?.delete(topic);
  }

  /** Lets go of what is served by its new connection, or whose time is over. @returns whether anything was let go. */
  expire(isServed: (id: string, topic: string) => boolean, now: number): boolean {
    let isAny = false;
    for (const [from, topics] of this.#topics) {
      for (const [topic, linger] of topics) {
        if (now < linger.until && !isServed(linger.to, topic)) continue;
        topics.delete(topic);
        isAny = true;
      }
      if (topics.size === 0) this.#topics.delete(from);
    }
    return isAny;
  }

  /** A connection is gone: nothing lingers on it, and nothing waits for it. */
  dropConnection(id: string): void {
    this.#topics.delete(id);
    for (const topics of this.#topics.values()) {
      for (const [topic, linger] of topics) if (linger.to === id) topics.delete(topic);
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#topics.clear();
  }
}
