/**
 * `trend`: the price goes one way over a horizon, not just to and fro. Two horizons are watched, one and five minutes, each
 * cut into six steps; at the first print of a new step the closes of the last six full steps are judged:
 *
 * * the net move over them >= `trend_short_percent` (`trend_long_percent`), up or down, and
 * * efficiency = |net move| / sum of the steps' |moves| >= `trend_efficiency` (1 is a straight line; Kaufman, 1995).
 *
 * A trend is announced when it begins and lasts while the net move keeps its direction and half its size. `confirmed` says
 * that the other horizon has the same direction. Steps without a print repeat the last price; after a silence longer than the
 * horizon, and with each session, watching begins anew.
 */
import { type Saved, savedNumbers } from "../saved.ts";
import { type Detector, type DetectorMemory, type Emit, percentMove, rounded } from "./detector.ts";
import type { Print } from "../print.ts";
import type { ThresholdSpec } from "../threshold.ts";

/** Steps in a horizon. */
export const TREND_STEPS = 6;

const SHORT_SECONDS: ThresholdSpec = {
  key: "trend_short_seconds",
  fallback: 60,
  min: 6,
  max: 3600,
  help: "The shorter horizon of the trend rule, in seconds.",
};
const LONG_SECONDS: ThresholdSpec = {
  key: "trend_long_seconds",
  fallback: 300,
  min: 6,
  max: 14_400,
  help: "The longer horizon of the trend rule, in seconds.",
};
const SHORT_PERCENT: ThresholdSpec = {
  key: "trend_short_percent",
  fallback: 0.3,
  min: 0.001,
  max: 100,
  help: "A trend of the shorter horizon moves at least so many percent.",
};
const LONG_PERCENT: ThresholdSpec = {
  key: "trend_long_percent",
  fallback: 0.8,
  min: 0.001,
  max: 100,
  help: "A trend of the longer horizon moves at least so many percent.",
};
const EFFICIENCY: ThresholdSpec = {
  key: "trend_efficiency",
  fallback: 0.6,
  min: 0.1,
  max: 1,
  help: "Net move over path length from which a move is a trend; 1 accepts straight lines only.",
};

interface HorizonLimits {
  readonly horizonMs: number;
  readonly stepMs: number;
  readonly percent: number;
  readonly efficiency: number;
}

const horizon = (seconds: number, percent: number, efficiency: number): HorizonLimits => ({
  horizonMs: seconds * 1000,
  stepMs: (seconds * 1000) / TREND_STEPS,
  percent,
  efficiency,
});

const SAVED_HEAD = 5;

/** One horizon of one symbol. */
class Horizon {
  #sessionFrom = -Infinity;
  #step = -Infinity;
  #last = 0;
  /** Closes of the last full steps, oldest first, at most one more than {@link TREND_STEPS}. */
  #closes: number[] = [];
  /** 1 up, -1 down, 0 none. */
  direction = 0;

  constructor(readonly limits: HorizonLimits) {}

  open(numbers: readonly number[]): void {
    const [from = 0, step = 0, last = 0, direction = 0, horizonMs, ...closes] = numbers;
    if (horizonMs !== this.limits.horizonMs || closes.length > TREND_STEPS + 1) return;
    [this.#sessionFrom, this.#step, this.#last, this.direction] = [from, step, last, direction];
    this.#closes = closes;
  }

  save(): readonly number[] {
    if (this.#step === -Infinity) return [];
    return [
      this.#sessionFrom,
      this.#step,
      this.#last,
      this.direction,
      this.limits.horizonMs,
      ...this.#closes,
    ];
  }

  onPrint(print: Print, emit: Emit, other: Horizon): void {
    const step = Math.floor(print.t / this.limits.stepMs);
    const ahead = step - this.#step;
    if (ahead < 0 && ahead >= -TREND_STEPS) return;
    if (ahead < 0 || ahead > TREND_STEPS || print.session.fromMs !== this.#sessionFrom) {
      this.#sessionFrom = print.session.fromMs;
      this.#closes = [];
      this.direction = 0;
    } else if (ahead > 0) {
      for (let n = 0; n < ahead; n++) this.#closes.push(this.#last);
      this.#closes.splice(0, this.#closes.length - (TREND_STEPS + 1));
      this.#judge(step, print, emit, other);
    }
    this.#step = step;
    this.#last = print.last;
  }

  #judge(step: number, print: Print, emit: Emit, other: Horizon): void {
    const first = this.#closes[0];
    if (first === undefined || this.#closes.length <= TREND_STEPS) return;
    let path = 0;
    let last = first;
    for (const close of this.#closes) {
      path += Math.abs(close - last);
      last = close;
    }
    const percent = percentMove(first, last);
    const efficiency = path === 0 ? 0 : Math.abs(last - first) / path;
    const before = this.direction;
    this.direction = this.#directionOf(percent, efficiency);
    if (this.direction === 0 || this.direction === before) return;
    const word = this.direction > 0 ? "up" : "down";
    emit("trend", `${this.limits.horizonMs}|${word}|${step * this.limits.stepMs}`, {
      horizonMs: this.limits.horizonMs,
      direction: word,
      movePercent: rounded(percent, 4),
      efficiency: rounded(efficiency, 3),
      confirmed: other.direction === this.direction,
      price: print.last,
    });
  }

  #directionOf(percent: number, efficiency: number): number {
    if (Math.abs(percent) >= this.limits.percent && efficiency >= this.limits.efficiency) {
      return Math.sign(percent);
    }
    return this.direction * percent >= this.limits.percent / 2 ? this.direction : 0;
  }
}

class TrendMemory implements DetectorMemory {
  readonly #short: Horizon;
  readonly #long: Horizon;

  constructor(short: HorizonLimits, long: HorizonLimits, saved: unknown) {
    this.#short = new Horizon(short);
    this.#long = new Horizon(long);
    if (!Array.isArray(saved)) return;
    const [first, second]: unknown[] = saved;
    this.#short.open(savedNumbers(first, SAVED_HEAD, true) ?? []);
    this.#long.open(savedNumbers(second, SAVED_HEAD, true) ?? []);
  }

  onPrint(print: Print, emit: Emit): void {
    if (!print.setsLast) return;
    this.#short.onPrint(print, emit, this.#long);
    this.#long.onPrint(print, emit, this.#short);
  }

  save(): Saved | undefined {
    const saved = [this.#short.save(), this.#long.save()];
    return saved.some((numbers) => numbers.length > 0) ? saved : undefined;
  }
}

/** See the top of the file. */
export const trend: Detector = {
  name: "trend",
  kinds: ["trend"],
  thresholds: [SHORT_SECONDS, LONG_SECONDS, SHORT_PERCENT, LONG_PERCENT, EFFICIENCY],
  prepare(read) {
    const efficiency = read(EFFICIENCY);
    const short = horizon(read(SHORT_SECONDS), read(SHORT_PERCENT), efficiency);
    const long = horizon(read(LONG_SECONDS), read(LONG_PERCENT), efficiency);
    return (saved) => new TrendMemory(short, long, saved);
  },
};
