/**
 * An event as text: encoded once by ingest, stamped with its id by the store, spliced verbatim by the edge.
 *
 * The order of the common keys is part of the contract between the rooms: a *body* starts `{"type":…,"sym":…,"t":…,"rx":…`
 * (a gap has no `sym`), a *stamped* element starts `{"id":"<id>","type":…`. So {@link peekElement} reads what routing needs
 * without parsing JSON: it is on the path of every event in every edge.
 */
import type { FeedEvent, SymbolEvent } from "./event.ts";

/** An encoded event on its way to a list: what the store needs to know beside the text. */
export interface EventBody {
  /** JSON object text without `id`, starting `{"type":`. */
  readonly text: string;
  /** `type:sym`, its field in the list's `last`; undefined for a gap. */
  readonly lastField: string | undefined;
  /** Event time, Unix ms. */
  readonly t: number;
}

/** Encodes an event, common keys first. */
export function encodeEvent(event: FeedEvent): EventBody {
  if (hasKeysInOrder(event)) {
    return { text: JSON.stringify(event), lastField: `${event.type}:${event.sym}`, t: event.t };
  }
  const { id: _id, type, sym, t, rx, ...rest } = event as FeedEvent & { id?: string; sym?: string };
  const text = sym === undefined
    ? JSON.stringify({ type, t, rx, ...rest })
    : JSON.stringify({ type, sym, t, rx, ...rest });
  return { text, lastField: sym === undefined ? undefined : `${type}:${sym}`, t };
}

const COMMON_KEYS = ["type", "sym", "t", "rx"] as const;

/** As what was normalised here has them; such an event is its text as it stands, with nothing to copy first. */
function hasKeysInOrder(event: FeedEvent): event is SymbolEvent {
  if ("id" in event) return false;
  let at = 0;
  for (const key in event) {
    if (key !== COMMON_KEYS[at]) return false;
    if (++at === COMMON_KEYS.length) return true;
  }
  return false;
}

/** Puts the id into a body: the element as it stands in the list. */
export const stampBody = (id: string, text: string): string => `{"id":"${id}",${text.slice(1)}`;

/** What can be read off an element without parsing it. `sym` is empty for a gap. */
export interface ElementPeek {
  readonly id: string;
  readonly type: string;
  readonly sym: string;
  readonly t: number;
}

/** Words remembered at most: the symbols of every market, and the types. */
const WORDS_MAX = 65_536;
const words = new Map<string, string>();

/** The same text as one string in memory: a ring holds hundreds of thousands of elements of a few thousand symbols. */
function shared(word: string): string {
  const known = words.get(word);
  if (known !== undefined) return known;
  if (words.size >= WORDS_MAX) words.clear();
  words.set(word, word);
  return word;
}

const ID_START = '{"id":"'.length;
const BETWEEN_ID_AND_TYPE = '","type":"'.length;
const SYM_KEY = '","sym":"';

/**
 * Reads id, type, symbol and time of a stamped element.
 * Returns undefined when the text does not start as {@link stampBody} writes it (somebody else wrote into the list).
 */
export function peekElement(element: string): ElementPeek | undefined {
  if (!element.startsWith('{"id":"')) return undefined;
  const idEnd = element.indexOf('"', ID_START);
  const typeStart = idEnd + BETWEEN_ID_AND_TYPE;
  if (idEnd < 0 || !element.startsWith('","type":"', idEnd)) return undefined;
  const typeEnd = element.indexOf('"', typeStart);
  if (typeEnd < 0) return undefined;
  let sym = "";
  let at = typeEnd + '","t":'.length;
  if (element.startsWith(SYM_KEY, typeEnd)) {
    const symStart = typeEnd + SYM_KEY.length;
    const symEnd = element.indexOf('"', symStart);
    if (symEnd < 0) return undefined;
    sym = shared(element.slice(symStart, symEnd));
    at = symEnd + '","t":'.length;
    if (!element.startsWith('","t":', symEnd)) return undefined;
  } else if (!element.startsWith('","t":', typeEnd)) return undefined;
  const t = Number.parseInt(element.slice(at, at + 17), 10);
  if (Number.isNaN(t)) return undefined;
  return { id: element.slice(ID_START, idEnd), type: shared(element.slice(typeStart, typeEnd)), sym, t };
}

/**
 * Whether an element is one JSON object in one line: what else somebody wrote into a list would break the frame it is spliced into,
 * and an event stream's `data:` ends with its line.
 */
export function isObjectInOneLine(element: string): boolean {
  if (element.includes("\n") || element.includes("\r")) return false;
  try {
    const value: unknown = JSON.parse(element);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
