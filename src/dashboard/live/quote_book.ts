/** The newest of everything per symbol, folded from the streams. Pure: views read it once a frame. */
import type { StreamEvents } from "../../client/message.ts";

/** What is known of one symbol. */
export interface Quote {
  readonly symbol: string;
  price: number | undefined;
  /** Event time of the price. */
  priceT: number;
  /** Whether the last change of price was up or down. */
  direction: "up" | "down" | "none";
  /** Rises with every change of price. */
  changes: number;
  dayOpen: number | undefined;
  dayHigh: number | undefined;
  dayLow: number | undefined;
  dayVolume: number | undefined;
  dayVwap: number | undefined;
  fmv: number | undefined;
  fmvT: number;
}

/** Change since the day's open in percent, when the open is known. */
export const changePercent = ({ price, dayOpen }: Quote): number | undefined =>
  price === undefined || !dayOpen ? undefined : (price / dayOpen - 1) * 100;

/** How far fair value is from the price, in percent of the price. */
export const fairDeviation = ({ price, fmv }: Quote): number | undefined =>
  fmv === undefined || !price ? undefined : (fmv / price - 1) * 100;

/** See the file comment. */
export class QuoteBook {
  readonly #quotes = new Map<string, Quote>();
  /** Symbols touched since {@link takeChanged}. */
  #changed = new Set<string>();

  /** The symbol's quote, empty at first. */
  of(symbol: string): Quote {
    let quote = this.#quotes.get(symbol);
    if (!quote) {
      quote = {
        symbol,
        price: undefined,
        priceT: 0,
        direction: "none",
        changes: 0,
        dayOpen: undefined,
        dayHigh: undefined,
        dayLow: undefined,
        dayVolume: undefined,
        dayVwap: undefined,
        fmv: undefined,
        fmvT: 0,
      };
      this.#quotes.set(symbol, quote);
    }
    return quote;
  }

  tick(event: StreamEvents["tick"]): void {
    const quote = this.#touch(event.sym);
    if (event.type === "trade") return this.#price(quote, event.price, event.t);
    this.#price(quote, event.close, event.end - 1);
    this.#day(quote, event);
  }

  minute(event: StreamEvents["minute"]): void {
    const quote = this.#touch(event.sym);
    this.#price(quote, event.close, event.end - 1);
    this.#day(quote, event);
    quote.dayHigh = Math.max(quote.dayHigh ?? event.high, event.high);
    quote.dayLow = Math.min(quote.dayLow ?? event.low, event.low);
  }

  fair(event: StreamEvents["fmv"]): void {
    const quote = this.#touch(event.sym);
    if (event.t < quote.fmvT) return;
    quote.fmv = event.fmv;
    quote.fmvT = event.t;
  }

  /** What changed since the last call. */
  takeChanged(): ReadonlySet<string> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  #touch(symbol: string): Quote {
    this.#changed.add(symbol);
    return this.of(symbol);
  }

  #price(quote: Quote, price: number, t: number): void {
    if (t < quote.priceT || !Number.isFinite(price)) return;
    quote.priceT = t;
    quote.dayHigh = quote.dayHigh === undefined ? price : Math.max(quote.dayHigh, price);
    quote.dayLow = quote.dayLow === undefined ? price : Math.min(quote.dayLow, price);
    if (price === quote.price) return;
    if (quote.price !== undefined) {
      quote.direction = price > quote.price ? "up" : "down";
      quote.changes++;
    }
    quote.price = price;
  }

  #day(quote: Quote, bar: { dayOpen?: number; dayVolume?: number; dayVwap?: number; open: number }): void {
    // Where the feed says nothing of the day's open, the first bar's open stands in for it.
    quote.dayOpen = bar.dayOpen ?? quote.dayOpen ?? bar.open;
    if (bar.dayVolume !== undefined) quote.dayVolume = bar.dayVolume;
    if (bar.dayVwap !== undefined) quote.dayVwap = bar.dayVwap;
  }
}
