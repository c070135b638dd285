/**
 * The simulated market as a sequence of steps: each answers the events of the next 50 ms, in the order the wire would
 * carry them. Pure but for its state: the same seed and start give the same events.
 */
import type { OutboundEvent } from "../hub.ts";
import type { Behaviour } from "../protocol/behaviour.ts";
import { type Chance, chance, seededRandom } from "../seeded_random.ts";
import { Agenda } from "./agenda.ts";
import type { Window } from "./bar_windows.ts";
import { MarketSide } from "./market_side.ts";
import { PriceModel } from "./price_model.ts";
import type { MarketTrade } from "./trade.ts";
import { cryptoUniverse, type Instrument, stockUniverse } from "./universe.ts";
import { WireEncoder } from "./wire_encoder.ts";

/** How long a step is. */
export const STEP_MS = 50;

/** What the simulated market is like. */
export interface GeneratorOptions {
  readonly seed: number;
  /** Stocks, the most active first: real tickers, then made-up ones. */
  readonly symbols: number;
  /** Crypto pairs, at most the dozen there are. */
  readonly cryptoPairs: number;
  /** Mean trades a second in calm trading, all markets together; bars and fair values come on top. */
  readonly rate: number;
  /** Data whatever the wall clock says; else stocks keep New York's hours and holidays. */
  readonly alwaysOpen: boolean;
  /** Trading starts busy and calms down. */
  readonly openBurst: boolean;
  /** How long after its second a second bar is sent: the real one waits 2 s for late prints. */
  readonly secondHoldMs: number;
  /** Least time between two fair values of one symbol. */
  readonly fairValueEveryMs: number;
  /** Off-exchange prints reported late, of all stock trades; each makes bars go out again. */
  readonly lateShare: number;
  /** Mean delay of a late print; at most 15 minutes. */
  readonly lateMeanMs: number;
}

/** A market like a quiet day's, for one process. */
export const DEFAULT_GENERATOR: GeneratorOptions = {
  seed: 1,
  symbols: 20,
  cryptoPairs: 14,
  rate: 100,
  alwaysOpen: true,
  openBurst: true,
  secondHoldMs: 2000,
  fairValueEveryMs: 1000,
  lateShare: 0.002,
  lateMeanMs: 20_000,
};

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
  readonly #sides: readonly MarketSide[];
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
    this.#sides = [
      this.#side("stocks", stocks, options.rate * (1 - cryptoShare)),
      this.#side("crypto", crypto, options.rate * cryptoShare),
    ];
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
    for (const side of this.#sides) {
      for (const trade of side.trades(this.now, STEP_MS)) this.#print(side, trade, out);
    }
    for (const due of this.#agenda.take(this.#step)) {
      if (due.kind === "minute") out.push(this.#encoder.bar(due.window, 60_000));
      else this.#printLate(due.trade, out);
    }
    for (const side of this.#sides) this.#closeWindows(side, out);
    return out;
  }

  #side(
    market: "stocks" | "crypto",
    instruments: readonly Instrument[],
    tradesPerSecond: number,
  ): MarketSide {
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
      const late = side.lateTrade(instrument, trade.t);
      const delay = Math.min(LATE_MAX_MS, LATE_MIN_MS + this.#luck.exponential(this.options.lateMeanMs));
      side.seconds.expectLate(instrument, late.t);
      side.minutes.expectLate(instrument, late.t);
      this.#agenda.add(this.#stepAt(this.now + delay), { kind: "late", trade: late });
    }
  }

  /** A late report: the print itself, then the bars it changes once more. */
  #printLate(trade: MarketTrade, out: OutboundEvent[]): void {
    const side = this.#sides.find((each) => each.options.market === trade.instrument.market);
    if (!side) return;
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
