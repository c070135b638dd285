/**
 * Takes JSON apart without reading its numbers: the elements of an array and the members of an object as the texts they
 * were. A fair value's 19-digit time is past 2^53, so a recording must be sent on as it stands.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);

/** Index after the string that starts at `at`, or -1 when it doesn't end. */
function skipString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i + 1;
  }
  return -1;
}

/** Splits what stands between the brackets of `text` at the commas of its own level; undefined when unbalanced. */
function splitInside(text: string): readonly string[] | undefined {
  const parts: string[] = [];
  let depth = 0;
  let from = 1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = skipString(text, i) - 1;
      if (i < 0) return undefined;
    } else if (OPEN.has(code)) depth++;
    else if (CLOSE.has(code)) {
      depth--;
      if (depth === 0 && i !== text.length - 1) return undefined;
    } else if (code === COMMA && depth === 1) {
      parts.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  if (depth !== 0) return undefined;
  const last = text.slice(from, -1).trim();
  if (last === "" && parts.length === 0) return [];
  parts.push(last);
  return parts.includes("") ? undefined : parts;
}

/** The texts of an array's elements; undefined when `text` is none. The elements themselves are not checked. */
export function arrayElements(text: string): readonly string[] | undefined {
  const trimmed = text.trim();
  return trimmed.startsWith("[") && trimmed.endsWith("]") ? splitInside(trimmed) : undefined;
}

/** The texts of an object's members by name, the last of equals; undefined when `text` is no object. */
export function objectMembers(text: string): ReadonlyMap<string, string> | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith("}")) return undefined;
  const parts = splitInside(trimmed);
  if (!parts) return undefined;
  const members = new Map<string, string>();
  for (const part of parts) {
    const nameEnd = part.charCodeAt(0) === QUOTE ? skipString(part, 0) : -1;
    if (nameEnd < 0) return undefined;
    const rest = part.slice(nameEnd).trimStart();
    if (rest.charCodeAt(0) !== COLON) return undefined;
    members.set(unquote(part.slice(0, nameEnd)), rest.slice(1).trim());
  }
  return members;
}

/** A JSON string's value; empty for what is none. */
function unquote(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : "";
  } catch {
    return "";
  }
}
