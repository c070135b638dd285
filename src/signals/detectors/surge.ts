/**
 * `surge`: in the present window of ten seconds far more is traded, or the price moves far more, than in the two minutes
 * before. Time is cut into windows of `surge_window_seconds`; the twelve before the present one are the baseline.
 *
 * * volume: traded in the window so far >= `surge_volume_ratio` × the mean window of the baseline;
 * * price: the window's greatest distance from the price before it, in percent of that price, >= `surge_price_ratio` × the
 *   mean of the same measure over the baseline, and >= `surge_min_percent`.
 *
 * Judged only with a whole baseline in which at least `surge_active_windows` saw trades: two prints after an hour of silence
 * are no surge. The baseline begins anew with each session, so the opening bell is not one either. Each measure is announced
 * once a window (key: measure and window start). Prints from before the present window come too late to be news.
 */
import { type Saved, savedNumbers } from "../saved.ts";
import { type Detector, type DetectorMemory, type Emit, rounded } from "./detector.ts";
import type { Print } from "../print.ts";
import type { ReadThreshold, ThresholdSpec } from "../threshold.ts";

/** Windows in the baseline. */
export const SURGE_BASELINE_WINDOWS = 12;

/** Digits of a window's move in percent: what is remembered is what is compared. */
const MOVE_DIGITS = 4;

const WINDOW_SECONDS: ThresholdSpec = {
  key: "surge_window_seconds",
  fallback: 10,
  min: 1,
  max: 600,
  help: "Seconds in one window of the surge rule; the baseline is the twelve windows before.",
};
const VOLUME_RATIO: ThresholdSpec = {
  key: "surge_volume_ratio",
  fallback: 4,
  min: 1.1,
  max: 1000,
  help: "A window's volume is a surge from so many times the baseline's mean.",
};
const PRICE_RATIO: ThresholdSpec = {
  key: "surge_price_ratio",
  fallback: 3,
  min: 1.1,
  max: 1000,
  help: "A window's price move is a surge from so many times the baseline's mean move.",
};
const MIN_PERCENT: ThresholdSpec = {
  key: "surge_min_percent",
  fallback: 0.2,
  min: 0,
  max: 100,
  help: "A price surge moves at least so many percent within its window.",
};
const ACTIVE_WINDOWS: ThresholdSpec = {
  key: "surge_active_windows",
  fallback: 6,
  min: 1,
  max: SURGE_BASELINE_WINDOWS,
  help: "Of the baseline's twelve windows so many must have seen trades before anything is a surge.",
};

interface SurgeLimits {
  readonly windowMs: number;
  readonly volumeRatio: number;
  readonly priceRatio: number;
  readonly minPercent: number;
  readonly activeWindows: number;
}

const readLimits = (read: ReadThreshold): SurgeLimits => ({
  windowMs: read(WINDOW_SECONDS) * 1000,
  volumeRatio: read(VOLUME_RATIO),
  priceRatio: read(PRICE_RATIO),
  minPercent: read(MIN_PERCENT),
  activeWindows: read(ACTIVE_WINDOWS),
});

const SAVED_HEAD = 10;

class SurgeMemory implements DetectorMemory {
  #sessionFrom = -Infinity;
  /** Number of the present window since 1970. */
  #window = -Infinity;
  /** Price before the window; 0 when none is known. */
  #before = 0;
  #high = 0;
  #low = 0;
  #last = 0;
  #volume = 0;
  #announcedVolume = false;
  #announcedPrice = false;
  /** Baseline, oldest first: volumes, and greatest moves in percent. At most {@link SURGE_BASELINE_WINDOWS}. */
  #volumes: number[] = [];
  #moves: number[] = [];
  /** Baseline means; 0 while it is incomplete or too quiet to judge by. */
  #meanVolume = 0;
  #meanMove = 0;
  #judgeable = false;

