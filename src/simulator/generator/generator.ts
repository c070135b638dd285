/**
 * The simulated market as a sequence of steps: each answers the events of the next 50 ms, in the order the wire would
 * carry them. Pure but for its state: the same seed and start give the same events.
 */
import type { Market } from "../../feed/wire_fields.ts";
import type { OutboundEvent } from "../hub.ts";
import type { Behaviour } from "../protocol/behaviour.ts";
import { type Chance, chance, seededRandom } from "../seeded_random.ts";
import { Agenda } from "./agenda.ts";
import type { Window } from "./bar_windows.ts";
import { MarketSide } from "./market_side.ts";
import { type GeneratorOptions, STEP_MS } from "./generator_options.ts";
import { PriceModel } from "./price_model.ts";
import type { MarketTrade } from "./trade.ts";
import { cryptoUniverse, type Instrument, stockUniverse } from "./universe.ts";
import { WireEncoder } from "./wire_encoder.ts";

/** Crypto's part of all trades, where stocks trade too. */
const CRYPTO_SHARE = 0.15;
/** Minute bars come within this after the minute, most of them; one in twenty within the tail. */
const MINUTE_BURST = { fromMs: 20, withinMs: 300, tailMs: 2000, tailShare: 0.05 };
/** Corrections end a quarter of an hour after the fact. */
const LATE_MAX_MS = 15 * 60_000;
/** Late enough that its second's bar is out. */
const LATE_MIN_MS = 2500;

type Due = { readonly kind: "late"; readonly trade: MarketTrade } | {
  readonly kind: "minute";
  readonly window: Window;
};

/** See the module. */
export class MarketGenerator {
  readonly instruments: readonly Instrument[];
  readonly #luck: Chance;
  readonly #model: PriceModel;
  readonly #encoder: WireEncoder;
  readonly #stocks: MarketSide;
  readonly #crypto: MarketSide;
  readonly #agenda = new Agenda<Due>();
  #step = 0;

  constructor(
    private readonly options: GeneratorOptions,
    private readonly startMs: number,
    knobs: Pick<Behaviour, "fmvUnit" | "omitOptionals" | "exponentSizes">,
  ) {
    this.#luck = chance(seededRandom(options.seed));
    this.#encoder = new WireEncoder(chance(seededRandom(options.seed ^ 0x5eed)), knobs);
    this.#model = new PriceModel(this.#luck);
    const stocks = stockUniverse(options.symbols, options.seed);
    const crypto = cryptoUniverse(options.cryptoPairs);
    this.instruments = [...stocks, ...crypto];
    const cryptoShare = crypto.length === 0 ? 0 : stocks.length === 0 ? 1 : CRYPTO_SHARE;
    this.#stocks = this.#side("stocks", stocks, options.rate * (1 - cryptoShare));
    this.#crypto = this.#side("crypto", crypto, options.rate * cryptoShare);
  }

  /** Simulated time reached, Unix ms. */
  get now(): number {
    return this.startMs + this.#step * STEP_MS;
  }

