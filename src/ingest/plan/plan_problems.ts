/** What can be wrong with a plan for several connections; every problem is told, none hides another. */
import type { IngestSettings } from "../../feed/settings/settings.ts";
import type { Frequency } from "../../feed/stream.ts";
import type { Slot } from "./connection_slots.ts";
import { SOCKETS_MAX } from "./planned_connection.ts";
import { ALL } from "../wire/subscription_topics.ts";
import { canonicalSymbols, emptyUniverse, sample, symbolProblems } from "./symbol_choice.ts";

/** Problems that show before any ticker is given a home. */
export function slotProblems(settings: IngestSettings, slots: readonly Slot[]): readonly string[] {
  return [
    ...countProblems(settings, slots),
    ...nameProblems(slots),
    ...slots.flatMap((slot) => oneSlotProblems(settings, slot)),
    ...coverageProblems(settings, slots),
    ...overlapProblems(slots, new Set(canonicalSymbols(settings.criticalSymbols))),
  ];
}

function countProblems(settings: IngestSettings, slots: readonly Slot[]): readonly string[] {
  if (slots.length === 0) {
    return ["WEBSOCKET_CONNECTION_1_ENABLED=false must be true for one connection at least"];
  }
  const most = Math.min(settings.connectionsMax, SOCKETS_MAX);
  if (slots.length <= most) return [];
  const added = slots.filter((slot) => slot.setting === "").length;
  const why = added > 0 ? `, ${added} of them for fmv, which needs a socket of its own in each market` : "";
  return [
    `WEBSOCKET_CONNECTIONS_MAX=${most} must be the number of connections or more: ${slots.length} are wanted${why}`,
  ];
}

function nameProblems(slots: readonly Slot[]): readonly string[] {
  return slots
    .filter((slot, n) => slots.findIndex((other) => other.name === slot.name) < n)
    .map((slot) => `${slot.setting}_NAME=${slot.name} must be different from the other connections'`);
}

function oneSlotProblems(settings: IngestSettings, slot: Slot): readonly string[] {
  if (slot.setting === "") return [];
  const problems: string[] = [];
  const feeds = new Set(slot.frequencies.map((frequency) => frequency === "fmv"));
  if (feeds.size > 1) {
    problems.push(
      `${slot.setting}_FREQUENCIES=${
        slot.frequencies.join(",")
      } must be fmv alone or without fmv: it is on another host`,
    );
  }
  const foreign = slot.frequencies.filter((frequency) => !settings.frequencies.includes(frequency));
  if (foreign.length > 0) {
    problems.push(`${slot.setting}_FREQUENCIES=${foreign.join(",")} must be among DATA_FREQUENCIES`);
  }
  if (!settings.markets.includes(slot.market)) {
    problems.push(`${slot.setting}_MARKET=${slot.market} must be among MASSIVE_MARKETS`);
  }
  if (slot.own?.length === 0) {
    const key = settings.connections.find((one) => one.id === slot.id)?.universeKey ?? "";
    problems.push(emptyUniverse(`${slot.setting}_UNIVERSE_KEY`, key, `${slot.setting}_SYMBOLS`));
  }
  problems.push(...symbolProblems(slot.own ?? [], [slot.market], `${slot.setting}_SYMBOLS`));
  return problems;
}

function coverageProblems(settings: IngestSettings, slots: readonly Slot[]): readonly string[] {
  const frequencies = settings.frequencies
    .filter((frequency) => !slots.some((slot) => slot.frequencies.includes(frequency)))
    .map((frequency) => `DATA_FREQUENCIES=${frequency} must be carried by some connection: none has it`);
  const markets = settings.markets
    .filter((market) => !slots.some((slot) => slot.market === market))
    .map((market) => `MASSIVE_MARKETS=${market} must be carried by some connection: none has it`);
  return [...frequencies, ...markets];
}

/** Tickers written for two connections of one frequency would be paid for and counted twice, unless they are critical. */
function overlapProblems(slots: readonly Slot[], critical: ReadonlySet<string>): readonly string[] {
  const problems: string[] = [];
  for (const [n, slot] of slots.entries()) {
    for (const earlier of slots.slice(0, n)) {
      if (slot.setting === "" || slot.market !== earlier.market || !shareFrequency(slot, earlier)) continue;
      const both = overlap(slot.own ?? [], earlier.own ?? []).filter((ticker) => !critical.has(ticker));
      if (both.length === 0) continue;
      problems.push(
        `${slot.setting}_SYMBOLS=${
          sample(both)
        } must not overlap with ${earlier.id}: put a ticker on one connection, or in CRITICAL_SYMBOLS`,
      );
    }
  }
  return problems;
}

const shareFrequency = (a: Slot, b: Slot): boolean =>
  a.frequencies.some((frequency: Frequency) => b.frequencies.includes(frequency));

function overlap(a: readonly string[], b: readonly string[]): readonly string[] {
  if (a.length === 0 || b.length === 0) return [];
  if (a.includes(ALL) || b.includes(ALL)) return [ALL];
  const others = new Set(b);
  return a.filter((ticker) => others.has(ticker));
}
