/**
 * The events that flow, as clients see them (`docs/protocol.md`). Every event is one JSON object, encoded once by
 * ingest (`event_text.ts`) and spliced verbatim into every transport. Absent fields stay absent; fields of Massive that
 * have no name here keep their wire name, so that an event can be written back in Massive's own shape (`wire_fields.ts`).
 */
import { z } from "zod";

/** Unix time in ms, a safe integer. */
const Ms = z.number().int().safe();
const Finite = z.number().finite();

const commonShape = {
  type: z.string(),
  /** Symbol; crypto is always `X:BASE-QUOTE`. */
  sym: z.string(),
  /** Event time; a bar's window start. */
  t: Ms,
  /** When ingest received it. */
  rx: Ms,
};

/** A print on the tape. */
export const Trade = z.looseObject({
  ...commonShape,
  type: z.literal("trade"),
  price: Finite,
  size: Finite.optional(),
  /** Trade id, unique per symbol, exchange and TRF. */
  tid: z.string().optional(),
  x: Finite.optional(),
  tape: Finite.optional(),
  conds: z.array(Finite).optional(),
  q: Finite.optional(),
});

const barShape = {
  ...commonShape,
  /** Window end, exclusive. */
  end: Ms,
  open: Finite,
  high: Finite,
  low: Finite,
  close: Finite,
  volume: Finite,
  vwap: Finite.optional(),
  dayVolume: Finite.optional(),
  dayOpen: Finite.optional(),
  dayVwap: Finite.optional(),
  avgSize: Finite.optional(),
  /** n-th correction of the same window. */
  rev: z.number().int().positive().optional(),
};

/** A bar of one second. */
export const SecondBar = z.looseObject({ ...barShape, type: z.literal("second") });

/** A bar of one minute. */
export const MinuteBar = z.looseObject({
  ...barShape,
  type: z.literal("minute"),
  /** Built from seconds while the minute stream was down; a true one replaces it. */
  synthetic: z.literal(true).optional(),
});

/** Fair market value. */
export const FairValue = z.looseObject({
  ...commonShape,
  type: z.literal("fmv"),
  fmv: Finite,
  /** What the wire's time has below 1 ms, in ns; absent when the wire said ms. */
  ns: z.number().int().min(0).max(999_999).optional(),
});

/** Something noticed in the other streams. */
export const Signal = z.looseObject({
  ...commonShape,
  type: z.literal("signal"),
  kind: z.string(),
  source: z.enum(["tick", "ohlcv", "fmv"]),
  /** Deterministic: the same input gives the same key. */
  key: z.string(),
});

/** Estimated liquidation levels of one symbol, time × price. */
export const Heatmap = z.looseObject({
  ...commonShape,
  type: z.literal("heatmap"),
  /** Of the content; equal hash, equal content. */
  hash: z.string(),
});

/** What ingest could not keep; takes a place in the list and reaches clients as a `gap` message only. */
export const Gap = z.looseObject({
  type: z.literal("gap"),
  t: Ms,
  rx: Ms,
  /** How many events, or null when nobody can know. */
  lost: z.number().int().nonnegative().nullable(),
  cause: z.enum(["overflow", "upstream"]),
  /** First and last time the loss covers, Unix ms. */
  from: Ms,
  to: Ms,
});

/** Everything that can stand in a list, before its id is minted. */
export const FeedEvent = z.discriminatedUnion("type", [
  Trade,
  SecondBar,
  MinuteBar,
  FairValue,
  Signal,
  Heatmap,
  Gap,
]);

export type Trade = z.infer<typeof Trade>;
export type SecondBar = z.infer<typeof SecondBar>;
export type MinuteBar = z.infer<typeof MinuteBar>;
/** Either width of bar. */
export type Bar = SecondBar | MinuteBar;
export type FairValue = z.infer<typeof FairValue>;
export type Signal = z.infer<typeof Signal>;
export type Heatmap = z.infer<typeof Heatmap>;
export type Gap = z.infer<typeof Gap>;
export type FeedEvent = z.infer<typeof FeedEvent>;
/** An event about a symbol: all but `gap`. */
export type SymbolEvent = Exclude<FeedEvent, Gap>;

/** Something with the id the list gave it. */
export type Stamped<E extends FeedEvent = FeedEvent> = E & { readonly id: string };

/**
 * What makes two upstream events the same one (`docs/protocol.md`, Identity). Undefined: never a repeat within one
 * connection (a trade without `tid`) or never deduplicated (`gap`).
 */
export function identityOf(event: FeedEvent): string | undefined {
  switch (event.type) {
    case "trade":
      return event.tid === undefined
        ? undefined
        : `${event.sym}|${event.x ?? ""}|${event.trfi ?? ""}|${event.tid}`;
    case "second":
    case "minute":
      return `${event.type}|${event.sym}|${event.t}`;
    case "fmv":
      return `${event.sym}|${event.t}|${event.ns ?? ""}`;
    case "signal":
      return event.key;
    case "heatmap":
      return `${event.sym}|${event.hash}`;
    case "gap":
      return undefined;
  }
}
