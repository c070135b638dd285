/// <reference lib="dom" />
/** The chosen symbol's head: name, price, change, the day's facts. */
import { need, setText } from "../element.ts";
import { formatChange, formatCompact, formatPercent, formatPrice, priceDigits } from "../number_format.ts";
import { changePercent, fairDeviation, type Quote } from "./quote_book.ts";

/** What rounds to nothing has no sign. */
const sign = (value: number | undefined): string =>
  !value || Math.abs(value) < 0.005 ? "" : value > 0 ? "up" : "down";

/** Writes the head anew where it changed. */
export function drawQuote(quote: Quote): void {
  const { price, dayOpen } = quote;
  const digits = priceDigits(price ?? 1);
  const change = price === undefined || dayOpen === undefined ? undefined : price - dayOpen;
  setText(need("quote-symbol"), quote.symbol);
  setText(need("quote-price"), formatPrice(price, digits));
  const changeBox = need("quote-change");
  setText(changeBox, `${formatChange(change, digits)}  ${formatPercent(changePercent(quote))}`);
  changeBox.dataset.sign = sign(change);
  setText(need("fact-open"), formatPrice(dayOpen, digits));
  setText(need("fact-high"), formatPrice(quote.dayHigh, digits));
  setText(need("fact-low"), formatPrice(quote.dayLow, digits));
  setText(need("fact-vwap"), formatPrice(quote.dayVwap, digits));
  setText(need("fact-volume"), formatCompact(quote.dayVolume));
  setText(need("fact-fmv"), formatPrice(quote.fmv, digits));
  const deviation = fairDeviation(quote);
  const deviationBox = need("fact-deviation");
  setText(deviationBox, formatPercent(deviation));
  deviationBox.dataset.sign = sign(deviation);
}
