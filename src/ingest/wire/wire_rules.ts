/**
 * What each upstream field must be, said once: `normalise.ts` reads it with plain checks for speed, `wire_schemas.ts`
 * makes zod schemas of it that name what is wrong. A property test holds the two together.
 *
 * The wire is trusted in shape only as far as `docs/protocol.md` says: prices above 0, sizes from 0, everything finite
 * and far from where sums overflow, optional fields missing or null.
 */
import { type Market, MARKETS, WIRE_SHAPES, type WireShape } from "../../feed/wire_fields.ts";
import { readMs } from "./exact_numbers.ts";

/** Above any price ever quoted; a sum of them stays exact enough. */
export const PRICE_MAX = 1e12;
/** Above any volume (tokens of the smallest coins included). */
export const VOLUME_MAX = 1e18;
/** Condition codes on one trade. */
export const CONDITIONS_MAX = 64;
/** Longest trade id, in characters. */
export const TRADE_ID_MAX_CHARS = 128;

/** Kinds of field. `level` is a price that may be 0 where the wire has nothing better (`op` before the open). */
export type FieldKind = "price" | "level" | "volume" | "number" | "ms" | "id" | "conditions";

const inRange = (value: unknown, min: number, max: number): boolean =>
  typeof value === "number" && value >= min && value <= max;

/** Whether a value that is there (not undefined, not null) is good for its kind. */
export const KIND_CHECKS: Readonly<Record<FieldKind, (value: unknown) => boolean>> = {
  price: (value) => typeof value === "number" && value > 0 && value <= PRICE_MAX,
  level: (value) => inRange(value, 0, PRICE_MAX),
  volume: (value) => inRange(value, 0, VOLUME_MAX),
  number: (value) => typeof value === "number" && Number.isFinite(value),
  ms: (value) => readMs(value) !== undefined,
  id: (value) =>
    typeof value === "string"
      ? value.length <= TRADE_ID_MAX_CHARS
      : typeof value === "number" && Number.isFinite(value),
  conditions: (value) =>
    Array.isArray(value) && value.length <= CONDITIONS_MAX &&
    value.every((code) => typeof code === "number" && Number.isFinite(code)),
};

/** One mapped field of a shape. */
export interface FieldRule {
  readonly wire: string;
  readonly name: string;
  readonly kind: FieldKind;
  readonly required: boolean;
}

/** A shape with its rules in the order events are written. */
export interface ShapeRules {
  readonly shape: WireShape;
  readonly market: Market;
  readonly fields: readonly FieldRule[];
  /** Width of a bar's window in ms, for the wire that leaves its end out; undefined for what is no bar. */
  readonly windowMs: number | undefined;
  /** Wire names with a meaning here: everything else is carried as it is. */
  readonly known: ReadonlySet<string>;
  /** Names an unmapped wire field can't have: they are ours. */
  readonly reserved: ReadonlySet<string>;
}

const KINDS: Readonly<Record<WireShape["type"], Readonly<Record<string, FieldKind>>>> = {
  trade: { price: "price", size: "volume", tid: "id", conds: "conditions" },
  second: {},
  minute: {},
  fmv: { fmv: "price" },
};
const BAR_KINDS: Readonly<Record<string, FieldKind>> = {
  end: "ms",
  open: "price",
  high: "price",
  low: "price",
  close: "price",
  volume: "volume",
  vwap: "level",
  dayVolume: "volume",
  dayOpen: "level",
  dayVwap: "level",
  avgSize: "volume",
};
const REQUIRED = new Set(["price", "open", "high", "low", "close", "volume", "fmv"]);
const WINDOW_MS: Readonly<Partial<Record<WireShape["type"], number>>> = { second: 1000, minute: 60_000 };
/** Fields of ours that no mapping names. */
const OURS = ["id", "type", "sym", "t", "rx", "rev", "synthetic", "__proto__"];
const OURS_BY_TYPE: Readonly<Record<WireShape["type"], readonly string[]>> = {
  trade: [],
  second: ["n"],
  minute: ["n"],
  fmv: ["ns"],
};

function rulesOf(shape: WireShape, market: Market): ShapeRules {
  const windowMs = WINDOW_MS[shape.type];
  const kinds = windowMs === undefined ? KINDS[shape.type] : BAR_KINDS;
  const fields = [...shape.fields].map(([wire, name]): FieldRule => ({
    wire,
    name,
    kind: kinds[name] ?? "number",
    required: REQUIRED.has(name),
  }));
  if (shape.type === "trade") {
    fields.push({ wire: "x", name: "x", kind: "number", required: false });
    fields.push({ wire: "q", name: "q", kind: "number", required: false });
  }
  return {
    shape,
    market,
    fields,
    windowMs,
    known: new Set(["ev", shape.symbolField, shape.timeField, ...fields.map((field) => field.wire)]),
    reserved: new Set([...OURS, ...OURS_BY_TYPE[shape.type], ...fields.map((field) => field.name)]),
  };
}

/** Rules by market and `ev`. */
export const WIRE_RULES: Readonly<Record<Market, ReadonlyMap<string, ShapeRules>>> = {
  stocks: byEv("stocks"),
  crypto: byEv("crypto"),
};

/** Every `ev` of any market, to tell a misrouted event from an unheard-of one. */
export const KNOWN_EVS: ReadonlySet<string> = new Set(
  MARKETS.flatMap((market) => [...WIRE_RULES[market].keys()]),
);

function byEv(market: Market): ReadonlyMap<string, ShapeRules> {
  return new Map(WIRE_SHAPES[market].map((shape) => [shape.ev, rulesOf(shape, market)]));
}
