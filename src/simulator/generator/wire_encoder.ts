/**
 * The simulated market's events in Massive's own shape, text by text: odd units and optional fields included. Key order
 * varies and now and then a key nobody knows is there, as new fields appear on the real wire without notice.
 */
import type { Market } from "../../feed/wire_fields.ts";
import type { OutboundEvent } from "../hub.ts";
import type { Behaviour } from "../protocol/behaviour.ts";
import type { Chance } from "../seeded_random.ts";
import type { Window } from "./bar_windows.ts";
import { type MarketTrade, rounded } from "./trade.ts";
import type { Instrument } from "./universe.ts";

/** The knobs that change how events look. */
export type EncodingKnobs = Pick<Behaviour, "fmvUnit" | "omitOptionals" | "exponentSizes">;

/** One event in this many has an unknown extra key. */
const EXTRA_KEY_ONE_IN = 200;
/** One bar in this many has an average size that is no whole number. */
const FRACTIONAL_AVERAGE_ONE_IN = 50;

const PREFIXES: Readonly<Record<Market, { trade: string; second: string; minute: string }>> = {
  stocks: { trade: "T", second: "A", minute: "AM" },
  crypto: { trade: "XT", second: "XAS", minute: "XA" },
};

type Field = readonly [key: string, json: string | number | undefined];

/** Writes events. Draws from `luck` only for what doesn't change values: key order, extra keys, ns digits. */
export class WireEncoder {
  constructor(private readonly luck: Chance, private readonly knobs: EncodingKnobs) {}

  trade(trade: MarketTrade): OutboundEvent {
    const { instrument } = trade;
    const prefix = PREFIXES[instrument.market].trade;
    const conditions = `[${trade.conditions.join(",")}]`;
    const fields: Field[] = instrument.market === "stocks"
      ? [
        ["sym", quoted(instrument.symbol)],
        ["i", quoted(trade.id)],
        ["x", trade.exchange],
        ["p", trade.price],
        ["s", trade.size],
        ["c", this.#optional(trade.conditions.length > 0 ? conditions : undefined)],
        ["t", trade.t],
        ["pt", this.#optional(trade.otherTime)],
        ["q", trade.sequence],
        ["z", trade.tape],
        ["trfi", this.#optional(trade.trf?.id)],
        ["trft", this.#optional(trade.trf?.at)],
        ["ds", this.#optional(trade.decimalSize === undefined ? undefined : quoted(trade.decimalSize))],
      ]
      : [
        ["pair", quoted(instrument.symbol)],
        ["p", trade.price],
        ["t", trade.t],
        ["s", this.knobs.exponentSizes || trade.size < 0.001 ? trade.size.toExponential() : trade.size],
        ["c", this.#optional(conditions)],
        ["i", this.#optional(quoted(trade.id))],
        ["x", trade.exchange],
        ["r", this.#optional(trade.otherTime)],
      ];
    return this.#event(instrument, prefix, fields);
  }

  bar(window: Window, widthMs: number): OutboundEvent {
    const { instrument } = window;
    const stocks = instrument.market === "stocks";
    const prefix = PREFIXES[instrument.market][widthMs === 1000 ? "second" : "minute"];
    const ohlc: Field[] = [
      ["vw", rounded(window.notional / window.volume, instrument.decimals + 2)],
      ["o", window.open],
      ["c", window.close],
      ["h", window.high],
      ["l", window.low],
    ];
    const average = window.volume / window.trades;
    const z = this.luck.between(1, FRACTIONAL_AVERAGE_ONE_IN) === 1
      ? rounded(average, 1)
      : Math.round(average);
    const times: Field[] = [["z", z], ["s", window.start], ["e", window.start + widthMs]];
    const fields: Field[] = stocks
      ? [
        ["sym", quoted(instrument.symbol)],
        ["v", Math.floor(window.volume + 1e-9)],
        ["av", Math.floor(window.dayVolume + 1e-9)],
        ["op", this.#optional(window.dayOpen)],
        ...ohlc,
        ["a", rounded(window.dayNotional / window.dayVolume, 4)],
        ...times,
        ["dv", this.#optional(quoted(window.volume.toFixed(Number.isInteger(window.volume) ? 1 : 6)))],
        ["dav", this.#optional(quoted(window.dayVolume.toFixed(6)))],
        ["otc", instrument.isOtc ? "true" : undefined],
      ]
      : [["pair", quoted(instrument.symbol)], ["v", rounded(window.volume, 8)], ...ohlc, ...times];
    return this.#event(instrument, prefix, fields);
  }

  fairValue(instrument: Instrument, value: number, t: number): OutboundEvent {
    const below = String(this.luck.between(0, 999_999)).padStart(6, "0");
    const digits = this.knobs.fmvUnit === "ns" ? below : this.knobs.fmvUnit === "us" ? below.slice(0, 3) : "";
    const symbol = instrument.market === "crypto" ? `X:${instrument.symbol}` : instrument.symbol;
    return this.#event(instrument, "FMV", [
      ["fmv", rounded(value, instrument.decimals + 1)],
      ["sym", quoted(symbol)],
      ["t", `${t}${digits}`],
    ]);
  }

  #optional(json: string | number | undefined): string | number | undefined {
    return this.knobs.omitOptionals ? undefined : json;
  }

  #event(instrument: Instrument, prefix: string, fields: readonly Field[]): OutboundEvent {
    const parts = [`"ev":"${prefix}"`];
    for (const [key, json] of fields) if (json !== undefined) parts.push(`"${key}":${json}`);
    if (this.luck.between(1, EXTRA_KEY_ONE_IN) === 1) parts.push('"zz":{"new":[1,null]}');
    // A rotation is as good as any other order, and cheap.
    const turn = this.luck.flip(0.3) ? this.luck.between(1, parts.length - 1) : 0;
    const ordered = turn === 0 ? parts : [...parts.slice(turn), ...parts.slice(0, turn)];
    return {
      market: instrument.market,
      host: undefined,
      prefix,
      symbol: instrument.symbol,
      text: `{${ordered.join(",")}}`,
    };
  }
}

/** Symbols and ids are plain ASCII of our own making. */
const quoted = (text: string): string => `"${text}"`;
