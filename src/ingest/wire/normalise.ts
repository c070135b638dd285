/**
 * One upstream element to one event of ours. On the path of every event, so the checks are plain ones; what they refuse is
 * shown to the zod schema for its reason. Mapped fields come first and in a fixed order, unmapped ones after, by name:
 * equal content gives equal text however the wire ordered it.
 */
import type { FeedEvent } from "../../feed/event.ts";
import type { Market } from "../../feed/wire_fields.ts";
import { readMs, readTime } from "./exact_numbers.ts";
import { KIND_CHECKS, KNOWN_EVS, type ShapeRules, WIRE_RULES } from "./wire_rules.ts";
import { refusalReason } from "./wire_schemas.ts";
import { readSymbol } from "./wire_symbol.ts";

/** Unmapped fields carried on one event. */
export const EXTRA_FIELDS_MAX = 32;
/** Longest name of one, in characters. */
export const EXTRA_NAME_MAX_CHARS = 32;
/** How deep one may be nested: what can't be written as JSON without a deep stack is not carried. */
const EXTRA_DEPTH_MAX = 4;
/** Names of unheard-of event types told apart in the counts. */
const EV_NAME = /^[A-Za-z0-9_]{1,12}$/;

/** Told of an element or a field that was dropped. */
export type DropTold = (reason: string) => void;

type WireElement = Readonly<Record<string, unknown>>;
type Draft = Record<string, unknown>;

/** The event an element is, or undefined (and a reason told) when it is not a good one. */
export function normaliseElement(
  element: WireElement,
  market: Market,
  rx: number,
  drop: DropTold,
): FeedEvent | undefined {
  const ev = element["ev"];
  const rules = typeof ev === "string" ? WIRE_RULES[market].get(ev) : undefined;
  if (!rules) {
    drop(unknownReason(ev));
    return undefined;
  }
  const draft = draftEvent(element, rules, rx);
  if (!draft) {
    drop(refusalReason(rules, element) ?? `bad ${rules.shape.ev}`);
    return undefined;
  }
  addExtras(draft, element, rules, drop);
  // The one place where what the wire said becomes an event: every field was checked by the rules above.
  return draft as unknown as FeedEvent;
}

function unknownReason(ev: unknown): string {
  if (ev === undefined) return "no ev";
  if (typeof ev !== "string" || !EV_NAME.test(ev)) return "unknown ev";
  return KNOWN_EVS.has(ev) ? `${ev} of another market` : `unknown ev ${ev}`;
}

function draftEvent(element: WireElement, rules: ShapeRules, rx: number): Draft | undefined {
  const { shape } = rules;
  const sym = readSymbol(element[shape.symbolField], rules.market);
  const time = readTime(element[shape.timeField]);
  if (sym === undefined || time === undefined) return undefined;
  const draft: Draft = { type: shape.type, sym, t: time.t, rx };
  for (const { wire, name, kind, required } of rules.fields) {
    const value = element[wire];
    if (value === undefined || value === null) {
      if (required) return undefined;
      continue;
    }
    if (!KIND_CHECKS[kind](value)) return undefined;
    draft[name] = value;
  }
  if (shape.type === "fmv") return time.ns === undefined ? draft : Object.assign(draft, { ns: time.ns });
  return rules.windowMs === undefined ? finishTrade(draft) : finishBar(draft, rules.windowMs);
}

/** A numeric trade id keeps its wire form beside ours, so that it can be written back as the number it was. */
function finishTrade(draft: Draft): Draft {
  const id = draft["tid"];
  if (typeof id !== "number") return draft;
  if (Number.isSafeInteger(id)) draft["tid"] = String(id);
  else delete draft["tid"];
  draft["i"] = id;
  return draft;
}

function finishBar(draft: Draft, windowMs: number): Draft | undefined {
  if (Number(draft["high"]) < Number(draft["low"])) return undefined;
  const end = draft["end"];
  if (typeof end !== "number") draft["end"] = end === undefined ? Number(draft["t"]) + windowMs : readMs(end);
  return draft;
}

function addExtras(draft: Draft, element: WireElement, rules: ShapeRules, drop: DropTold): void {
  let extras: string[] | undefined;
  for (const name in element) if (!rules.known.has(name)) (extras ??= []).push(name);
  if (!extras) return;
  if (extras.length > 1) extras.sort();
  let carried = 0;
  for (const name of extras) {
    if (rules.reserved.has(name)) drop(`field ${name} is ours`);
    else if (carried === EXTRA_FIELDS_MAX || name.length > EXTRA_NAME_MAX_CHARS) drop("too many fields");
    else if (!isFlat(element[name], EXTRA_DEPTH_MAX)) drop("field nested too deep");
    else {
      draft[name] = element[name];
      carried++;
    }
  }
}

function isFlat(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isFlat(inner, depth - 1));
}
