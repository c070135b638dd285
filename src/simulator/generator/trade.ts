/**
 * One trade of the simulated market, before it becomes text: realistic sizes, conditions, venues and ids. Stocks print
 * on exchanges or through a TRF (`trfi`, `trft`); crypto has exponent sizes and ids of two kinds.
 */
import type { Chance } from "../seeded_random.ts";
import type { Instrument } from "./universe.ts";

/** A trade. Times in Unix ms. */
export interface MarketTrade {
  readonly instrument: Instrument;
  readonly price: number;
  /** Whole shares, or any fraction of a coin. */
  readonly size: number;
  /** Shares with their fraction, as the wire's decimal text; stocks only. */
  readonly decimalSize: string | undefined;
  /** SIP time, or the exchange's own for crypto. */
  readonly t: number;
  /** When the venue had it; for crypto when Massive got it. Absent on some off-exchange prints. */
  readonly otherTime: number | undefined;
  readonly id: string;
  readonly exchange: number;
  readonly tape: number;
  readonly conditions: readonly number[];
  readonly sequence: number;
  readonly trf: { readonly id: number; readonly at: number } | undefined;
}

/** Off-exchange prints carry this exchange id with a TRF's. */
const OFF_EXCHANGE = 4;
const EXCHANGES = [11, 12, 19, 10, 15, 8, 3, 21] as const;
const TRFS = [201, 202, 203] as const;
const CRYPTO_EXCHANGES = [1, 2, 6, 10, 23] as const;
/** Sale conditions: odd lot, intermarket sweep, trade-through exempt, out of sequence, average price. */
const ODD_LOT = 37;
const SWEEP = 14;
const THROUGH_EXEMPT = 41;

/** Shares: mostly odd and round lots, now and then a block. */
function shares(luck: Chance): number {
  const kind = luck.uniform();
  if (kind < 0.45) return luck.between(1, 99);
  if (kind < 0.9) return 100 * luck.pick([1, 1, 1, 2, 2, 3, 4, 5, 8, 10]);
  return 100 * Math.max(1, Math.round(Math.exp(2 + 1.2 * luck.normal())));
}

/** Rounded to a fixed number of decimals, as a number. */
export const rounded = (value: number, decimals: number): number => Number(value.toFixed(decimals));

/** A print of a stock around its true price; late ones are reported through a TRF. */
export function stockTrade(
  instrument: Instrument,
  truePrice: number,
  at: number,
  sequence: number,
  luck: Chance,
  isLate: boolean,
): MarketTrade {
  const spread = Math.max(0.01, truePrice * 0.0001);
  const offExchange = isLate || luck.flip(0.4);
  const midpoint = offExchange && luck.flip(0.2);
  const raw = truePrice + (midpoint ? 0.005 : (luck.flip(0.5) ? spread : -spread) / 2);
  const isFraction = offExchange && luck.flip(0.06);
  const size = isFraction && luck.flip(0.5) ? 0 : shares(luck);
  const fraction = isFraction ? luck.between(1, 999_999) / 1_000_000 : 0;
  const conditions = [
    ...(luck.flip(0.25) ? [SWEEP] : []),
    ...(size < 100 ? [ODD_LOT] : []),
    ...(luck.flip(0.05) ? [THROUGH_EXEMPT] : []),
  ];
  const transitMs = luck.between(0, 20);
  return {
    instrument,
    price: Math.max(0.0001, rounded(raw, midpoint ? 3 : 2)),
    size,
    decimalSize: isFraction ? (size + fraction).toFixed(6) : `${size}.0`,
    t: at,
    otherTime: offExchange && luck.flip(0.1) ? undefined : at - transitMs,
    id: String(100_000 + sequence),
    exchange: offExchange ? OFF_EXCHANGE : luck.pick(EXCHANGES),
    tape: instrument.tape,
    conditions,
    sequence,
    trf: offExchange ? { id: luck.pick(TRFS), at } : undefined,
  };
}

/** A UUID-shaped id from the seeded source: some crypto exchanges number trades, others name them so. */
function seededUuid(luck: Chance): string {
  const hex = Array.from({ length: 32 }, () => luck.between(0, 15).toString(16)).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)]
    .join("-");
}

/** A print of a crypto pair. */
export function cryptoTrade(
  instrument: Instrument,
  truePrice: number,
  at: number,
  sequence: number,
  luck: Chance,
): MarketTrade {
  const dollars = Math.exp(4.5 + 2 * luck.normal());
  const exchange = luck.pick(CRYPTO_EXCHANGES);
  const side = luck.between(0, 2);
  return {
    instrument,
    price: Math.max(
      10 ** -instrument.decimals,
      rounded(truePrice * (1 + 0.0002 * luck.normal()), instrument.decimals),
    ),
    size: Math.max(1e-8, rounded(dollars / truePrice, 8)),
    decimalSize: undefined,
    t: at,
    otherTime: at + luck.between(5, 90),
    id: exchange >= 10 ? seededUuid(luck) : String(700_000_000 + sequence),
    exchange,
    tape: 0,
    // No side is said in both ways that are seen.
    conditions: side === 0 && sequence % 2 === 0 ? [] : [side],
    sequence,
    trf: undefined,
  };
}
