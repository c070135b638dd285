/** Critical symbols ride on a second connection as well; the data path drops the repeats. */
import { marketOfSymbol } from "../../feed/market_calendar.ts";
import { FREQUENCIES, type Frequency } from "../../feed/stream.ts";
import type { Slot } from "./connection_slots.ts";
import { leastLoaded } from "./routing.ts";
import { ALL } from "../wire/subscription_topics.ts";
import { canonicalSymbols, sample } from "./symbol_choice.ts";

/** Where the second copies ride. */
export interface TwinPlan {
  readonly homes: ReadonlyMap<string, ReadonlyMap<Frequency, readonly string[]>>;
  readonly reasons: readonly string[];
  readonly problems: readonly string[];
}

type Carrier = Pick<Slot, "id" | "market" | "feed">;
type HomesOf = ReadonlyMap<string, ReadonlyMap<Frequency, readonly string[]>>;

/** Chooses a second connection of the same market and feed for every critical symbol, the one with the fewest tickers first. */
export function planTwins(critical: readonly string[], slots: readonly Carrier[], homes: HomesOf): TwinPlan {
  const twins = new Map<string, Map<Frequency, string[]>>();
  const unknown: string[] = [];
  const alone: string[] = [];
  for (const symbol of canonicalSymbols(critical)) {
    const carried = FREQUENCIES.map((frequency) => ({
      frequency,
      home: homeOf(symbol, frequency, slots, homes),
    }))
      .filter(({ home }) => home !== undefined);
    if (carried.length === 0) unknown.push(symbol);
    for (const { frequency, home } of carried) {
      const others = slots.filter((slot) =>
        slot.id !== home?.id && slot.market === home?.market && slot.feed === home.feed
      );
      if (others.length === 0) {
        alone.push(symbol);
        continue;
      }
      const id = leastLoaded(
        new Map(others.map((slot) => [slot.id, { tickers: countOf(twins, slot.id), rate: 0 }])),
        false,
      );
      const perFrequency = twins.get(id) ?? new Map<Frequency, string[]>();
      twins.set(id, perFrequency.set(frequency, [...perFrequency.get(frequency) ?? [], symbol]));
    }
  }
  return {
    homes: twins,
    reasons: alone.length === 0 ? [] : [
      `CRITICAL_SYMBOLS: ${
        sample([...new Set(alone)])
      } ride on one connection only, their market and feed has no other`,
    ],
    problems: unknown.length === 0
      ? []
      : [`CRITICAL_SYMBOLS=${sample(unknown)} must be among the symbols subscribed`],
  };
}

function homeOf(
  symbol: string,
  frequency: Frequency,
  slots: readonly Carrier[],
  homes: HomesOf,
): Carrier | undefined {
  const market = marketOfSymbol(symbol);
  return slots.find((slot) => {
    const tickers = slot.market === market ? homes.get(slot.id)?.get(frequency) ?? [] : [];
    return tickers.includes(symbol) || tickers.includes(ALL);
  });
}

const countOf = (twins: HomesOf, id: string): number =>
  [...twins.get(id)?.values() ?? []].reduce((sum, tickers) => sum + tickers.length, 0);
