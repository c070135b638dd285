/** Flat minute bars around 100 and the heatmap's bars made of them: a test states only what it is about. */
import type { MinuteBar } from "../../src/feed/event.ts";
import { HeatBars } from "../../src/signals/heatmap/heat_bars.ts";
import { readHeatBar, readTiers } from "../../src/signals/heatmap/liquidation_model.ts";
import { thresholdReader } from "../../src/signals/threshold.ts";
import { A_MONDAY, aMinute } from "../support/event_factory.ts";

export const MINUTE_MS = 60_000;
/** The default leverage tiers. */
export const TIERS = readTiers(thresholdReader(new Map()));

/** The n-th minute's bar. */
export const barAt = (n: number, over: Partial<MinuteBar> = {}): MinuteBar => {
  const t = A_MONDAY + n * MINUTE_MS;
  return aMinute({
    t,
    end: t + MINUTE_MS,
    open: 100,
    high: 100,
    low: 100,
    close: 100,
    vwap: 100,
    volume: 1000,
    ...over,
  });
};

/** Bars as the heatmap holds them. */
export const barsOf = (bars: readonly MinuteBar[], windowMinutes = 390, intervalMinutes = 5): HeatBars => {
  const held = new HeatBars("AAPL", windowMinutes * MINUTE_MS, intervalMinutes * MINUTE_MS, TIERS);
  for (const bar of bars) {
    const read = readHeatBar(bar);
    if (read !== undefined) held.put(read);
  }
  return held;
};
