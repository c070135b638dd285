/**
 * Massive's field names against ours, per event type and market: read by ingest to normalise and by the
 * Massive-compatible door to write an event back in its own shape. Fields in neither column keep their wire name.
 * Source: Massive's WebSocket documentation and frames seen live (`docs/protocol.md`, Events).
 */

/** Markets we connect to. */
export const MARKETS = ["stocks", "crypto"] as const;
/** One of {@link MARKETS}. */
export type Market = (typeof MARKETS)[number];

/** One upstream event type of one market. */
export interface WireShape {
  /** The wire's `ev`, which is also the subscription prefix. */
  readonly ev: string;
  readonly type: "trade" | "second" | "minute" | "fmv";
  /** Where the wire keeps the symbol. */
  readonly symbolField: "sym" | "pair";
  /** Where the wire keeps the event time. */
  readonly timeField: "t" | "s";
  /** Wire name → ours, the symbol and the time aside. */
  readonly fields: ReadonlyMap<string, string>;
}

const trade = new Map([["p", "price"], ["s", "size"], ["i", "tid"], ["z", "tape"], ["c", "conds"]]);
const bar = new Map([
  ["e", "end"],
  ["o", "open"],
  ["h", "high"],
  ["l", "low"],
  ["c", "close"],
  ["v", "volume"],
  ["vw", "vwap"],
  ["av", "dayVolume"],
  ["op", "dayOpen"],
  ["a", "dayVwap"],
  ["z", "avgSize"],
]);
const fmv = new Map([["fmv", "fmv"]]);

/** Shapes by market. FMV comes over the business feed of its market. */
export const WIRE_SHAPES: Readonly<Record<Market, readonly WireShape[]>> = {
  stocks: [
    { ev: "T", type: "trade", symbolField: "sym", timeField: "t", fields: trade },
    { ev: "A", type: "second", symbolField: "sym", timeField: "s", fields: bar },
    { ev: "AM", type: "minute", symbolField: "sym", timeField: "s", fields: bar },
    { ev: "FMV", type: "fmv", symbolField: "sym", timeField: "t", fields: fmv },
  ],
  crypto: [
    { ev: "XT", type: "trade", symbolField: "pair", timeField: "t", fields: trade },
    { ev: "XAS", type: "second", symbolField: "pair", timeField: "s", fields: bar },
    { ev: "XA", type: "minute", symbolField: "pair", timeField: "s", fields: bar },
    { ev: "FMV", type: "fmv", symbolField: "sym", timeField: "t", fields: fmv },
  ],
};
