/**
 * A line of a recording: one frame, when it came and on which feed, its events as the texts they were. Format:
 * `{"at": ms, "feed": "stocks" | "business" | "crypto" | "business/crypto", "events": […]}` in Massive's shape.
 */
import { feedPathOf, isRecordedFeed, RECORDED_FEEDS, type RecordedFeed } from "../feed_path.ts";
import type { OutboundEvent } from "../hub.ts";
import { arrayElements, objectMembers } from "./raw_json.ts";

/** Longest line read, in characters: a frame of the largest burst is far below. */
export const LINE_MAX_CHARS = 16 * 1024 * 1024;

/** A frame of a recording. */
export interface ReplayFrame {
  /** When it was received, Unix ms. */
  readonly at: number;
  readonly feed: RecordedFeed;
  readonly events: readonly OutboundEvent[];
}

/** A frame, or why the line is none. */
export type ReadLine = { readonly frame: ReplayFrame } | { readonly problem: string };

/** Reads a line. Never throws; an event without `ev` or symbol makes the whole line bad, as nobody could get it. */
export function readReplayLine(line: string): ReadLine {
  if (line.length > LINE_MAX_CHARS) return { problem: `longer than ${LINE_MAX_CHARS} characters` };
  let whole: unknown;
  try {
    whole = JSON.parse(line);
  } catch {
    return { problem: "no JSON" };
  }
  const members = objectMembers(line);
  if (!members || typeof whole !== "object" || whole === null) return { problem: "no JSON object" };
  const { at, feed, events } = whole as { at?: unknown; feed?: unknown; events?: unknown };
  if (typeof at !== "number" || !Number.isSafeInteger(at)) return { problem: "`at` is no time in Unix ms" };
  if (!isRecordedFeed(feed)) return { problem: `\`feed\` is none of ${RECORDED_FEEDS.join(", ")}` };
  const texts = arrayElements(members.get("events") ?? "");
  if (!Array.isArray(events) || !texts || texts.length !== events.length) {
    return { problem: "`events` is no array" };
  }
  const { host, cluster } = feedPathOf(feed);
  const out: OutboundEvent[] = [];
  for (const [n, text] of texts.entries()) {
    const name = subscriptionName(events[n]);
    if (!name) return { problem: `event ${n + 1} has no type or no symbol` };
    out.push({ market: cluster, host, ...name, text });
  }
  return { frame: { at, feed, events: out } };
}

/** What an event is subscribed by: its type, and its symbol as subscriptions spell it (`X:BTC-USD` by `BTC-USD`). */
function subscriptionName(event: unknown): { prefix: string; symbol: string } | undefined {
  if (typeof event !== "object" || event === null) return undefined;
  const { ev, sym, pair } = event as { ev?: unknown; sym?: unknown; pair?: unknown };
  const symbol = sym ?? pair;
  if (typeof ev !== "string" || typeof symbol !== "string" || symbol === "") return undefined;
  return { prefix: ev, symbol: symbol.replace(/^X:/, "") };
}
