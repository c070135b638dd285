/**
 * A frame of ours as the elements of a Massive frame. Each frame is read and written once per market and shared by every connection
 * that gets it; what a connection does not hold (a trade where only second bars are wanted) is left out per connection.
 */
import type { FeedEvent } from "../feed/event.ts";
import { toWire } from "../feed/wire_event.ts";
import type { Market } from "../feed/wire_fields.ts";

/** One event in Massive's shape. */
export interface WireElement {
  readonly type: string;
  readonly sym: string;
  /** JSON text. */
  readonly text: string;
}

/** What a frame is known by: its identity, and the JSON array it carries. */
export interface FrameBody {
  readonly body: string;
}

const isOfMarket = (market: Market, symbol: string): boolean =>
  symbol.startsWith("X:") === (market === "crypto");

/** Keeps what frames became, as long as somebody holds the frame. */
export class WireFrames {
  readonly #known = new WeakMap<FrameBody, Map<Market, readonly WireElement[]>>();

  /** The elements of a frame for one market; synthetic bars and what Massive has no word for are left out. */
  elements(frame: FrameBody, market: Market): readonly WireElement[] {
    const known = this.#known.get(frame)?.get(market);
    if (known !== undefined) return known;
    const elements = readElements(frame.body, market);
    const markets = this.#known.get(frame) ?? new Map<Market, readonly WireElement[]>();
    this.#known.set(frame, markets.set(market, elements));
    return elements;
  }
}

/** Reads a JSON array of our events. An element that is none of ours is left out. */
export function readElements(body: string, market: Market): readonly WireElement[] {
  const values: unknown = body === "" ? [] : JSON.parse(body);
  if (!Array.isArray(values)) return [];
  const elements: WireElement[] = [];
  for (const value of values) {
    if (!isSymbolEvent(value) || !isOfMarket(market, value.sym)) continue;
    const text = toWire(value, market);
    if (text !== undefined) elements.push({ type: value.type, sym: value.sym, text });
  }
  return elements;
}

/** Ingest checked every field before it wrote the list; here it is enough to know that it is one of its events. */
function isSymbolEvent(value: unknown): value is FeedEvent & { readonly sym: string } {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string" &&
    "sym" in value && typeof value.sym === "string";
}
