/** Messages a second per connection, from its counter as it was seen over the last while. Pure. */

/** The span a rate is taken over: ingest's reports come seconds apart, so a shorter one would jump. */
export const RATE_SPAN_MS = 30_000;

interface Sample {
  readonly atMs: number;
  readonly count: number;
}

/** See the file comment. */
export class MessageRates {
  readonly #samples = new Map<string, Sample[]>();

  /** Takes a counter's value; undefined until it was seen to move twice. A counter that fell began anew. */
  add(id: string, count: number, atMs: number): number | undefined {
    let samples = this.#samples.get(id) ?? [];
    const last = samples.at(-1);
    if (last && count < last.count) samples = [];
    // The same value again tells nothing new, unless it stays.
    if (!last || count !== last.count || atMs - last.atMs >= RATE_SPAN_MS) samples.push({ atMs, count });
    while (samples.length > 2 && atMs - (samples[1]?.atMs ?? atMs) >= RATE_SPAN_MS) samples.shift();
    this.#samples.set(id, samples);
    const [first] = samples;
    const newest = samples.at(-1);
    if (!first || !newest || newest.atMs === first.atMs) return undefined;
    return (newest.count - first.count) / (newest.atMs - first.atMs) * 1000;
  }

  /** Forgets all but these. */
  keep(ids: readonly string[]): void {
    for (const id of this.#samples.keys()) if (!ids.includes(id)) this.#samples.delete(id);
  }
}
