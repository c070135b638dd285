/**
 * Candles, each over its own time: of one minute, or of several the server merged. What a merged one is made of can't be
 * taken out of it again, so a minute inside it never replaces it; only all of its minutes together do. Pure.
 */

/** One candle. */
export interface Candle {
  /** Start, Unix ms. */
  readonly t: number;
  /** End, exclusive: a minute later, or more for a merged one. */
  readonly end: number;
  /** How many minutes with a bar it stands for. */
  readonly n: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** `true`: the server's bar. `live`: still going on, built here from ticks. `synthetic`: built by the server from seconds. */
  readonly kind: "true" | "live" | "synthetic";
}

/** What a candle takes the place of: one over the same time. */
const keyOf = ({ t, end }: Candle): string => `${t}-${end}`;
const isInside = (inner: Candle, outer: Candle): boolean => inner.t >= outer.t && inner.end <= outer.end;
/** By time; of those that begin together the longest first. */
const byTime = (a: Candle, b: Candle): number => a.t - b.t || b.end - a.end;

/** Without those inside others: what can be drawn, each start once. */
function outermost(candles: readonly Candle[]): Candle[] {
  let until = 0;
  return candles.toSorted(byTime).filter(({ end }) => {
    if (end <= until) return false;
    until = end;
    return true;
  });
}

/** See the file comment. */
export class CandleSet {
  readonly #held = new Map<string, Candle>();

  /** @param max how many are held; the oldest go first */
  constructor(readonly max: number) {}

  add(candle: Candle): void {
    this.#held.set(keyOf(candle), candle);
    for (const [key, merged] of this.#held) {
      if (merged.n > 1 && isInside(candle, merged) && this.#isHeldInParts(merged)) this.#held.delete(key);
    }
    if (this.#held.size <= this.max) return;
    const [oldest] = [...this.#held.values()].sort(byTime);
    if (oldest) this.#held.delete(keyOf(oldest));
  }

  /** What is to be drawn, by time. */
  shown(): Candle[] {
    return outermost([...this.#held.values()]);
  }

  /** Whether as many minutes as a merged candle stands for are held apart from it. */
  #isHeldInParts(merged: Candle): boolean {
    const parts = [...this.#held.values()].filter((each) =>
      each !== merged && each.kind !== "live" && isInside(each, merged)
    );
    let minutes = 0;
    let until = 0;
    for (const { t, end, n } of outermost(parts)) {
      if (t < until) continue;
      minutes += n;
      until = end;
    }
    return minutes >= merged.n;
  }
}
