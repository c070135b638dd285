/**
 * Finds the elements of a frame without trusting it to be JSON: what the data path falls back on when a frame does not
 * parse, so that one bad element costs that element, and what the recorder cuts status elements out with.
 */

/** Elements looked for in one frame at most. */
export const ELEMENTS_PER_FRAME_MAX = 200_000;

/**
 * The texts of the top-level objects of `text`, in order, found by counting braces outside strings. `rest` is true when
 * something that is no whole object was left over (a truncated end, text between).
 */
export function splitElements(text: string): { elements: string[]; rest: boolean } {
  const elements: string[] = [];
  let rest = false;
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length && elements.length < ELEMENTS_PER_FRAME_MAX; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      const end = stringEnd(text, at);
      if (end < 0) return { elements, rest: true };
      if (depth === 0) rest = true;
      at = end;
    } else if (char === OPEN) {
      if (depth++ === 0) start = at;
    } else if (char === CLOSE) {
      if (depth === 0) rest = true;
      else if (--depth === 0) elements.push(text.slice(start, at + 1));
    } else if (depth === 0 && !BETWEEN.includes(char)) rest = true;
  }
  return { elements, rest: rest || depth > 0 };
}

const QUOTE = 0x22, BACKSLASH = 0x5c, OPEN = 0x7b, CLOSE = 0x7d;
/** Space, tab, line ends, comma, brackets. */
const BETWEEN: readonly number[] = [0x20, 0x09, 0x0a, 0x0d, 0x2c, 0x5b, 0x5d];

/** Where the string that starts at `at` ends, or -1. */
function stringEnd(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return -1;
}
