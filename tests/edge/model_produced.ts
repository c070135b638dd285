/** What a world's writer made, position by position, and what a client that gets one of them must be given. */
import type { FeedEvent, MinuteBar, SecondBar, SymbolEvent } from "../../src/feed/event.ts";

/** Per list: epoch → what stands there by seq (index 0 is seq 1). */
export type Produced = Map<string, Map<string, FeedEvent[]>>;

/** One list's part of it. */
export type Epochs = ReadonlyMap<string, readonly FeedEvent[]>;

type Content = Readonly<Record<string, unknown>>;

/** What `latest` conflates an event by. */
export const keyOf = (event: SymbolEvent): string =>
  event.type === "signal" ? `signal:${event.key}` : `${event.type}:${event.sym}`;

type Bar = MinuteBar | SecondBar;

const isBar = (event: FeedEvent): event is Bar => event.type === "second" || event.type === "minute";

/** The event at a seq as a client gets it, `n` events in it; undefined when so many can't be. */
export function expectedAt(made: readonly FeedEvent[], seq: number, n: number): Content | undefined {
  const event = made[seq - 1];
  if (event === undefined || event.type === "gap") return undefined;
  if (n === 1) return { ...event };
  if (isBar(event)) return mergedBar(made, seq, n);
  return isNewest(made, seq, n) ? { ...event, n } : undefined;
}

/** Whether it is the newest in event time, the later of equals, of some `n` of its key that follow each other. */
function isNewest(made: readonly FeedEvent[], seq: number, n: number): boolean {
  const one = made[seq - 1];
  if (one === undefined || one.type === "gap") return false;
  const key = keyOf(one);
  const isKin = (event: FeedEvent | undefined) =>
    event !== undefined && event.type !== "gap" && keyOf(event) === key;
  let count = 1;
  for (let at = seq - 2; at >= 0 && count < n; at--) {
    if (!isKin(made[at])) continue;
    if ((made[at]?.t ?? Infinity) > one.t) break;
    count++;
  }
  for (let at = seq; at < made.length && count < n; at++) {
    if (!isKin(made[at])) continue;
    if ((made[at]?.t ?? Infinity) >= one.t) break;
    count++;
  }
  return count >= n;
}

/** Bars become one with the `n - 1` of their symbol right before them; corrections are among no others. */
function mergedBar(made: readonly FeedEvent[], seq: number, n: number): Content | undefined {
  const last = made[seq - 1];
  if (last === undefined || !isBar(last)) return undefined;
  const bars: Bar[] = [];
  for (let at = seq - 1; at >= 0 && bars.length < n; at--) {
    const event = made[at];
    if (event === undefined || !isBar(event) || keyOf(event) !== keyOf(last)) continue;
    if ("rev" in event || "synthetic" in event) return undefined;
    bars.unshift(event);
  }
  const first = bars[0];
  if (first === undefined || bars.length < n) return undefined;
  const sum = (of: (bar: Bar) => number) => bars.reduce((total, bar) => total + of(bar), 0);
  const volume = sum((bar) => bar.volume);
  return {
    ...last,
    t: first.t,
    open: first.open,
    high: Math.max(...bars.map(({ high }) => high)),
    low: Math.min(...bars.map(({ low }) => low)),
    volume,
    vwap: sum((bar) => (bar.vwap ?? NaN) * bar.volume) / volume,
    avgSize: volume / sum((bar) => bar.volume / (bar.avgSize ?? NaN)),
    n,
  };
}

const ALWAYS = ["id", "type", "sym", "t", "n"];

/** Names of the members that differ, of those a client asked for; sums of fractions may differ in their last digits. */
export function differences(
  given: Content,
  expected: Content,
  fields: readonly string[] | undefined,
): string[] {
  const names = new Set([...Object.keys(given), ...Object.keys(expected)]);
  return [...names].filter((name) => {
    const isAsked = fields === undefined || fields.includes(name) || ALWAYS.includes(name);
    if (!isAsked) return name in given;
    const [one, other] = [given[name], expected[name]];
    if (one === other) return false;
    return typeof one !== "number" || typeof other !== "number" ||
      Math.abs(one - other) > 1e-9 * Math.max(Math.abs(one), Math.abs(other));
  });
}
