/**
 * How much of a fold one save may write. A save is one script, so that states and cursor never part; Upstash refuses
 * requests over 10 MB (its REST documentation, Limits).
 */
import { TickcastError } from "../feed/error.ts";

/** Most a save may weigh, in UTF-16 units of symbols and states. */
export const FOLD_SAVE_MAX_CHARS = 8 * 1024 * 1024;

/** Field of the fold's hash that holds its cursor; no symbol begins so. */
export const FOLD_CURSOR_FIELD = "@cursor";

/** @throws {TickcastError} TOO_LARGE, or BAD_SYMBOL for a symbol that is the cursor's field; nothing was sent. */
export function checkFoldSave(stream: string, changed: ReadonlyMap<string, string | undefined>): void {
  let chars = 0;
  for (const [symbol, text] of changed) chars += symbol.length + (text?.length ?? 0);
  if (chars > FOLD_SAVE_MAX_CHARS) {
    throw new TickcastError(
      "TOO_LARGE",
      `Cannot save the fold of ${stream} as it must be at most ${FOLD_SAVE_MAX_CHARS} characters: current value is ${chars}`,
    );
  }
  if (changed.has(FOLD_CURSOR_FIELD)) {
    throw new TickcastError(
      "BAD_SYMBOL",
      `Cannot save the fold of ${stream} as a symbol is ${FOLD_CURSOR_FIELD}`,
    );
  }
}
