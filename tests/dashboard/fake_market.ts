/** A small market on the fake edge: seeded, so that a page shows the same at every run. Prices walk, minutes close, things get noticed. */
import type { FakeEdge } from "../client/fake_edge.ts";

const NAMES =
  "AAPL MSFT NVDA AMZN GOOGL META TSLA AVGO BRK.B JPM LLY V XOM UNH MA COST HD PG JNJ NFLX ABBV BAC CRM ORCL CVX KO MRK WMT AMD PEP TMO LIN ADBE MCD CSCO ACN ABT GE DIS QCOM"
    .split(" ");

interface Walker {
  readonly sym: string;
  price: number;
  readonly dayOpen: number;
  dayVolume: number;
  minute: { t: number; open: number; high: number; low: number; volume: number };
}

/** Mulberry32: small, seeded, good enough for prices. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** See the file comment. */
export class FakeMarket {
  readonly walkers: Walker[];
  readonly #random: () => number;
  #next = 0;

  constructor(readonly edge: FakeEdge, symbols: number, seed = 7) {
    this.#random = seededRandom(seed);
    this.walkers = Array.from({ length: symbols }, (_, n) => {
      const sym = NAMES[n] ?? `S${n}`;
      const price = 20 + Math.floor(this.#random() * 480);
      return {
        sym,
        price,
        dayOpen: price,
        dayVolume: 1e6,
        minute: { t: 0, open: price, high: price, low: price, volume: 0 },
      };
    });
  }

  get symbols(): string[] {
    return this.walkers.map(({ sym }) => sym);
  }

  /** Minutes that are already over when the page comes, the last of them just before `now`. */
  past(minutes: number, now: number): void {
    const start = now - (now % 60_000) - minutes * 60_000;
    for (let n = 0; n < minutes; n++) {
      for (const walker of this.walkers) {
        const t = start + n * 60_000;
        walker.minute = { t, open: walker.price, high: walker.price, low: walker.price, volume: 0 };
        for (let k = 0; k < 12; k++) this.#step(walker, 0.0007);
        this.#closeMinute(walker);
        if (n % 2 === 0) this.#fair(walker, t + 30_000);
      }
    }
    for (const walker of this.walkers.slice(0, 20)) this.#heat(walker, now);
    for (const walker of this.walkers) {
      walker.minute.t = 0;
      this.#second(walker, now - 1000);
    }
  }

  /** One trade of the next symbol. */
  trade(now: number): void {
    const walker = this.walkers[this.#next++ % this.walkers.length];
    if (!walker) return;
    const t = now - (now % 60_000);
    if (t > walker.minute.t) {
      if (walker.minute.t > 0) this.#closeMinute(walker);
      walker.minute = { t, open: walker.price, high: walker.price, low: walker.price, volume: 0 };
    }
    this.#step(walker, 0.0003);
    const size = 1 + Math.floor(this.#random() ** 3 * 800);
    this.edge.append("tick", {
      type: "trade",
      sym: walker.sym,
      t: now,
      price: walker.price,
      size,
      tid: String(this.#next),
    });
    if (this.#next % 97 === 0) this.#signal(walker, now);
    if (this.#next % 5 === 0) this.#fair(walker, now);
  }

  #step(walker: Walker, size: number): void {
    walker.price = Math.round(walker.price * (1 + (this.#random() - 0.5) * 2 * size) * 100) / 100;
    const { minute } = walker;
    minute.high = Math.max(minute.high, walker.price);
    minute.low = Math.min(minute.low, walker.price);
    const volume = Math.floor(this.#random() * 900);
    minute.volume += volume;
    walker.dayVolume += volume;
  }

  #closeMinute({ sym, price, dayOpen, dayVolume, minute }: Walker): void {
    this.edge.append("minute", {
      type: "minute",
      sym,
      ...minute,
      end: minute.t + 60_000,
      close: price,
      dayOpen,
      dayVolume,
      dayVwap: (dayOpen + price) / 2,
    });
  }

  #second({ sym, price, dayOpen, dayVolume }: Walker, t: number): void {
    this.edge.append("tick", {
      type: "second",
      sym,
      t,
      end: t + 1000,
      open: price,
      high: price,
      low: price,
      close: price,
      volume: 10,
      dayOpen,
      dayVolume,
      dayVwap: (dayOpen + price) / 2,
    });
  }

  #fair({ sym, price }: Walker, t: number): void {
    const fmv =
      Math.round(price * (1 + Math.sin(t / 400_000) * 0.002 + (this.#random() - 0.5) * 0.0004) * 100) / 100;
    this.edge.append("fmv", { type: "fmv", sym, t, fmv });
  }

  /** Levels around the price, more of them near it. */
  #heat({ sym, price }: Walker, now: number): void {
    const step = price > 200 ? 0.5 : 0.2;
    const count = Math.ceil(price * 0.2 / step);
    const cells = Array.from({ length: 78 }, () => {
      const bins = new Set(
        Array.from({ length: 12 }, () => Math.floor((0.5 + (this.#random() - 0.5) * this.#random()) * count)),
      );
      return [...bins].sort((a, b) => a - b).flatMap((bin) => [bin, 1 + Math.floor(this.#random() * 90)]);
    });
    this.edge.append("heatmap", {
      type: "heatmap",
      sym,
      t: now,
      hash: `h${now}`,
      price,
      newest: now,
      stale: false,
      bins: { low: price * 0.9, step, count },
      columns: { from: now - 78 * 300_000, intervalMs: 300_000, count: 78 },
      unit: 100_000,
      cells,
      exposure: { in: 9e8, shown: 8e8, consumed: 1e8 },
    });
  }

  #signal({ sym, price }: Walker, t: number): void {
    const kinds = [
      { kind: "session_high", source: "tick", price },
      { kind: "session_low", source: "tick", price },
      { kind: "surge", source: "tick", price, direction: "up", volume_ratio: 3.4 },
      { kind: "volume_spike", source: "ohlcv", close: price, volume_ratio: 4.1 },
      {
        kind: "fmv_deviation",
        source: "fmv",
        market_price: price,
        fmv: price * 1.012,
        deviation_percent: 1.2,
        direction: "undervalued",
        confidence: 0.86,
        alert: true,
      },
    ];
    const kind = kinds[Math.floor(this.#random() * kinds.length)];
    this.edge.append("signal", { type: "signal", sym, t, key: `${kind?.kind}|${sym}|${t}`, ...kind });
  }
}
