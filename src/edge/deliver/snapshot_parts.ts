/** A snapshot cut into parts, made once for everybody who wants the same at the same moment. */
import { patternList, type SymbolPatterns } from "../../feed/symbol.ts";
import { projectEvent } from "../follow/projection.ts";
import type { StreamFeed } from "../pull/stream_feed.ts";

/** No part is larger, a single event aside; what the message around it takes is allowed for. */
export const PART_MAX_BYTES = 64_000;
const ENVELOPE_BYTES = 512;

/** Distinct snapshots kept for one moment. */
const KEPT_MAX = 64;

interface Kept {
  readonly end: number;
  readonly bodies: Map<string, readonly string[]>;
}

/** Per feed, those of its present end. */
const kept = new WeakMap<StreamFeed, Kept>();

/**
 * JSON arrays of the latest event of every wanted symbol, true at the log's end now; at least one, if empty.
 * Undefined when the stream's latest events have to be loaded first.
 */
export function snapshotBodies(
  feed: StreamFeed,
  patterns: SymbolPatterns,
  fields: ReadonlySet<string> | undefined,
): readonly string[] | undefined {
  const { end } = feed.log;
  let here = kept.get(feed);
  if (here?.end !== end) kept.set(feed, here = { end, bodies: new Map() });
  const key = JSON.stringify([patternList(patterns), fields === undefined ? null : [...fields].sort()]);
  const known = here.bodies.get(key);
  if (known !== undefined) return known;
  const texts = feed.latest.texts(patterns);
  if (texts === undefined) return undefined;
  const bodies = cut(fields === undefined ? texts : texts.map((text) => projectEvent(text, fields)));
  if (here.bodies.size >= KEPT_MAX) here.bodies.clear();
  here.bodies.set(key, bodies);
  return bodies;
}

function cut(texts: readonly string[]): readonly string[] {
  const bodies: string[] = [];
  let part: string[] = [];
  let bytes = 0;
  for (const text of texts) {
    if (part.length > 0 && bytes + text.length > PART_MAX_BYTES - ENVELOPE_BYTES) {
      bodies.push(`[${part.join(",")}]`);
      part = [];
      bytes = 0;
    }
    part.push(text);
    bytes += text.length + 1;
  }
  bodies.push(`[${part.join(",")}]`);
  return bodies;
}
