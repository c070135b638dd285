/**
 * One market's trading within the simulation: who trades, at what price, when each instrument's last fair value went
 * out, and the day so far. Stocks keep New York's hours when told to; crypto never closes.
 */
import { sessionAt } from "../../feed/market_calendar.ts";
import type { Market } from "../../feed/wire_fields.ts";
import type { Chance } from "../seeded_random.ts";
import { Activity, openBurst } from "./activity.ts";
import { addToDay, BarWindows, type DayTotals, emptyDay, type Window } from "./bar_windows.ts";
import type { PriceModel, PriceState } from "./price_model.ts";
import { cryptoTrade, type MarketTrade, stockTrade } from "./trade.ts";
import type { Instrument } from "./universe.ts";

/** What one instrument carries through the day. */
interface Book {
  readonly price: PriceState;
  readonly day: DayTotals;
  sequence: number;
  /** Last trade's time, so that a name's prints on the tape never go back in time. */
  lastTrade: number;
  lastFairValue: number;
}

/** Opening volatility and volume; or a market that is always the same. */
export interface MarketSideOptions {
  readonly market: Market;
  readonly instruments: readonly Instrument[];
  /** Mean trades a second in calm trading. */
  readonly tradesPerSecond: number;
  readonly alwaysOpen: boolean;
  readonly openBurst: boolean;
  readonly startMs: number;
}

/** See the module. */
export class MarketSide {
  readonly seconds = new BarWindows(1000);
  readonly minutes = new BarWindows(60_000);
  readonly #activity: Activity;
  readonly #books = new Map<string, Book>();
  #dayKey = "";

  constructor(
    readonly options: MarketSideOptions,
    private readonly model: PriceModel,
    private readonly luck: Chance,
  ) {
    this.#activity = new Activity(options.instruments, luck);
  }

  /** The trades of one step ending at `endMs`, in time order. */
  trades(endMs: number, stepMs: number): readonly MarketTrade[] {
    const session = sessionAt(this.options.market, endMs);
    if (session.dayKey !== this.#dayKey) {
      this.#dayKey = session.dayKey;
      for (const book of this.#books.values()) Object.assign(book.day, emptyDay());
    }
    if (!this.options.alwaysOpen && session.phase === "closed") return [];
    const news = this.#activity.advance(stepMs / 1000);
    if (news) {
      const { price } = this.#book(news.instrument);
      price.own += news.jump;
      price.fairGap -= news.jump * 0.8;
    }
    const count = this.luck.poisson(this.options.tradesPerSecond * this.#busyness(endMs) * stepMs / 1000);
    const times = Array.from({ length: count }, () => endMs - this.luck.between(0, stepMs - 1)).sort((a, b) =>
      a - b
    );
    return times.flatMap((t) => {
      const instrument = this.#activity.pick();
      return instrument ? [this.#trade(instrument, t, false)] : [];
    });
  }

  /** A trade at this moment, of the given instrument or of whoever trades next. */
  tradeNow(now: number, instrument: Instrument | undefined, isLate: boolean): MarketTrade | undefined {
    const chosen = instrument ?? this.#activity.pick();
    return chosen && this.#trade(chosen, now, isLate);
  }

  /** A print of the same instrument whose report comes later; its time is now. */
  lateTrade(instrument: Instrument, t: number): MarketTrade {
    return this.#trade(instrument, t, true);
  }

  /** Counts a trade for the day and its bars; answers the bars that were out already and must go out again. */
  count(
    trade: MarketTrade,
    isLate: boolean,
  ): readonly { readonly window: Window; readonly widthMs: number }[] {
    const { day } = this.#book(trade.instrument);
    addToDay(day, trade, this.#mayOpen(trade.t));
    return [this.seconds, this.minutes].flatMap((bars) => {
      const again = bars.add(trade, day, isLate);
      return again ? [{ window: again, widthMs: bars.widthMs }] : [];
    });
  }

  /** The fair value of an instrument that traded, unless one went out within `everyMs`. */
  fairValue(instrument: Instrument, now: number, everyMs: number): number | undefined {
    const book = this.#book(instrument);
    if (now - book.lastFairValue < everyMs) return undefined;
    book.lastFairValue = now;
    return this.#truePrice(instrument, book, now) * Math.exp(book.price.fairGap);
  }

  /** The official open is a regular-session price: bars before it lack `op`. */
  #mayOpen(now: number): boolean {
    return this.options.alwaysOpen || sessionAt(this.options.market, now).phase === "regular";
  }

  #busyness(now: number): number {
    if (!this.options.openBurst) return 1;
    const opened = this.options.alwaysOpen
      ? this.options.startMs
      : sessionAt(this.options.market, now).opensAt;
    return opened === undefined ? 1 : openBurst((now - opened) / 1000);
  }

  #trade(instrument: Instrument, t: number, isLate: boolean): MarketTrade {
    const book = this.#book(instrument);
    const at = isLate ? t : Math.max(t, book.lastTrade);
    book.lastTrade = at;
    const price = this.#truePrice(instrument, book, at);
    return instrument.market === "stocks"
      ? stockTrade(instrument, price, at, ++book.sequence, this.luck, isLate)
      : cryptoTrade(instrument, price, at, ++book.sequence, this.luck);
  }

  #truePrice(instrument: Instrument, book: Book, now: number): number {
    return this.model.price(instrument, book.price, (now - this.options.startMs) / 1000);
  }

  #book(instrument: Instrument): Book {
    let book = this.#books.get(instrument.symbol);
    if (!book) {
      book = {
        price: { own: 0, fairGap: 0, at: 0 },
        day: emptyDay(),
        sequence: 0,
        lastTrade: 0,
        lastFairValue: 0,
      };
      this.#books.set(instrument.symbol, book);
    }
    return book;
  }
}
