/** Short ways to feed a fold and look at what it said. */
import type { MinuteBar, Signal, SymbolEvent, Trade } from "../../src/feed/event.ts";
import { createSignalFold, type SignalFold, type SignalFoldOptions } from "../../src/signals/signal_fold.ts";
import { A_MONDAY, aMinute, aTrade } from "../support/event_factory.ts";

/** Everything a fold says of events, in order. */
export const signalsOf = (
  events: Iterable<SymbolEvent>,
  options: SignalFoldOptions = {},
): readonly Signal[] => applyAll(createSignalFold(options), events);

/** Feeds a fold. */
export const applyAll = (fold: SignalFold, events: Iterable<SymbolEvent>): readonly Signal[] =>
  [...events].flatMap((event) => [...fold.apply(event)]);

/** The signals of some kinds. */
export const ofKind = (signals: readonly Signal[], ...kinds: readonly string[]): readonly Signal[] =>
  signals.filter((signal) => kinds.includes(signal.kind));

/** The keys of the signals of some kinds. */
export const keysOf = (signals: readonly Signal[], ...kinds: readonly string[]): readonly string[] =>
  ofKind(signals, ...kinds).map((signal) => signal.key);

/** Trades of one symbol, `price @ seconds after 10:00 in New York`. */
export const tradesAt = (
  rows: readonly (readonly [seconds: number, price: number, size?: number])[],
): Trade[] =>
  rows.map(([seconds, price, size = 100], n) =>
    aTrade({ t: A_MONDAY + seconds * 1000, rx: A_MONDAY + seconds * 1000 + 5, price, size, tid: `${n}` })
  );

/** The bar of minute `n` after 10:00. */
export const barAt = (n: number, over: Partial<MinuteBar> = {}): MinuteBar =>
  aMinute({ t: A_MONDAY + n * 60_000, rx: A_MONDAY + (n + 1) * 60_000 + 20, ...over });
