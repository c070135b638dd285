/// <reference lib="dom" />
/** Which symbols the page watches: the address's (`?symbols=A,B`), else the reader's own from last time, else the busiest. */
import type { AnyEvent } from "../../client/message.ts";
import { readStored, writeStored } from "../theme.ts";

const KEY = "tickcast.watch";
/** Watched at most. */
export const WATCHED_MAX = 500;
/** Watched when the reader has chosen none yet. */
export const BUSIEST = 24;

/** Whether a text can be a symbol, as the client judges it: one that can't would have the whole subscription refused. */
export const isSymbol = (text: string): boolean => /^[A-Za-z0-9][\w.:/-]{0,31}$/.test(text);

const clean = (symbols: readonly string[]): string[] =>
  [...new Set(symbols.map((symbol) => symbol.trim()).filter(isSymbol))].slice(0, WATCHED_MAX);

/** What was asked for by address or before; empty when nothing was. */
export function askedSymbols(search: string): string[] {
  const asked = new URLSearchParams(search).get("symbols");
  return clean((asked ?? readStored(KEY) ?? "").split(","));
}

/** Remembers the reader's list. */
export const keepSymbols = (symbols: readonly string[]): void => writeStored(KEY, symbols.join(","));

/** Symbols of a snapshot by money traded today, busiest first; what can be none is left out. Pure. */
export function busiest(events: readonly AnyEvent[]): string[] {
  const money = new Map<string, number>();
  for (const event of events) {
    if (!isSymbol(event.sym)) continue;
    const price = event.type === "trade"
      ? event.price
      : "close" in event && typeof event.close === "number"
      ? event.close
      : 0;
    const volume = "dayVolume" in event && typeof event.dayVolume === "number" ? event.dayVolume : 0;
    money.set(event.sym, Math.max(money.get(event.sym) ?? 0, price * volume));
  }
  return [...money].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([symbol]) => symbol);
}