  constructor(readonly limits: SurgeLimits, saved: unknown) {
    const numbers = savedNumbers(saved, SAVED_HEAD, true);
    if (numbers === undefined) return;
    const [
      from = 0,
      window = 0,
      before = 0,
      high = 0,
      low = 0,
      last = 0,
      volume = 0,
      flags = 0,
      windowMs,
      count = 0,
    ] = numbers;
    if (windowMs !== limits.windowMs || numbers.length !== SAVED_HEAD + 2 * count) return;
    this.#sessionFrom = from;
    this.#window = window;
    [this.#before, this.#high, this.#low, this.#last, this.#volume] = [before, high, low, last, volume];
    this.#announcedVolume = (flags & 1) !== 0;
    this.#announcedPrice = (flags & 2) !== 0;
    this.#volumes = numbers.slice(SAVED_HEAD, SAVED_HEAD + count);
    this.#moves = numbers.slice(SAVED_HEAD + count);
    this.#summarise();
  }

  onPrint(print: Print, emit: Emit): void {
    const window = Math.floor(print.t / this.limits.windowMs);
    if (!this.#moveTo(window, print)) return;
    this.#volume += print.volume;
    if (print.setsLast) this.#see(print);
    if (!this.#judgeable) return;
    if (!this.#announcedVolume && this.#volume >= this.limits.volumeRatio * this.#meanVolume) {
      this.#announceVolume(emit);
    }
    if (!this.#announcedPrice && print.setsLast) this.#judgePrice(emit);
  }

  /** False for a print from before the present window. One from before the whole baseline means that time went back. */
  #moveTo(window: number, print: Print): boolean {
    if (window === this.#window && print.session.fromMs === this.#sessionFrom) return true;
    const ahead = window - this.#window;
    if (ahead < 0 && ahead >= -SURGE_BASELINE_WINDOWS) return false;
    if (ahead < 0 || ahead > SURGE_BASELINE_WINDOWS || print.session.fromMs !== this.#sessionFrom) {
      this.#sessionFrom = print.session.fromMs;
      [this.#volumes, this.#moves] = [[], []];
      this.#last = 0;
    } else {
      this.#remember(this.#volume, this.#move());
      for (let n = 1; n < ahead; n++) this.#remember(0, 0);
    }
    this.#window = window;
    [this.#before, this.#high, this.#low, this.#volume] = [this.#last, this.#last, this.#last, 0];
    this.#announcedVolume = this.#announcedPrice = false;
    this.#summarise();
    return true;
  }

  #see(print: Print): void {
    if (this.#before === 0) [this.#before, this.#high, this.#low] = [print.last, print.last, print.last];
    if (print.high > this.#high) this.#high = print.high;
    if (print.low < this.#low) this.#low = print.low;
    this.#last = print.last;
  }

  /** The present window's greatest distance from the price before it, in percent. */
  #move(): number {
    if (this.#before === 0) return 0;
    const distance = Math.max(this.#high - this.#before, this.#before - this.#low);
    return rounded((distance / this.#before) * 100, MOVE_DIGITS);
  }

  #remember(volume: number, move: number): void {
    this.#volumes.push(volume);
    this.#moves.push(move);
    if (this.#volumes.length > SURGE_BASELINE_WINDOWS) {
      this.#volumes.shift();
      this.#moves.shift();
    }
  }

  #summarise(): void {
    let volume = 0, move = 0, active = 0;
    for (const value of this.#volumes) {
      volume += value;
      if (value > 0) active++;
    }
    for (const value of this.#moves) move += value;
    this.#meanVolume = volume / SURGE_BASELINE_WINDOWS;
    this.#meanMove = move / SURGE_BASELINE_WINDOWS;
    this.#judgeable = this.#volumes.length === SURGE_BASELINE_WINDOWS && active >= this.limits.activeWindows;
  }

  #announceVolume(emit: Emit): void {
    this.#announcedVolume = true;
    emit("surge", `volume|${this.#window * this.limits.windowMs}`, {
      measure: "volume",
      windowMs: this.limits.windowMs,
      value: this.#volume,
      baseline: rounded(this.#meanVolume, 4),
      ratio: rounded(this.#volume / this.#meanVolume, 2),
      price: this.#last,
    });
  }

  #judgePrice(emit: Emit): void {
    const move = this.#move();
    const least = Math.max(this.limits.minPercent, this.limits.priceRatio * this.#meanMove);
    if (move < least || move === 0) return;
    this.#announcedPrice = true;
    emit("surge", `price|${this.#window * this.limits.windowMs}`, {
      measure: "price",
      windowMs: this.limits.windowMs,
      value: move,
      baseline: rounded(this.#meanMove, MOVE_DIGITS),
      ...(this.#meanMove > 0 && { ratio: rounded(move / this.#meanMove, 2) }),
      direction: this.#high - this.#before >= this.#before - this.#low ? "up" : "down",
      price: this.#last,
    });
  }

  save(): Saved | undefined {
    if (this.#window === -Infinity) return undefined;
    const flags = (this.#announcedVolume ? 1 : 0) | (this.#announcedPrice ? 2 : 0);
    return [
      this.#sessionFrom,
      this.#window,
      this.#before,
      this.#high,
      this.#low,
      this.#last,
      this.#volume,
      flags,
      this.limits.windowMs,
      this.#volumes.length,
      ...this.#volumes,
      ...this.#moves,
    ];
  }
}

/** See the top of the file. */
export const surge: Detector = {
  name: "surge",
  kinds: ["surge"],
  thresholds: [WINDOW_SECONDS, VOLUME_RATIO, PRICE_RATIO, MIN_PERCENT, ACTIVE_WINDOWS],
  prepare(read) {
    const limits = readLimits(read);
    return (saved) => new SurgeMemory(limits, saved);
  },
};
