/** Hints as they travel: `<list> <epoch>-<seq>` on one channel. Anybody may publish there, so reading one is tolerant. */
import { formatPosition, parsePosition } from "../../feed/cursor.ts";
import type { Hint } from "../../feed/store.ts";

/** Longest hint read, in characters. */
const HINT_MAX_CHARS = 96;
const LIST = /^[a-z][a-z0-9_]{0,31}(?:\.(?:0|[1-9][0-9]{0,3}))?$/;

/** The text of a hint. */
export const formatHint = (hint: Hint): string => `${hint.list} ${formatPosition(hint.position)}`;

/** Reads a hint; undefined for anything else. */
export function parseHint(text: string): Hint | undefined {
  const space = text.indexOf(" ");
  if (space < 0 || text.length > HINT_MAX_CHARS) return undefined;
  const list = text.slice(0, space);
  if (!LIST.test(list)) return undefined;
  try {
    return { list, position: parsePosition(text.slice(space + 1)) };
  } catch {
    return undefined;
  }
}
