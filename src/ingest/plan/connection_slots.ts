/** The configured connections as the plan sees them before any ticker is given a home. */
import type { ConnectionSettings, IngestSettings } from "../../feed/settings/settings.ts";
import type { Frequency } from "../../feed/stream.ts";
import type { Market } from "../../feed/wire_fields.ts";
import { type Feed, feedOfFrequency } from "../wire/subscription_topics.ts";
import { canonicalSymbols, type SymbolChoices, type Universes } from "./symbol_choice.ts";

/** One connection that is wanted. */
export interface Slot {
  readonly id: string;
  readonly name: string;
  readonly feed: Feed;
  readonly market: Market;
  readonly frequencies: readonly Frequency[];
  /** Tickers written for it, its universe first; undefined: it takes its share of what others don't have. */
  readonly own: readonly string[] | undefined;
  /** `WEBSOCKET_CONNECTION_2`; empty for one that was added because FMV needs a socket of its own. */
  readonly setting: string;
}

/** The enabled connections, and a business one for FMV in each market where none was configured for it. */
export function connectionSlots(
  settings: IngestSettings,
  universes: Universes,
  choices: SymbolChoices,
): readonly Slot[] {
  const slots = settings.connections.filter((one) => one.enabled).map((one) =>
    slotOf(settings, universes, one)
  );
  if (!settings.frequencies.includes("fmv")) return slots;
  for (const market of new Set(slots.map((slot) => slot.market))) {
    if (slots.some((slot) => slot.market === market && slot.feed === "business")) continue;
    slots.push(fmvSlot(market, slots, choices));
  }
  return slots;
}

function slotOf(settings: IngestSettings, universes: Universes, one: ConnectionSettings): Slot {
  const frequencies = one.frequencies ?? defaultFrequencies(settings.frequencies);
  const universe = one.universeKey === undefined ? [] : universes.get(one.universeKey) ?? [];
  const own = universe.length > 0 ? universe : one.symbols;
  return {
    id: one.id,
    name: one.name,
    feed: frequencies.every((frequency) => frequency === "fmv") ? "business" : "realtime",
    market: one.market,
    frequencies,
    own: own.length === 0 && one.universeKey === undefined ? undefined : canonicalSymbols(own),
    setting: `WEBSOCKET_${one.id.toUpperCase()}`,
  };
}

/** Those of `DATA_FREQUENCIES` that one feed has: the real-time one, unless there is FMV alone. */
function defaultFrequencies(frequencies: readonly Frequency[]): readonly Frequency[] {
  const realtime = frequencies.filter((frequency) => feedOfFrequency(frequency) === "realtime");
  return realtime.length > 0 ? realtime : frequencies;
}

function fmvSlot(market: Market, slots: readonly Slot[], choices: SymbolChoices): Slot {
  const taken = new Set(slots.map((slot) => slot.id));
  const own = slots.filter((slot) => slot.market === market).flatMap((slot) => slot.own ?? []);
  const isNamed = choices.get("fmv")?.isNamed ?? false;
  return {
    id: freeId(taken),
    name: `${market}_fmv`,
    feed: "business",
    market,
    frequencies: ["fmv"],
    // Where nobody named symbols for FMV, it follows what its market's connections carry.
    own: isNamed || own.length === 0 ? undefined : own.includes("*") ? ["*"] : [...new Set(own)],
    setting: "",
  };
}

/** The first `connection_<n>` not taken. */
export function freeId(taken: ReadonlySet<string>): string {
  let n = 1;
  while (taken.has(`connection_${n}`)) n++;
  return `connection_${n}`;
}
