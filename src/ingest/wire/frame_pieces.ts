/**
 * Cuts a large frame into smaller ones between two elements, so that reading it can give way to other work in between: a
 * minute's bars of the whole market come in frames of a megabyte. What the pieces hold is what the frame held, in order.
 *
 * A cut is made where one element ends and the next begins with its `ev`, as Massive writes them. Inside a string that text
 * can't stand (its quotes would be escaped); inside an array of an element it can, so a frame whose elements hold arrays of
 * objects (none of Massive's do) is left whole from there on.
 */

/** Least characters of a piece: some 60 bars, well under a millisecond of reading. */
export const PIECE_CHARS = 16_384;
const BOUNDARY = '},{"ev":';

/** The pieces, each a frame's text; the text itself when it is small. */
export function* framePieces(text: string): Generator<string, void> {
  let start = 0;
  while (text.length - start > 2 * PIECE_CHARS) {
    const boundary = text.indexOf(BOUNDARY, start + PIECE_CHARS);
    if (boundary < 0 || hasObjectInArray(text, start + 1, boundary + 1)) break;
    yield start === 0 ? `${text.slice(0, boundary + 1)}]` : `[${text.slice(start, boundary + 1)}]`;
    start = boundary + 2;
  }
  yield start === 0 ? text : `[${text.slice(start)}`;
}

/**
 * Whether, seen from the top of the frame, an object may stand in an array that is not the frame's own. The first of such an
 * array follows its bracket or a comma after something that is no object; what looks so inside a string only costs a cut.
 */
function hasObjectInArray(text: string, from: number, to: number): boolean {
  // The first object of all follows the frame's own bracket.
  const first = from <= 1 ? text.indexOf("{") + 1 : from;
  for (let at = text.indexOf("{", first); at >= 0 && at < to; at = text.indexOf("{", at + 1)) {
    const before = lastBefore(text, at);
    const char = text[before];
    if (char === "[" || (char === "," && text[lastBefore(text, before)] !== "}")) return true;
  }
  return false;
}

/** Where the last character that is no white space stands before `at`. */
function lastBefore(text: string, at: number): number {
  let before = at - 1;
  while (before >= 0 && text.charCodeAt(before) <= 0x20) before--;
  return before;
}
