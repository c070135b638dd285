/// <reference lib="dom" />
/** The chart: minute candles with volume, and fair value with them. */
import {
  type CandlestickData,
  CandlestickSeries,
  createChart,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  LineStyle,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { need, setText } from "../element.ts";
import type { Candle } from "./candle_set.ts";
import { spanText, summaryText } from "./candle_words.ts";
import { FairLines } from "./fair_lines.ts";
import { type GapBand, GapBands } from "./gap_bands.ts";
import type { MinuteSeries } from "./minute_series.ts";
import { formatCompact, formatMinute, formatPrice, formatTime, priceDigits } from "../number_format.ts";
import { colour } from "../theme.ts";

const seconds = (ms: number): UTCTimestamp => Math.floor(ms / 1000) as UTCTimestamp;
const msOf = (time: Time): number => Number(time) * 1000;

/** See the file comment. */
export class ChartView {
  readonly #chart: IChartApi;
  readonly #candles: ISeriesApi<"Candlestick">;
  readonly #volume: ISeriesApi<"Histogram">;
  readonly #fair: FairLines;
  readonly #gaps = new GapBands(() => colour("warn"));
  #shown: MinuteSeries | undefined;
  #version = -1;
  #rewrites = -1;
  #fairVersion = -1;
  #digits = 2;
  #volumeColours = { up: "", down: "" };

  constructor() {
    const box = need("chart");
    this.#chart = createChart(box, { autoSize: true, layout: { attributionLogo: false } });
    this.#candles = this.#chart.addSeries(CandlestickSeries, {
      priceLineStyle: LineStyle.Dotted,
      borderVisible: false,
    });
    this.#volume = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: "volume",
      lastValueVisible: false,
      priceLineVisible: false,
      priceFormat: { type: "volume" },
    });
    this.#chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.#fair = new FairLines(this.#chart);
    this.#chart.panes()[0]?.attachPrimitive(this.#gaps);
    this.#chart.subscribeCrosshairMove(({ time, seriesData }) => {
      const data = seriesData.get(this.#candles);
      setText(need("chart-readout"), time && data && "open" in data ? this.#readout(msOf(time), data) : "");
    });
    this.recolour();
  }

  /** Shows another symbol's series. */
  show(series: MinuteSeries): void {
    this.#shown = series;
    this.#version = this.#rewrites = this.#fairVersion = -1;
  }

  /** What this server has: without fair value its pane is the candles', without minute bars none are waited for. */
  setStreams(states: Readonly<Record<string, string>>): void {
    setText(
      need("chart-empty"),
      states.minute === "off" && states.tick === "off"
        ? "This server has no prices to draw bars of"
        : "No bars of this symbol yet",
    );
    if (this.#fair.show(states.fmv !== "off")) this.#version = this.#fairVersion = -1;
  }

  setGaps(bands: readonly GapBand[]): void {
    need("key-gap").hidden = bands.length === 0;
    this.#gaps.set(bands);
  }

  /** Takes what changed since the last frame. */
  draw(): void {
    const series = this.#shown;
    if (!series || series.version === this.#version) return;
    this.#version = series.version;
    if (series.rewrites === this.#rewrites && series.live) this.#update(series.live);
    else this.#replace(series);
    if (series.fairVersion !== this.#fairVersion) this.#fair.draw(series);
    this.#fairVersion = series.fairVersion;
  }

  /** Takes the colours of the theme. */
  recolour(): void {
    const grid = colour("grid");
    this.#volumeColours = { up: colour("up-soft"), down: colour("down-soft") };
    const up = colour("up"), down = colour("down");
    this.#chart.applyOptions({
      layout: {
        background: { color: "transparent" },
        textColor: colour("dim"),
        fontFamily: "Inter, system-ui, sans-serif",
        fontSize: 11,
        panes: { separatorColor: colour("line"), separatorHoverColor: colour("hover"), enableResize: false },
      },
      grid: { vertLines: { color: grid }, horzLines: { color: grid } },
      crosshair: {
        vertLine: { labelBackgroundColor: colour("raised") },
        horzLine: { labelBackgroundColor: colour("raised") },
      },
      rightPriceScale: { borderVisible: false, minimumWidth: 64 },
      timeScale: {
        borderColor: colour("line"),
        timeVisible: true,
        secondsVisible: false,
        rightOffset: 4,
        barSpacing: 8,
        minBarSpacing: 2,
        tickMarkFormatter: (time: Time) => formatMinute(msOf(time)),
      },
      localization: { timeFormatter: (time: Time) => formatTime(msOf(time)) },
    });
    this.#candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
    this.#fair.recolour();
    this.#version = this.#rewrites = this.#fairVersion = -1;
  }

  #replace(series: MinuteSeries): void {
    const candles = series.candles();
    this.#rewrites = series.rewrites;
    const digits = priceDigits(candles.at(-1)?.close ?? 1);
    const priceFormat = { type: "price", precision: digits, minMove: 10 ** -digits } as const;
    if (digits !== this.#digits || candles.length > 0) {
      this.#candles.applyOptions({ priceFormat });
      this.#fair.setDigits(digits);
      this.#digits = digits;
    }
    this.#candles.setData(candles.map(candleData));
    this.#volume.setData(candles.map((candle) => this.#volumeData(candle)));
    need("chart-empty").hidden = candles.length > 0;
    setText(need("chart-summary"), summaryText(candles));
  }

  #update(candle: Candle): void {
    this.#candles.update(candleData(candle));
    this.#volume.update(this.#volumeData(candle));
    need("chart-empty").hidden = true;
  }

  #volumeData(candle: Candle) {
    return {
      time: seconds(candle.t),
      value: candle.volume,
      color: this.#volumeColours[candle.close >= candle.open ? "up" : "down"],
    };
  }

  #readout(ms: number, { open, high, low, close }: CandlestickData): string {
    const price = (value: number) => formatPrice(value, this.#digits);
    const candle = this.#shown?.candles().find(({ t }) => t === ms);
    const volume = candle ? `  V ${formatCompact(candle.volume)}` : "";
    return `${candle ? spanText(candle) : formatMinute(ms)}  O ${price(open)}  H ${price(high)}  L ${
      price(low)
    }  C ${price(close)}${volume}`;
  }
}

const candleData = (candle: Candle): CandlestickData<UTCTimestamp> => ({
  time: seconds(candle.t),
  open: candle.open,
  high: candle.high,
  low: candle.low,
  close: candle.close,
});
