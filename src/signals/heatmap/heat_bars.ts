/**
 * One symbol's minutes in the window, and what of their levels still stands. Which levels later bars consumed follows from the
 * bars alone, so bars out of order and corrected bars need no care: whatever the order, the same bars give the same answer.
 */
import { CheckpointState } from "../checkpoint.ts";
import { type HeatBar, splitExposure, type Tier } from "./liquidation_model.ts";

/** So many bars from before the window in a row, and it was the window that was wrong (a bar from the future). */
const STRAY_LIMIT_BARS = 3;

/** A level that stands. */
export interface Level {
  readonly t: number;
  readonly price: number;
  readonly amount: number;
}

/** Sums over the bars that ever came. */
export interface Exposure {
  /** All that was put in. */
  readonly in: number;
  readonly shown: number;
  readonly consumed: number;
  /** What stood when its bar left the window. */
  readonly expired: number;
}

const NUMBERS_A_BAR = 7;
const LAYOUT = 1;

/** See the top of the file. */
export class HeatBars extends CheckpointState {
  /** By time. */
  #bars: HeatBar[] = [];
  #strays = 0;
  /** Of bars that left the window. */
  #past = { in: 0, consumed: 0, expired: 0 };

  constructor(
    sym: string,
    readonly windowMs: number,
    readonly intervalMs: number,
    readonly tiers: readonly Tier[],
  ) {
    super(sym);
  }

  get bars(): readonly HeatBar[] {
    return this.#bars;
  }

  get newest(): HeatBar | undefined {
    return this.#bars.at(-1);
  }

  /** Start of the oldest column in the window whose newest column holds `t`. */
  windowFrom(t: number): number {
    return Math.floor(t / this.intervalMs) * this.intervalMs + this.intervalMs - this.windowMs;
  }

  /** Takes a bar in, or a correction of one. False when that changed nothing. */
  put(bar: HeatBar): boolean {
    const newest = this.newest;
    if (newest !== undefined && bar.t < this.windowFrom(newest.t)) {
      if (++this.#strays < STRAY_LIMIT_BARS) return false;
      this.#expire(Infinity);
    }
    this.#strays = 0;
    const bars = this.#bars;
    let at = bars.length;
    while (at > 0 && (bars[at - 1]?.t ?? 0) >= bar.t) at--;
    const held = bars[at]?.t === bar.t ? bars[at] : undefined;
    if (held !== undefined && sameBar(held, bar)) return false;
    bars.splice(at, held === undefined ? 0 : 1, bar);
    this.#expire(this.windowFrom(bars.at(-1)?.t ?? bar.t));
    return true;
  }

  /** Every level of the window with whether it stands, oldest bar last. */
  visit(see: (level: Level, stands: boolean) => void): void {
    let lowest = Infinity, highest = -Infinity;
    for (let n = this.#bars.length - 1; n >= 0; n--) {
      const bar = this.#bars[n];
      if (bar === undefined) continue;
      const amounts = splitExposure(bar.exposure, this.tiers);
      this.tiers.forEach((tier, m) => {
        const price = bar.entry * tier.factor;
        const amount = amounts[m] ?? 0;
        if (amount > 0) {
          see({ t: bar.t, price, amount }, tier.side === "long" ? price < lowest : price > highest);
        }
      });
      if (bar.low < lowest) lowest = bar.low;
      if (bar.high > highest) highest = bar.high;
    }
  }

  /** Always in = shown + consumed + expired, exactly. */
  exposure(): Exposure {
    const sums = { in: this.#past.in, shown: 0, consumed: this.#past.consumed, expired: this.#past.expired };
    this.visit((level, stands) => {
      sums.in += level.amount;
      if (stands) sums.shown += level.amount;
      else sums.consumed += level.amount;
    });
    return sums;
  }

  /** Lets bars from before a time go. */
  #expire(beforeMs: number): void {
    let count = 0;
    while (count < this.#bars.length && (this.#bars[count]?.t ?? Infinity) < beforeMs) count++;
    if (count === 0) return;
    const goes = (t: number) => t < beforeMs;
    this.visit((level, stands) => {
      if (!goes(level.t)) return;
      this.#past.in += level.amount;
      if (stands) this.#past.expired += level.amount;
      else this.#past.consumed += level.amount;
    });
    this.#bars = this.#bars.slice(count);
  }

  /** Times as differences, the rest as it is. */
  save(): string {
    let before = 0;
    const numbers = this.#bars.flatMap((bar) => {
      const since = bar.t - before;
      before = bar.t;
      return [since, bar.end - bar.t, bar.entry, bar.exposure, bar.low, bar.high, bar.close];
    });
    const { in: put, consumed, expired } = this.#past;
    return JSON.stringify({ v: LAYOUT, p: [put, consumed, expired], b: numbers });
  }

  /** Takes up what {@link save} gave. False, and nothing changed, when it is something else. */
  open(text: string): boolean {
    const saved = readSaved(text);
    if (saved === undefined) return false;
    const [put = 0, consumed = 0, expired = 0] = saved.past;
    let t = 0;
    const bars: HeatBar[] = [];
    for (let n = 0; n + NUMBERS_A_BAR <= saved.numbers.length; n += NUMBERS_A_BAR) {
      const [since = 0, width = 0, entry = 0, exposure = 0, low = 0, high = 0, close = 0] = saved.numbers
        .slice(n);
      t += since;
      bars.push({ t, end: t + width, entry, exposure, low, high, close });
    }
    this.#bars = bars;
    this.#past = { in: put, consumed, expired };
    // The window may be set otherwise than when this was saved.
    if (bars.length > 0) this.#expire(this.windowFrom(t));
    return true;
  }
}

const sameBar = (a: HeatBar, b: HeatBar): boolean =>
  a.end === b.end && a.entry === b.entry && a.exposure === b.exposure && a.low === b.low &&
  a.high === b.high &&
  a.close === b.close;

const isNumbers = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((item) => typeof item === "number" && Number.isFinite(item));

function readSaved(text: string): { past: readonly number[]; numbers: readonly number[] } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("v" in value) || value.v !== LAYOUT) {
      return undefined;
    }
    if (!("p" in value) || !isNumbers(value.p) || !("b" in value) || !isNumbers(value.b)) return undefined;
    return { past: value.p, numbers: value.b };
  } catch {
    return undefined;
  }
}
