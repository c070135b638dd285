/**
 * `fmv_deviation`: a fair value more than `fmv_deviation_percent` (1 %) away from the market price.
 *
 *     deviation_percent = 100 × (fmv − market_price) / market_price      signed, of the market price
 *     direction         = undervalued when it trades under its fair value (deviation > 0), else overvalued
 *     confidence        = freshness × activity
 *     freshness         = e^(−age / fmv_age_seconds)       age: from the market price to the fair value, event time
 *     activity          = n / (n + 1)                      n: prints of the last minute, fading: n ← n·e^(−Δt / 60 s) + 1
 *
 * Why these two: a difference is as likely to be the market price's fault as the market's. An old price has had time to be
 * left behind (30 s halve trust after 21 s), and one lone print may be an odd one (n = 1 gives ½, n = 9 gives 0.9). Both must
 * be good, so they multiply. Nothing under 0.7 is emitted, and `alert` is true from 0.8.
 *
 * The market price is the newest of trades, second bars, and, where no tick covered it, the minute bar's close; a minute bar
 * counts as its number of prints (volume / average size, at most 100). While a deviation lasts it is announced once a minute
 * of event time for each direction, whole multiple of the threshold (up to 10), and once more when it becomes an alert: those
 * make the key.
 */
import type { FairValue } from "../../feed/event.ts";
import type { JudgedBar } from "../bar_window.ts";
import { type Saved, savedNumbers } from "../saved.ts";
import { type Detector, type DetectorMemory, type Emit, percentMove, rounded } from "./detector.ts";
import type { Print } from "../print.ts";
import type { ThresholdSpec } from "../threshold.ts";

const DEVIATION_PERCENT: ThresholdSpec = {
  key: "fmv_deviation_percent",
  fallback: 1,
  min: 0.01,
  max: 100,
  help: "A fair value more than so many percent away from the market price is announced.",
};
const MIN_CONFIDENCE: ThresholdSpec = {
  key: "fmv_min_confidence",
  fallback: 0.7,
  min: 0,
  max: 1,
  help: "Deviations with less confidence (0 to 1) are not announced.",
};
const ALERT_CONFIDENCE: ThresholdSpec = {
  key: "fmv_alert_confidence",
  fallback: 0.8,
  min: 0,
  max: 1,
  help: "From this confidence a deviation is marked as an alert.",
};
const AGE_SECONDS: ThresholdSpec = {
  key: "fmv_age_seconds",
  fallback: 30,
  min: 1,
  max: 3600,
  help: "Seconds in which confidence in an ageing market price falls to 37 %.",
};

const ACTIVITY_FADE_MS = 60_000;
const REPEAT_MS = 60_000;
const MAX_LEVEL = 10;
const MAX_PRINTS_A_BAR = 100;
const ACTIVITY_DIGITS = 3;
const CONFIDENCE_DIGITS = 3;
/** Fair values this far behind the newest mean that time went back. */
const TIME_BACK_MS = 600_000;

interface FmvLimits {
  readonly percent: number;
  readonly minConfidence: number;
  readonly alertConfidence: number;
  readonly ageMs: number;
}

const SAVED_NUMBERS = 4;

class FmvMemory implements DetectorMemory {
  /** The newest market price, when it was, and the fading count of prints at that time. */
  #price = 0;
  #priceT = 0;
  #prints = 0;
  /** The minute announcements are counted in, and a number for each made in it (level, direction, alert). */
  #minute = -1;
  #announced: number[] = [];

  constructor(readonly limits: FmvLimits, saved: unknown) {
    const numbers = savedNumbers(saved, SAVED_NUMBERS, true);
    if (numbers === undefined) return;
    const [price = 0, priceT = 0, prints = 0, minute = -1, ...announced] = numbers;
    [this.#price, this.#priceT, this.#prints, this.#minute] = [price, priceT, prints, minute];
    this.#announced = announced;
  }

  onPrint(print: Print): void {
    if (print.setsLast) this.#see(print.last, print.lastT, 1);
  }

  onBar({ bar, volume, hasTicks }: JudgedBar): void {
    if (hasTicks) return;
    const prints = bar.avgSize !== undefined && bar.avgSize > 0 ? volume / bar.avgSize : 1;
    this.#see(bar.close, bar.end, Math.min(Math.max(1, prints), MAX_PRINTS_A_BAR));
  }

  #see(price: number, t: number, prints: number): void {
    if (t < this.#priceT - TIME_BACK_MS) [this.#priceT, this.#prints] = [t, 0];
    const passed = t - this.#priceT;
    if (passed >= 0) {
      const kept = passed === 0 ? this.#prints : this.#prints * Math.exp(-passed / ACTIVITY_FADE_MS);
      this.#prints = rounded(kept + prints, ACTIVITY_DIGITS);
      this.#price = price;
      this.#priceT = t;
    } else {
      this.#prints = rounded(this.#prints + prints, ACTIVITY_DIGITS);
    }
  }

  onFairValue(value: FairValue, emit: Emit): void {
    const market = this.#price;
    if (market === 0 || !(value.fmv > 0)) return;
    const percent = percentMove(market, value.fmv);
    if (!(Math.abs(percent) > this.limits.percent)) return;
    const confidence = this.#confidence(value.t);
    if (confidence < this.limits.minConfidence) return;
    const alert = confidence >= this.limits.alertConfidence;
    const direction = percent > 0 ? "undervalued" : "overvalued";
    const level = Math.max(1, Math.min(MAX_LEVEL, Math.floor(Math.abs(percent) / this.limits.percent)));
    if (!this.#firstThisMinute(value.t, level, percent > 0, alert)) return;
    emit("fmv_deviation", `${direction}|${level}|${alert ? "alert" : "notice"}|${this.#minute * REPEAT_MS}`, {
      fmv: value.fmv,
      market_price: market,
      deviation_percent: rounded(percent, 4),
      direction,
      confidence,
      alert,
    });
  }

  #confidence(t: number): number {
    const age = Math.max(0, t - this.#priceT);
    const prints = this.#prints * Math.exp(-age / ACTIVITY_FADE_MS);
    return rounded(Math.exp(-age / this.limits.ageMs) * (prints / (prints + 1)), CONFIDENCE_DIGITS);
  }

  #firstThisMinute(t: number, level: number, under: boolean, alert: boolean): boolean {
    const minute = Math.floor(t / REPEAT_MS);
    const behindMs = (this.#minute - minute) * REPEAT_MS;
    if (behindMs > 0 && behindMs < TIME_BACK_MS) return false;
    if (minute !== this.#minute) [this.#minute, this.#announced] = [minute, []];
    const notice = level * 4 + (under ? 2 : 0);
    const which = alert ? notice + 1 : notice;
    if (this.#announced.includes(which) || this.#announced.includes(notice + 1)) return false;
    this.#announced.push(which);
    return true;
  }

  save(): Saved | undefined {
    if (this.#price === 0) return undefined;
    return [this.#price, this.#priceT, this.#prints, this.#minute, ...this.#announced];
  }
}

/** See the top of the file. */
export const fmvDeviation: Detector = {
  name: "fmv_deviation",
  kinds: ["fmv_deviation"],
  thresholds: [DEVIATION_PERCENT, MIN_CONFIDENCE, ALERT_CONFIDENCE, AGE_SECONDS],
  prepare(read) {
    const limits = {
      percent: read(DEVIATION_PERCENT),
      minConfidence: read(MIN_CONFIDENCE),
      alertConfidence: read(ALERT_CONFIDENCE),
      ageMs: read(AGE_SECONDS) * 1000,
    };
    return (saved) => new FmvMemory(limits, saved);
  },
};
