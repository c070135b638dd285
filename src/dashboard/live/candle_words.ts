/** Candles in words. Pure. */
import { formatMinute, formatPrice } from "../number_format.ts";
import type { Candle } from "./candle_set.ts";
import { MINUTE_MS } from "./running_minute.ts";

/** A candle's minute; of a merged one the first and the last it is over. */
export const spanText = ({ t, end }: Candle): string =>
  end - t > MINUTE_MS ? `${formatMinute(t)}–${formatMinute(end - MINUTE_MS)}` : formatMinute(t);

/** What the chart shows, for those who can't see it. */
export function summaryText(candles: readonly Candle[]): string {
  const first = candles[0], last = candles.at(-1);
  if (!first || !last) return "No minute bars yet.";
  const high = Math.max(...candles.map((candle) => candle.high));
  const low = Math.min(...candles.map((candle) => candle.low));
  const merged = candles.filter(({ n }) => n > 1).length;
  const bars = merged === 0 ? "minute bars" : `bars, ${merged} of them over several minutes,`;
  return `${candles.length} ${bars} from ${formatMinute(first.t)} to ${
    formatMinute(last.end - MINUTE_MS)
  }: ` +
    `from ${formatPrice(first.open)} to ${formatPrice(last.close)}, high ${formatPrice(high)}, low ${
      formatPrice(low)
    }.`;
}
