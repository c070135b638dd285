/**
 * The model behind the heatmap: where positions opened in a minute bar would be liquidated.
 *
 *     exposure E = volume × entry,  entry = vwap          in the quote currency, rounded to whole units
 *     each trade opens a long and a short: E·share to longs (`heatmap_long_percent`), the rest to shorts
 *     each side is spread over leverage tiers λ by weight w(λ)
 *     long  is liquidated at  entry × (1 − 1/λ + m)       m: maintenance margin, `heatmap_maintenance_percent`
 *     short is liquidated at  entry × (1 + 1/λ − m)
 *
 * which is where the margin left, 1/λ of the position less its loss, has sunk to m. A level is consumed by the first later bar
 * whose low (long) or high (short) reaches it. Amounts are whole numbers split without remainder, so that what was put in is
 * exactly what is shown plus what was consumed.
 *
 * Limits: nobody publishes who opened what at which leverage. Real volume also closes positions, margin can be added, rules
 * differ between venues, and US stocks are rarely held at such leverage at all. It is an estimate of where forced trading could
 * cluster, good for comparing places on one map and for nothing more exact. See `docs/heatmap.md`.
 */
import type { MinuteBar } from "../../feed/event.ts";
import type { ReadThreshold, ThresholdSpec } from "../threshold.ts";

/** A minute as the model remembers it. */
export interface HeatBar {
  readonly t: number;
  readonly end: number;
  /** Price its positions were opened at. */
  readonly entry: number;
  /** Whole units of the quote currency. */
  readonly exposure: number;
  readonly low: number;
  readonly high: number;
  readonly close: number;
}

/** What one tier does on one side. */
export interface Tier {
  /** Liquidation price over entry price. */
  readonly factor: number;
  readonly side: "long" | "short";
  /** Share of the bar's exposure, 0 to 1. */
  readonly share: number;
}

const leverage = (n: number, fallback: number): ThresholdSpec => ({
  key: `heatmap_leverage_${n}`,
  fallback,
  min: 1,
  max: 200,
  help: `Leverage of the heatmap's tier ${n}.`,
});

const weight = (n: number, fallback: number): ThresholdSpec => ({
  key: `heatmap_weight_${n}`,
  fallback,
  min: 0,
  max: 1000,
  help: `How much of new exposure takes tier ${n}, relative to the other weights; 0 leaves the tier out.`,
});

const TIERS: readonly { readonly leverage: ThresholdSpec; readonly weight: ThresholdSpec }[] = [
  { leverage: leverage(1, 5), weight: weight(1, 25) },
  { leverage: leverage(2, 10), weight: weight(2, 35) },
  { leverage: leverage(3, 25), weight: weight(3, 22) },
  { leverage: leverage(4, 50), weight: weight(4, 12) },
  { leverage: leverage(5, 100), weight: weight(5, 6) },
];

const MAINTENANCE_PERCENT: ThresholdSpec = {
  key: "heatmap_maintenance_percent",
  fallback: 0.5,
  min: 0,
  max: 50,
  help: "Maintenance margin in percent of the position: less than this left, and it is liquidated.",
};
const LONG_PERCENT: ThresholdSpec = {
  key: "heatmap_long_percent",
  fallback: 50,
  min: 0,
  max: 100,
  help: "Percent of new exposure that is long; the rest is short.",
};

/** Everything the model can be tuned by. */
export const HEATMAP_THRESHOLDS: readonly ThresholdSpec[] = [
  ...TIERS.flatMap((tier) => [tier.leverage, tier.weight]),
  MAINTENANCE_PERCENT,
  LONG_PERCENT,
];

/** The tiers in force, longs first. A tier whose margin is no more than maintenance can't be opened and is left out. */
export function readTiers(read: ReadThreshold): readonly Tier[] {
  const maintenance = read(MAINTENANCE_PERCENT) / 100;
  const long = read(LONG_PERCENT) / 100;
  const open = TIERS.map((tier) => ({ margin: 1 / read(tier.leverage), weight: read(tier.weight) }))
    .filter((tier) => tier.weight > 0 && tier.margin > maintenance);
  const total = open.reduce((sum, tier) => sum + tier.weight, 0);
  const side = (name: Tier["side"], sideShare: number, sign: number) =>
    open.map((tier): Tier => ({
      side: name,
      factor: 1 + sign * (tier.margin - maintenance),
      share: (tier.weight / total) * sideShare,
    }));
  return [...side("long", long, -1), ...side("short", 1 - long, 1)].filter((tier) => tier.share > 0);
}

/** An exposure in whole units, split over the tiers without remainder: what rounding leaves goes to the last. */
export function splitExposure(exposure: number, tiers: readonly Tier[]): readonly number[] {
  let left = exposure;
  return tiers.map((tier, n) => {
    const amount = n === tiers.length - 1 ? left : Math.min(left, Math.floor(exposure * tier.share));
    left -= amount;
    return amount;
  });
}

/** More than this in one bar is an error of the data, not exposure; sums stay exact below 2^53. */
const MAX_EXPOSURE = 1e12;

/** Beyond these it is no price of anything. */
const MIN_PRICE = 1e-12, MAX_PRICE = 1e12;

const isPrice = (value: number | undefined): value is number =>
  value !== undefined && value >= MIN_PRICE && value <= MAX_PRICE;

/**
 * Reads a bar. Missing or senseless parts are made good from the others: no vwap is the middle of high, low and close; a vwap
 * outside the bar's range is moved to its edge; no volume is no exposure, and the bar still sweeps. Undefined without a price.
 */
export function readHeatBar(bar: MinuteBar): HeatBar | undefined {
  if (!isPrice(bar.close) || !Number.isSafeInteger(bar.t) || !(bar.end > bar.t)) return undefined;
  const prices = [bar.open, bar.high, bar.low, bar.close].filter(isPrice);
  const low = Math.min(...prices);
  const high = Math.max(...prices);
  const entry = isPrice(bar.vwap) ? Math.min(Math.max(bar.vwap, low), high) : (low + high + bar.close) / 3;
  const volume = bar.volume > 0 ? bar.volume : 0;
  const exposure = Math.min(MAX_EXPOSURE, Math.round(volume * entry));
  return { t: bar.t, end: bar.end, entry, exposure, low, high, close: bar.close };
}
