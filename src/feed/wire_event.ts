/**
 * An event back in Massive's own shape, for the Massive-compatible door. Equal JSON values to what came in: mapped fields
 * get their wire names back, unmapped ones never lost theirs, and FMV times are written with all their digits (past 2^53,
 * so as text and not by `JSON.stringify`).
 */
import type { FeedEvent } from "./event.ts";
import { type Market, WIRE_SHAPES, type WireShape } from "./wire_fields.ts";

/** Ours alone: never on the wire. */
const NEVER_WRITTEN = new Set(["id", "type", "sym", "t", "rx", "rev", "synthetic"]);

interface Writer {
  readonly shape: WireShape;
  readonly wireNames: ReadonlyMap<string, string>;
}

const writersOf = (market: Market): ReadonlyMap<string, Writer> =>
  new Map(
    WIRE_SHAPES[market].map((shape) => [
      shape.type,
      { shape, wireNames: new Map([...shape.fields].map(([wire, name]) => [name, wire])) },
    ]),
  );

const WRITERS: Readonly<Record<Market, ReadonlyMap<string, Writer>>> = {
  stocks: writersOf("stocks"),
  crypto: writersOf("crypto"),
};

/** The market a symbol is of: crypto is `X:…` here. */
export const marketOfSymbol = (symbol: string): Market => symbol.startsWith("X:") ? "crypto" : "stocks";

/**
 * One element of a frame, as JSON text. Undefined for what Massive has no word for (signals, heatmaps, gaps, synthetic bars).
 */
export function toWire(event: FeedEvent, market: Market): string | undefined {
  const writer = WRITERS[market].get(event.type);
  if (!writer || event.type === "gap" || ("synthetic" in event && event.synthetic)) return undefined;
  const { shape, wireNames } = writer;
  const out: Record<string, unknown> = { ev: shape.ev };
  out[shape.symbolField] = shape.symbolField === "pair" ? event.sym.replace(/^X:/, "") : event.sym;
  for (const [name, value] of Object.entries(event)) {
    if (NEVER_WRITTEN.has(name) || (name === "ns" && event.type === "fmv")) continue;
    const wire = wireNames.get(name) ?? name;
    // A numeric trade id stands under its wire name already.
    if (!(name === "tid" && "i" in event)) out[wire] = value;
  }
  const rest = JSON.stringify(out);
  return `${rest.slice(0, -1)},"${shape.timeField}":${timeText(event)}}`;
}

const timeText = (event: FeedEvent): string =>
  event.type === "fmv" && event.ns !== undefined
    ? `${event.t}${String(event.ns).padStart(6, "0")}`
    : `${event.t}`;
