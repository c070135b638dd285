/**
 * The plan for several connections. `manual`: a connection has the tickers written for it, and those without any share what
 * is named globally. The other strategies spread everything that is named, globally or on a connection, over all connections
 * that carry its frequency. `*` cannot be split: one connection carries it.
 */
import type { IngestSettings } from "../../feed/settings/settings.ts";
import { FREQUENCIES, type Frequency } from "../../feed/stream.ts";
import { connectionSlots, type Slot } from "./connection_slots.ts";
import { type PlanDraft, type PlannedConnection, tickersOf, topicsOfTickers } from "./planned_connection.ts";
import { slotProblems } from "./plan_problems.ts";
import { assignTickers, type Load, type RoutingBasis } from "./routing.ts";
import { ALL, symbolsOfMarket } from "../wire/subscription_topics.ts";
import { chooseSymbols, type SymbolChoices, type Universes } from "./symbol_choice.ts";
import { planTwins } from "./twins.ts";

/** Tickers by connection id and frequency, while they are being given out. */
type Homes = Map<string, Map<Frequency, string[]>>;

/** See the file's head. */
export function planSeveral(settings: IngestSettings, universes: Universes): PlanDraft {
  const problems: string[] = [];
  const choices = chooseSymbols(settings, universes, problems);
  const slots = connectionSlots(settings, universes, choices);
  problems.push(...slotProblems(settings, slots));
  if (problems.length > 0) return { connections: [], reasons: [], problems };
  const homes: Homes = new Map(slots.map((slot) => [slot.id, new Map()]));
  if (settings.strategy === "manual") takeOwn(slots, homes);
  for (const pool of poolsOf(settings, slots, choices, homes)) share(pool, settings, homes);
  const twins = planTwins(settings.criticalSymbols, slots, homes);
  const connections = slots.map((slot): PlannedConnection => {
    const tickers = homes.get(slot.id) ?? new Map();
    const also = twins.homes.get(slot.id) ?? new Map();
    const { id, name, feed, market, frequencies } = slot;
    const topics = new Set([
      ...topicsOfTickers(market, tickers, settings.tickEvents),
      ...topicsOfTickers(market, also, settings.tickEvents),
    ]);
    return { id, name, feed, market, frequencies, tickers, twins: also, topics: [...topics] };
  });
  problems.push(...idleProblems(settings, slots, homes), ...twins.problems);
  return { connections, reasons: [...reasonsOf(settings, connections), ...twins.reasons], problems };
}

/** Written tickers stay where they are written; a critical one written twice has its home at the first. */
function takeOwn(slots: readonly Slot[], homes: Homes): void {
  const taken = new Set<string>();
  for (const slot of slots) {
    for (const frequency of slot.frequencies) {
      for (const ticker of symbolsOfMarket(slot.own ?? [], slot.market)) {
        const key = `${frequency} ${ticker}`;
        if (taken.has(key)) continue;
        taken.add(key);
        give(homes, slot.id, frequency, ticker);
      }
    }
  }
}

/** Tickers to be given out, and who may get them. */
interface Pool {
  readonly frequency: Frequency;
  readonly tickers: readonly string[];
  readonly receivers: readonly string[];
}

function poolsOf(
  settings: IngestSettings,
  slots: readonly Slot[],
  choices: SymbolChoices,
  homes: Homes,
): readonly Pool[] {
  const pools: Pool[] = [];
  for (const frequency of FREQUENCIES) {
    const choice = choices.get(frequency);
    if (choice === undefined) continue;
    for (const market of settings.markets) {
      const carriers = slots.filter((slot) => slot.market === market && slot.frequencies.includes(frequency));
      const own = carriers.flatMap((slot) => slot.own ?? []);
      // `*` by default is meant for those who named nothing at all.
      const global = choice.isNamed || own.length === 0 ? symbolsOfMarket(choice.symbols, market) : [];
      const isManual = settings.strategy === "manual";
      const wanted = isManual ? global : symbolsOfMarket([...global, ...own], market);
      const settled = new Set(carriers.flatMap((slot) => homes.get(slot.id)?.get(frequency) ?? []));
      const tickers = settled.has(ALL) ? [] : wanted.filter((ticker) => !settled.has(ticker));
      const sharers = isManual ? carriers.filter((slot) => slot.own === undefined) : [];
      const receivers = (sharers.length > 0 ? sharers : carriers).map((slot) => slot.id);
      if (tickers.length > 0 && receivers.length > 0) pools.push({ frequency, tickers, receivers });
    }
  }
  return pools;
}

/** Gives a pool out. A ticker already at home there at another frequency joins itself. */
function share(pool: Pool, settings: IngestSettings, homes: Homes): void {
  const { frequency, tickers, receivers } = pool;
  const first = receivers[0];
  if (tickers.includes(ALL)) {
    if (first !== undefined) homes.get(first)?.set(frequency, [ALL]);
    return;
  }
  const basis: RoutingBasis = {
    strategy: settings.strategy,
    priorities: settings.symbolPriorities,
    rates: new Map(),
  };
  const known = new Map<string, string>();
  for (const id of receivers) {
    for (const ticker of tickersOf(homes.get(id) ?? new Map())) known.set(ticker, id);
  }
  const loads = new Map(receivers.map((id): [string, Load] => {
    const count = homes.get(id)?.get(frequency)?.length ?? 0;
    return [id, { tickers: count, rate: count }];
  }));
  const fresh = assignTickers(tickers.filter((ticker) => !known.has(ticker)), loads, basis);
  for (const ticker of tickers) {
    const id = known.get(ticker) ?? fresh.get(ticker);
    if (id !== undefined) give(homes, id, frequency, ticker);
  }
}

function give(homes: Homes, id: string, frequency: Frequency, ticker: string): void {
  const tickers = homes.get(id);
  const list = tickers?.get(frequency);
  if (list === undefined) tickers?.set(frequency, [ticker]);
  else list.push(ticker);
}

function idleProblems(settings: IngestSettings, slots: readonly Slot[], homes: Homes): readonly string[] {
  return slots.flatMap((slot) => {
    const isIdle = tickersOf(homes.get(slot.id) ?? new Map()).length === 0;
    if (!isIdle || (settings.strategy === "priority" && settings.symbolPriorities.size > 0)) return [];
    return [
      `${slot.setting}_SYMBOLS= must name tickers: nothing is left for ${slot.id} to carry (* cannot be split)`,
    ];
  });
}

const reasonsOf = (settings: IngestSettings, connections: readonly PlannedConnection[]): readonly string[] =>
  connections.map((one) => {
    const count = tickersOf(one.tickers).length;
    const all = tickersOf(one.tickers).includes(ALL) ? " (all of the market)" : "";
    return `${one.id} (${one.name}) carries ${
      one.frequencies.join(" and ")
    } of ${one.market}: ${count} tickers${all}, by ${settings.strategy} routing`;
  });
