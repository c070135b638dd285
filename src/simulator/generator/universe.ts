/**
 * Who trades in the simulated market: about a hundred real tickers with plausible prices, most active first, then
 * made-up ones; and a dozen crypto pairs. Prices are invented; only the names are real.
 */
import type { Market } from "../../feed/wire_fields.ts";
import { chance, seededRandom } from "../seeded_random.ts";

/** Something that trades. */
export interface Instrument {
  readonly market: Market;
  /** As subscriptions spell it: `AAPL`, `BTC-USD`. */
  readonly symbol: string;
  /** Price the simulation starts at. */
  readonly price: number;
  /** Decimals of a trade's price. */
  readonly decimals: number;
  /** Index of the sector that moves it. */
  readonly sector: number;
  /** How strongly it follows the whole market. */
  readonly beta: number;
  /** Own volatility, per square root of a second. */
  readonly volatility: number;
  /** Tape: 1 NYSE, 2 AMEX, 3 Nasdaq. */
  readonly tape: number;
  /** Bars say so, trades of it lack the venue's time. */
  readonly isOtc: boolean;
  /** Share of trading, relative to the others of its market. */
  readonly weight: number;
}

/** Sectors of stocks; crypto has one of its own after them. */
export const SECTORS = [
  "index",
  "technology",
  "finance",
  "health",
  "consumer",
  "energy",
  "industry",
  "crypto",
] as const;

/** Funds that hold the whole market. */
export const INDEX_SECTOR = 0;

/** `TICKER:price` by sector, in order of activity within the sector. */
const STOCKS: readonly (readonly [sector: number, list: string])[] = [
  [0, "SPY:612 QQQ:548 IWM:224 TQQQ:88 SQQQ:17 DIA:446 XLF:51 XLE:89 GLD:302 TLT:88"],
  [
    1,
    "NVDA:178 AAPL:229 TSLA:337 AMD:163 PLTR:158 INTC:24 MSFT:509 AMZN:226 GOOGL:203 META:752 AVGO:297 MU:118 " +
    "NFLX:1204 CRM:245 ORCL:236 ADBE:354 QCOM:158 CSCO:68 SMCI:44 ARM:137 SHOP:141 UBER:95 COIN:311 MSTR:352 SNOW:195 " +
    "PANW:184 NOW:874 IBM:241 TXN:199 AMAT:165 LRCX:100 ANET:136 CRWD:421 DELL:131 HPQ:28",
  ],
  [
    2,
    "BAC:48 SOFI:23 JPM:296 WFC:79 C:94 GS:731 MS:147 SCHW:97 V:342 MA:591 AXP:315 BLK:1123 BRK.B:478 PYPL:68 HOOD:107",
  ],
  [3, "PFE:25 LLY:712 JNJ:178 UNH:308 MRK:85 ABBV:209 BMY:48 AMGN:289 GILD:113 MRNA:26 TMO:487 CVS:71"],
  [
    4,
    "WMT:97 KO:69 PEP:148 COST:963 HD:402 MCD:311 NKE:77 SBUX:90 DIS:117 TGT:104 F:11 GM:57 LULU:203 CMG:43",
  ],
  [5, "XOM:109 CVX:155 OXY:45 SLB:34 COP:95 HAL:21 MPC:172"],
  [6, "BA:226 GE:268 CAT:419 DE:489 UPS:87 HON:219 LMT:446 RTX:155 AAL:13 DAL:61 UAL:104"],
];

/** `PAIR:price:decimals`, most active first. */
const CRYPTO =
  "BTC-USD:113250:2 ETH-USD:4310:2 SOL-USD:184:3 XRP-USD:2.91:5 DOGE-USD:0.224:6 ADA-USD:0.871:5 AVAX-USD:23.6:3 " +
  "LINK-USD:24.8:3 LTC-USD:112:3 BCH-USD:551:2 DOT-USD:3.87:4 UNI-USD:9.9:4 SHIB-USD:0.0000126:9 BTC-EUR:97300:2";

/** Activity falls with rank as rank^-this (a few names trade most, most names hardly ever). */
const ZIPF_EXPONENT = 0.9;

const byActivity = (rank: number): number => (rank + 1) ** -ZIPF_EXPONENT;

/** Real tickers, the most active of every sector first. */
function realTickers(): { readonly symbol: string; readonly price: number; readonly sector: number }[] {
  const lists = STOCKS.map(([sector, list]) =>
    list.split(" ").map((entry) => {
      const [symbol = "", price = "10"] = entry.split(":");
      return { symbol, price: Number(price), sector };
    })
  );
  const longest = Math.max(...lists.map((list) => list.length));
  const merged = [];
  for (let rank = 0; rank < longest; rank++) {
    for (const list of lists) {
      // Technology has the most names and the most trading: two of it for one of the others.
      const perRound = list === lists[1] ? 2 : 1;
      merged.push(...list.slice(rank * perRound, (rank + 1) * perRound));
    }
  }
  return merged;
}

/** A made-up ticker, four letters and up: no real one has its `ZQ` start. */
function madeUpTicker(n: number): string {
  let letters = "";
  for (let rest = n; letters.length < 3; rest = Math.floor(rest / 26)) {
    letters = String.fromCharCode(65 + (rest % 26)) + letters;
  }
  return `ZQ${letters}`;
}

/** The first `count` stocks by activity. The same seed makes the same made-up ones. */
export function stockUniverse(count: number, seed: number): readonly Instrument[] {
  const luck = chance(seededRandom(seed ^ 0x57_0c_c5));
  const real = realTickers();
  return Array.from({ length: count }, (_, rank) => {
    const known = real[rank];
    const sector = known?.sector ?? luck.between(1, 6);
    return {
      market: "stocks",
      symbol: known?.symbol ?? madeUpTicker(rank - real.length),
      price: known?.price ?? Math.max(1, Math.round(Math.exp(3.2 + luck.normal()) * 100) / 100),
      decimals: 2,
      sector,
      beta: sector === INDEX_SECTOR ? 1 : 0.6 + 0.8 * luck.uniform(),
      volatility: (sector === INDEX_SECTOR ? 0.00002 : 0.00008) * (0.6 + luck.uniform()),
      tape: sector === INDEX_SECTOR ? 2 : sector === 1 ? 3 : 1,
      isOtc: known === undefined && rank % 50 === 0,
      weight: byActivity(rank),
    };
  });
}

/** The first `count` pairs, at most all there are. */
export function cryptoUniverse(count: number): readonly Instrument[] {
  return CRYPTO.split(" ").slice(0, count).map((entry, rank) => {
    const [symbol = "", price = "1", decimals = "2"] = entry.split(":");
    return {
      market: "crypto",
      symbol,
      price: Number(price),
      decimals: Number(decimals),
      sector: SECTORS.length - 1,
      beta: 0.4,
      volatility: 0.00012,
      tape: 0,
      isOtc: false,
      weight: byActivity(rank),
    };
  });
}