  /** The next step's events, in wire order. */
  step(): readonly OutboundEvent[] {
    this.#step++;
    this.#model.advance(STEP_MS / 1000);
    const out: OutboundEvent[] = [];
    for (const side of [this.#stocks, this.#crypto]) {
      for (const trade of side.trades(this.now, STEP_MS)) this.#print(side, trade, out);
    }
    for (const due of this.#agenda.take(this.#step)) {
      if (due.kind === "minute") out.push(this.#encoder.bar(due.window, 60_000));
      else this.#printLate(due.trade, out);
    }
    for (const side of [this.#stocks, this.#crypto]) this.#closeWindows(side, out);
    return out;
  }

  /** Trades over and above the market's own, at the present moment: bursts. Counted into their bars like any other. */
  extraTrades(market: Market, count: number, symbol?: string): readonly OutboundEvent[] {
    const side = this.#sideOf(market);
    return this.#tradesNow(side, count, symbol, false).map((trade) => {
      side.count(trade, false);
      return this.#encoder.trade(trade);
    });
  }

  /** Stock trades of now whose reports come `delayMs` later, with the bars they change. */
  plantLate(count: number, delayMs: number, symbol?: string): void {
    for (const trade of this.#tradesNow(this.#stocks, count, symbol, true)) {
      this.#reportLater(this.#stocks, trade, delayMs);
    }
  }

  #tradesNow(
    side: MarketSide,
    count: number,
    symbol: string | undefined,
    isLate: boolean,
  ): readonly MarketTrade[] {
    const chosen = this.instruments.find((each) =>
      each.symbol === symbol && each.market === side.options.market
    );
    if (symbol !== undefined && !chosen) return [];
    return Array.from({ length: count }, () => side.tradeNow(this.now, chosen, isLate)).filter((trade) =>
      trade !== undefined
    );
  }

  #sideOf(market: Market): MarketSide {
    return market === "stocks" ? this.#stocks : this.#crypto;
  }

  #side(market: Market, instruments: readonly Instrument[], tradesPerSecond: number): MarketSide {
    const { alwaysOpen, openBurst } = this.options;
    return new MarketSide(
      { market, instruments, tradesPerSecond, alwaysOpen, openBurst, startMs: this.startMs },
      this.#model,
      this.#luck,
    );
  }

  #print(side: MarketSide, trade: MarketTrade, out: OutboundEvent[]): void {
    side.count(trade, false);
    out.push(this.#encoder.trade(trade));
    const { instrument } = trade;
    const fair = side.fairValue(instrument, trade.t, this.options.fairValueEveryMs);
    if (fair !== undefined) out.push(this.#encoder.fairValue(instrument, fair, trade.t));
    if (instrument.market === "stocks" && this.#luck.flip(this.options.lateShare)) {
      const delay = LATE_MIN_MS + this.#luck.exponential(this.options.lateMeanMs);
      this.#reportLater(side, side.lateTrade(instrument, trade.t), Math.min(LATE_MAX_MS, delay));
    }
  }

  #reportLater(side: MarketSide, trade: MarketTrade, delayMs: number): void {
    side.seconds.expectLate(trade.instrument, trade.t);
    side.minutes.expectLate(trade.instrument, trade.t);
    this.#agenda.add(this.#stepAt(this.now + delayMs), { kind: "late", trade });
  }

  /** A late report: the print itself, then the bars it changes once more. */
  #printLate(trade: MarketTrade, out: OutboundEvent[]): void {
    const side = this.#sideOf(trade.instrument.market);
    const reported: MarketTrade = { ...trade, trf: trade.trf && { id: trade.trf.id, at: this.now } };
    const again = side.count(reported, true);
    out.push(
      this.#encoder.trade(reported),
      ...again.map((bar) => this.#encoder.bar(bar.window, bar.widthMs)),
    );
    side.seconds.lateArrived(trade.instrument, trade.t);
    side.minutes.lateArrived(trade.instrument, trade.t);
  }

  #closeWindows(side: MarketSide, out: OutboundEvent[]): void {
    for (const window of side.seconds.takeDue(this.now - this.options.secondHoldMs)) {
      out.push(this.#encoder.bar(window, 1000));
    }
    for (const window of side.minutes.takeDue(this.now - MINUTE_BURST.fromMs)) {
      const within = this.#luck.flip(MINUTE_BURST.tailShare) ? MINUTE_BURST.tailMs : MINUTE_BURST.withinMs;
      this.#agenda.add(this.#stepAt(this.now + this.#luck.between(1, within)), { kind: "minute", window });
    }
  }

  #stepAt(ms: number): number {
    return Math.max(this.#step + 1, Math.ceil((ms - this.startMs) / STEP_MS));
  }
}
