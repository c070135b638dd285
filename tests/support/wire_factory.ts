/** Builders of upstream elements and frames in Massive's own shape, as JSON text where digits matter. */
import type { UpstreamFrame } from "../../src/ingest/wire/frame.ts";
import { A_MONDAY } from "./event_factory.ts";

type Wire = Record<string, unknown>;

export const wireTrade = (over: Wire = {}): Wire => ({
  ev: "T",
  sym: "AAPL",
  i: "143541",
  x: 4,
  p: 297.845,
  s: 40,
  t: A_MONDAY,
  pt: A_MONDAY - 7,
  q: 4938312,
  z: 3,
  ...over,
});

export const wireBar = (over: Wire = {}): Wire => ({
  ev: "A",
  sym: "AAPL",
  v: 80,
  av: 144673,
  vw: 296.32,
  o: 296.3,
  c: 296.4,
  h: 296.5,
  l: 296.2,
  a: 296.6776,
  z: 80,
  s: A_MONDAY,
  e: A_MONDAY + (over.ev === "AM" ? 60_000 : 1000),
  ...over,
});

/** As text: its 19 digits are past what a number holds. */
export const wireFairValue = (sym = "AAPL", t = `${A_MONDAY}120843`, fmv = 509.917): string =>
  `{"ev":"FMV","fmv":${fmv},"sym":"${sym}","t":${t}}`;

/** A frame of elements, some of them text already. */
export const frameOf = (
  elements: readonly (Wire | string)[],
  over: Partial<UpstreamFrame> = {},
): UpstreamFrame => ({
  connection: "c1",
  market: "stocks",
  feed: "realtime",
  rx: A_MONDAY + 20,
  text: `[${elements.map((e) => typeof e === "string" ? e : JSON.stringify(e)).join(",")}]`,
  ...over,
});
