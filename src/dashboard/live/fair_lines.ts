/// <reference lib="dom" />
/** Fair value in the chart: a line over the candles, and in a pane below how far it is from the price. */
import {
  BaselineSeries,
  type IChartApi,
  type ISeriesApi,
  LineSeries,
  type UTCTimestamp,
} from "lightweight-charts";
import type { MinuteSeries } from "./minute_series.ts";
import { MINUTE_MS } from "./running_minute.ts";
import { formatPercent } from "../number_format.ts";
import { colour } from "../theme.ts";

/** How high the chart is of the two panes' height together: 4 of 5. */
const CHART_STRETCH = 4;

interface Lines {
  readonly fair: ISeriesApi<"Line">;
  readonly deviation: ISeriesApi<"Baseline">;
}

const seconds = (ms: number): UTCTimestamp => Math.floor(ms / 1000) as UTCTimestamp;

/** See the file comment. Not there at all where the server has no fair value. */
export class FairLines {
  readonly #chart: IChartApi;
  #lines: Lines | undefined;
  #format = {};

  constructor(chart: IChartApi) {
    this.#chart = chart;
    this.show(true);
  }

  /** Adds the lines and their pane, or takes them away. True when that changed anything. */
  show(isShown: boolean): boolean {
    if (isShown === (this.#lines !== undefined)) return false;
    if (this.#lines) {
      // A pane goes with its last series.
      this.#chart.removeSeries(this.#lines.deviation);
      this.#chart.removeSeries(this.#lines.fair);
      this.#lines = undefined;
      return true;
    }
    const fair = this.#chart.addSeries(LineSeries, {
      lineWidth: 2,
      priceLineVisible: false,
      crosshairMarkerRadius: 3,
      ...this.#format,
    });
    const deviation = this.#chart.addSeries(BaselineSeries, {
      baseValue: { type: "price", price: 0 },
      lineWidth: 1,
      priceLineVisible: false,
      priceFormat: { type: "custom", formatter: (value: number) => formatPercent(value), minMove: 0.001 },
    }, 1);
    this.#lines = { fair, deviation };
    const panes = this.#chart.panes();
    panes[0]?.setStretchFactor(CHART_STRETCH);
    panes[1]?.setStretchFactor(1);
    this.recolour();
    return true;
  }

  /** Prices are written with so many decimals. */
  setDigits(precision: number): void {
    this.#format = { priceFormat: { type: "price", precision, minMove: 10 ** -precision } };
    this.#lines?.fair.applyOptions(this.#format);
  }

  draw(series: MinuteSeries): void {
    if (!this.#lines) return;
    const points = series.fairPoints();
    // A candle's close is that of its last minute, also where it is over several.
    const closes = new Map(series.candles().map(({ end, close }) => [end - MINUTE_MS, close]));
    this.#lines.fair.setData(points.map(({ t, fmv }) => ({ time: seconds(t), value: fmv })));
    this.#lines.deviation.setData(points.flatMap(({ t, fmv }) => {
      const close = closes.get(t);
      return close ? [{ time: seconds(t), value: (fmv / close - 1) * 100 }] : [];
    }));
  }

  /** Takes the colours of the theme. */
  recolour(): void {
    const fair = colour("fair");
    this.#lines?.fair.applyOptions({ color: fair });
    this.#lines?.deviation.applyOptions({
      topLineColor: fair,
      bottomLineColor: fair,
      topFillColor1: `${fair}40`,
      topFillColor2: `${fair}00`,
      bottomFillColor1: `${fair}00`,
      bottomFillColor2: `${fair}40`,
    });
  }
}
