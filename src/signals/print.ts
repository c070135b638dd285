/**
 * A price seen in the tick stream, whichever event it came as. Where trades flow they are the prints, and second bars, which
 * sum up the same trades, are left aside; where only second bars flow each is one print. The rule needs no setting: a second
 * bar is skipped when a trade at or after its start has been seen, for every bar has a trade in it.
 */
import type { SecondBar, Trade } from "../feed/event.ts";
import { marketOfSymbol, type MarketSession, sessionAt } from "../feed/market_calendar.ts";
import { effectsOf } from "./trade_conditions.ts";

/** One look at a symbol's price. */
export interface Print {
  /** When it was, Unix ms; a bar's window start. */
  readonly t: number;
  /** When {@link last} was: `t`, or a bar's window end. */
  readonly lastT: number;
  readonly session: MarketSession;
  readonly high: number;
  readonly low: number;
  readonly last: number;
  /** 0 when it adds none. */
  readonly volume: number;
  /** Whether high and low count (`trade_conditions.ts`). */
  readonly setsHighLow: boolean;
  /** Whether `last` is the newest price; false for late and corrected bars too. */
  readonly setsLast: boolean;
}

/** Where one symbol's tick stream stands. */
export interface TickPlace {
  /** Newest trade's time; `-Infinity` before any. */
  tradeT: number;
  /** Newest second bar's start. */
  secondT: number;
}

const isPrice = (value: number): boolean => value > 0 && value < Infinity;

const volumeOf = (value: number | undefined): number =>
  value !== undefined && value > 0 && value < Infinity ? value : 0;

/** Reads a trade and moves `place` on. Undefined when its price is none. */
export function printOfTrade(trade: Trade, place: TickPlace): Print | undefined {
  if (!isPrice(trade.price)) return undefined;
  const market = marketOfSymbol(trade.sym);
  const session = sessionAt(market, trade.t);
  const effects = effectsOf(
    market === "stocks" ? trade.conds : undefined,
    session.phase === "pre" || session.phase === "after",
  );
  if (trade.t > place.tradeT) place.tradeT = trade.t;
  return {
    t: trade.t,
    lastT: trade.t,
    session,
    high: trade.price,
    low: trade.price,
    last: trade.price,
    volume: effects.addsVolume ? volumeOf(trade.size) : 0,
    setsHighLow: effects.setsHighLow,
    setsLast: effects.setsLast,
  };
}

/**
 * Reads a second bar and moves `place` on. A corrected or late bar may still set a high or low but adds no volume and is not
 * the last price. Undefined when trades already told it, or when its prices are none.
 */
export function printOfSecond(bar: SecondBar, place: TickPlace): Print | undefined {
  if (place.tradeT >= bar.t) return undefined;
  if (!isPrice(bar.low) || !isPrice(bar.close) || !(bar.high >= bar.low) || !isPrice(bar.high)) {
    return undefined;
  }
  const news = bar.t > place.secondT;
  if (news) place.secondT = bar.t;
  return {
    t: bar.t,
    lastT: bar.end,
    session: sessionAt(marketOfSymbol(bar.sym), bar.t),
    high: bar.high,
    low: bar.low,
    last: bar.close,
    volume: news ? volumeOf(bar.volume) : 0,
    setsHighLow: true,
    setsLast: news,
  };
}
