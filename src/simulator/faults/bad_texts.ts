/** The texts of bad data: frames that are none, elements that are wrong, and a bar said again with newer values. */
import type { OutboundEvent } from "../hub.ts";

/** Frames no client should choke on. */
export const MALFORMED_FRAMES: readonly string[] = [
  '[{"ev":"T","sym":"AAPL","p":187.2',
  '[{"ev":"T","sym":"AAPL","p":187.2},',
  "",
  "[",
  "null",
  "[[]]",
  '"text"',
  "NaN",
  "not json at all",
];

/** Elements of kinds that don't exist; the last is good but for keys nobody knows. */
export const UNKNOWN_EVENTS: readonly string[] = [
  '{"ev":"ZZ","sym":"AAPL","p":1,"t":1}',
  '{"sym":"AAPL","p":187.2,"s":100,"t":1781622376036}',
  '{"ev":42,"sym":"AAPL"}',
  '{"ev":"status","status":"novelty","message":"something new"}',
];

/** What can go wrong with one element: each rewrites a good one's text. */
const BREAKS: readonly ((text: string) => string)[] = [
  (text) => text.replace(/"p":[^,}]+/, '"p":"187.2"'),
  (text) => text.replace(/"p":[^,}]+,?/, "").replace(/,}$/, "}"),
  (text) => text.replace(/"t":[^,}]+/, '"t":"yesterday"'),
  () => "null",
  () => "[]",
];

/** Copies of an event, each broken in its own way; they go where the event goes. */
export const brokenCopies = (event: OutboundEvent): readonly OutboundEvent[] =>
  BREAKS.map((rewrite) => ({ ...event, text: rewrite(event.text) }));

/** A bar with more volume, as after a late print within its range. Digits of untouched fields stay as they were. */
export function corrected(bar: OutboundEvent): OutboundEvent {
  const text = bar.text.replace(/"(v|av)":([0-9.e+-]+)/g, (_, name: string, value: string) => {
    return `"${name}":${Number(value) + 100}`;
  });
  return { ...bar, text };
}
