/**
 * A frame of ours as the elements of a Massive frame. Each frame is read and written once per market and shared by
 * every connection that gets it; what a connection does not hold (a trade where only second bars are wanted) is left
 * out per connection.
 */
import type { FeedEvent } from "../../feed/event.ts";
import { toWire } from "../../feed/wire_event.ts";
import type { Market } from "../../feed/wire_fields.ts";

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

/** Whether a connection wants an event. */
export type Wants = (type: string, sym: string) => boolean;

interface KnownFrame {
  readonly elements: readonly WireElement[];
  /** Whole messages by what they were filtered for. */
  readonly texts: Map<string, string>;
}

/** Messages kept per frame: connections that name symbols of their own are not worth remembering. */
const TEXTS_MAX = 16;

/** Keeps what frames became for one market, as long as somebody holds the frame. */
export class WireFrames {
  readonly #market: Market;
  readonly #known = new WeakMap<FrameBody, KnownFrame>();

  constructor(market: Market) {
    this.#market = market;
  }

  /**
   * The message a connection gets for a frame; empty when it wants nothing of it.
   * @param shareKey the same for connections that want the same; undefined: this one's wishes are its own
   */
  message(frame: FrameBody, shareKey: string | undefined, wants: Wants): string {
    const known = this.#read(frame);
    const shared = shareKey === undefined ? undefined : known.texts.get(shareKey);
    if (shared !== undefined) return shared;
    const texts = known.elements.filter(({ type, sym }) => wants(type, sym)).map(({ text }) => text);
    const message = texts.length === 0 ? "" : `[${texts.join(",")}]`;
    if (shareKey !== undefined && known.texts.size < TEXTS_MAX) known.texts.set(shareKey, message);
    return message;
  }

  #read(frame: FrameBody): KnownFrame {
    let known = this.#known.get(frame);
    if (known === undefined) {
      known = { elements: readElements(frame.body, this.#market), texts: new Map() };
      this.#known.set(frame, known);
    }
    return known;
  }
}

/**
 * Reads a JSON array of our events and writes those of one market in Massive's shape. Synthetic bars, what Massive
 * has no word for and what is none of ours are left out.
 */
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

const isOfMarket = (market: Market, symbol: string): boolean =>
  symbol.startsWith("X:") === (market === "crypto");

/** What FMV's time has below 1 ms: written as digits, not as a number. */
const isBelowMillisecond = (ns: unknown): boolean =>
  typeof ns === "number" && Number.isInteger(ns) && ns >= 0 && ns < 1_000_000;

/** Ingest checked every field before it wrote the list; here it is enough to know that it is one of its events. */
function isSymbolEvent(value: unknown): value is FeedEvent & { readonly sym: string } {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string" &&
    "sym" in value && typeof value.sym === "string" && "t" in value && Number.isSafeInteger(value.t) &&
    (!("ns" in value) || isBelowMillisecond(value.ns));
}
