/** What one subscription asks of a stream, and when two of them ask the same. */
import { patternList, type SymbolPatterns } from "../../feed/symbol.ts";

/** What a client wants of one stream. */
export interface Wanted {
  readonly patterns: SymbolPatterns;
  readonly mode: "all" | "latest";
  /** As the client asked; undefined: as fast as its tier. */
  readonly maxHz: number | undefined;
  /** Undefined: all. */
  readonly fields: ReadonlySet<string> | undefined;
}

/** The same for two subscriptions exactly when they may share: structured, so that no text a client sends can forge it. */
export const selectionKey = (wanted: Wanted, intervalMs: number): string =>
  JSON.stringify([
    patternList(wanted.patterns),
    wanted.mode,
    wanted.fields === undefined ? null : [...wanted.fields].sort(),
    intervalMs,
  ]);
