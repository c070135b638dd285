/** What two sets of symbol patterns have in common, and together. Pure. */
import {
  coveredBy,
  matchesPatterns,
  patternList,
  type SymbolPatterns,
  symbolPatterns,
} from "../../feed/symbol.ts";

/** The symbols that both match; nothing at all where there are none. */
export function inBoth(some: SymbolPatterns, others: SymbolPatterns): SymbolPatterns {
  if (some.all) return others;
  if (others.all) return some;
  return symbolPatterns([...within(some, others), ...within(others, some)]);
}

/** The symbols that either matches. */
export const inEither = (some: SymbolPatterns, others: SymbolPatterns): SymbolPatterns =>
  symbolPatterns([...patternList(some), ...patternList(others)]);

/** Whether they match the same symbols. */
export const areSame = (some: SymbolPatterns, others: SymbolPatterns): boolean =>
  some === others || patternList(some).join() === patternList(others).join();

/** How many patterns there are, `*` one of them. */
export const countOf = ({ all, names, prefixes }: SymbolPatterns): number =>
  all ? 1 : names.size + prefixes.length;

/** Those of `some` that match nothing but what `others` match. */
function* within(some: SymbolPatterns, others: SymbolPatterns): Iterable<string> {
  for (const name of some.names) if (matchesPatterns(others, name)) yield name;
  for (const prefix of some.prefixes) {
    if (coveredBy(others.prefixes, prefix)) yield `${prefix}*`;
  }
}
