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

/**
 * The same for two subscriptions exactly when they may share: structured, so that no text a client sends can forge it. A
 * client's own `max_hz` is part of it although two may come to one interval: it is told back, and holds under another tier.
 */
export const selectionKey = (wanted: Wanted, intervalMs: number): string =>
  JSON.stringify([
    patternList(wanted.patterns),
    wanted.mode,
    wanted.fields === undefined ? null : [...wanted.fields].sort(),
    wanted.maxHz ?? null,
    intervalMs,
  ]);
