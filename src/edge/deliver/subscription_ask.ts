/**
 * What a client asks for, checked and made whole: the same for a WebSocket message, a query and a poll. Pure but for the plan
 * it is checked against.
 */
import { type Cursor, parseCursor } from "../../feed/cursor.ts";
import { TickcastError } from "../../feed/error.ts";
import type { Tier } from "../../feed/settings/settings.ts";
import type { StreamTable } from "../../feed/stream.ts";
import { parsePattern, patternList, type SymbolPatterns, symbolPatterns } from "../../feed/symbol.ts";
import type { PlanReader } from "../pull/plan_reader.ts";
import { maySeeStream, mayUsePattern, type Principal } from "../admit/principal.ts";
import type { Wanted } from "../follow/wanted.ts";

/** Where a client wants to begin. */
export type Start =
  | { readonly from: "now" }
  | { readonly from: "earliest" }
  | { readonly from: "cursor"; readonly cursor: Cursor };

/** Reads the `cursor` of a request. @throws {TickcastError} BAD_CURSOR */
export function readStart(text: string | undefined): Start {
  if (text === undefined || text === "") return { from: "now" };
  return text === "earliest" ? { from: "earliest" } : { from: "cursor", cursor: parseCursor(text) };
}

/**
 * Streams by name, each once.
 * @throws {TickcastError} UNKNOWN_STREAM, FORBIDDEN
 */
export function checkStreams(
  names: readonly string[],
  table: StreamTable,
  principal: Principal,
): readonly string[] {
  const unique = [...new Set(names)];
  if (!unique.every((name) => table.has(name))) {
    const known = [...table.keys()].join(", ");
    throw new TickcastError(
      "UNKNOWN_STREAM",
      `Cannot follow a stream of that name as there are only ${known}`,
    );
  }
  const forbidden = unique.find((name) => !maySeeStream(principal, name));
  if (forbidden === undefined) return unique;
  throw new TickcastError("FORBIDDEN", `Cannot follow ${forbidden} as the token does not allow it`);
}

/** Symbols a client may have, and those nobody publishes. */
export interface CheckedSymbols {
  readonly patterns: readonly string[];
  readonly unknown: readonly string[];
}

/**
 * Reads and judges patterns for one stream.
 * @throws {TickcastError} BAD_SYMBOL, FORBIDDEN, TOO_MANY_SYMBOLS
 */
export function checkSymbols(
  texts: readonly string[],
  stream: string,
  plan: PlanReader,
  principal: Principal,
): CheckedSymbols {
  const patterns = [...new Set(texts.map(parsePattern))];
  const forbidden = patterns.find((pattern) => !mayUsePattern(principal, pattern));
  if (forbidden !== undefined) {
    throw new TickcastError("FORBIDDEN", `Cannot follow ${forbidden} as the token does not allow it`);
  }
  const isKnown = (pattern: string) => pattern.endsWith("*") || plan.knowsSymbol(stream, pattern);
  return {
    patterns: patterns.filter(isKnown),
    unknown: patterns.filter((pattern) => !isKnown(pattern)),
  };
}

/** What a request says about shape; undefined: not said, null: back to the default. */
export interface ShapeAsk {
  readonly mode: "all" | "latest" | undefined;
  readonly maxHz: number | null | undefined;
  readonly fields: readonly string[] | null | undefined;
}

/** What holds after a request: symbols are added, what it names of the shape replaces what was. */
export function wantedAfter(
  held: Wanted | undefined,
  patterns: readonly string[],
  shape: ShapeAsk,
  tier: Tier,
  maxSymbols: number,
): Wanted {
  const all = symbolPatterns([...(held ? patternList(held.patterns) : []), ...patterns]);
  checkCount(all, maxSymbols);
  const maxHz = shape.maxHz === undefined ? held?.maxHz : shape.maxHz ?? undefined;
  const fields = shape.fields === undefined
    ? held?.fields
    : shape.fields === null
    ? undefined
    : new Set(shape.fields);
  const mode = tier === "free" ? "latest" : shape.mode ?? held?.mode ?? "all";
  return { patterns: all, mode, maxHz, fields };
}

function checkCount(patterns: SymbolPatterns, maxSymbols: number): void {
  const count = patterns.names.size + patterns.prefixes.length;
  if (count <= maxSymbols) return;
  throw new TickcastError(
    "TOO_MANY_SYMBOLS",
    `Cannot follow so many symbols as a subscription has at most ${maxSymbols}: current number is ${count}`,
  );
}

/** Refuses symbols nobody publishes, naming a few. */
export function unknownSymbols(stream: string, unknown: readonly string[]): TickcastError {
  const some = unknown.slice(0, 5).join(", ");
  const more = unknown.length > 5 ? ` and ${unknown.length - 5} more` : "";
  return new TickcastError("UNKNOWN_SYMBOL", `Cannot follow ${some}${more} as ${stream} does not carry it`);
}
