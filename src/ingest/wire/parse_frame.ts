/**
 * A text frame to events and status messages. Never throws: what is no good is dropped and its reason told, element by
 * element; a frame that is no JSON is searched for the elements that are.
 */
import type { FeedEvent } from "../../feed/event.ts";
import type { Market } from "../../feed/wire_fields.ts";
import { quoteLongTimes } from "./exact_numbers.ts";
import { STATUS_TEXT_MAX_CHARS, type StatusMessage } from "./frame.ts";
import { type DropTold, normaliseElement } from "./normalise.ts";
import { splitElements } from "./split_elements.ts";
import { StatusElement } from "./wire_schemas.ts";

/** What a frame held. */
export interface ParsedFrame {
  readonly events: readonly FeedEvent[];
  readonly statuses: readonly StatusMessage[];
}

/** Reads one frame of a connection of `market`. */
export function parseFrame(text: string, market: Market, rx: number, drop: DropTold): ParsedFrame {
  const events: FeedEvent[] = [];
  const statuses: StatusMessage[] = [];
  for (const element of readElements(text, drop)) {
    if (!isObject(element)) {
      drop("element is no object");
      continue;
    }
    if (element["ev"] === "status") {
      const status = readStatus(element);
      if (status) statuses.push(status);
      else drop("bad status");
      continue;
    }
    const event = normaliseElement(element, market, rx, drop);
    if (event) events.push(event);
  }
  return { events, statuses };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The elements of a frame: an array's, or the one of a bare object (never seen live, cheap to tolerate). */
function readElements(text: string, drop: DropTold): readonly unknown[] {
  const exact = quoteLongTimes(text);
  const whole = parseJson(exact);
  if (Array.isArray(whole)) return whole;
  if (whole !== undefined) return [whole];
  const { elements, rest } = splitElements(exact);
  const good: unknown[] = [];
  for (const element of elements) {
    const value = parseJson(element);
    if (value === undefined) drop("element is no JSON");
    else good.push(value);
  }
  if (rest || elements.length === 0) drop("frame is no JSON");
  return good;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readStatus(element: unknown): StatusMessage | undefined {
  const { success, data } = StatusElement.safeParse(element);
  if (!success) return undefined;
  return {
    status: data.status.slice(0, STATUS_TEXT_MAX_CHARS),
    message: (data.message ?? "").slice(0, STATUS_TEXT_MAX_CHARS),
  };
}
