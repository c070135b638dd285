/** What is left of a subscription under other rights. Pure. */
import { matchesPatterns, type SymbolPatterns, symbolPatterns } from "../../feed/symbol.ts";
import { maySeeStream, mayUsePattern, type Principal } from "./principal.ts";
import type { Wanted } from "../follow/wanted.ts";

/**
 * The part of some patterns that a principal may have: names and prefixes within its rights, and of a wider pattern
 * the rights that lie within it. Undefined: nothing. The same object when nothing is taken away.
 */
export function withinRights(patterns: SymbolPatterns, principal: Principal): SymbolPatterns | undefined {
  const { symbols: rights } = principal;
  if (rights === undefined || rights.all) return patterns;
  if (patterns.all) return rights.names.size + rights.prefixes.length === 0 ? undefined : rights;
  const written = [...patterns.names, ...patterns.prefixes.map((prefix) => `${prefix}*`)];
  const allowed = written.filter((pattern) => mayUsePattern(principal, pattern));
  if (allowed.length === written.length) return patterns;
  const wider = symbolPatterns(patterns.prefixes.map((prefix) => `${prefix}*`));
  const within = [
    ...[...rights.names].filter((name) => matchesPatterns(wider, name)),
    ...rights.prefixes.filter((prefix) => matchesPatterns(wider, prefix)).map((prefix) => `${prefix}*`),
  ];
  const left = symbolPatterns([...allowed, ...within]);
  return left.names.size + left.prefixes.length === 0 ? undefined : left;
}

/**
 * A subscription under other rights; undefined: nothing of it is left. Free gets the latest, whatever it asked for.
 */
export function wantedUnder(wanted: Wanted, stream: string, principal: Principal): Wanted | undefined {
  const patterns = withinRights(wanted.patterns, principal);
  if (patterns === undefined || !maySeeStream(principal, stream)) return undefined;
  return { ...wanted, patterns, mode: principal.tier === "free" ? "latest" : wanted.mode };
}
