/**
 * Texts that are nearly right, which find more than noise does: samples cut, doubled, spliced and salted; their parts between separators
 * moved, repeated and dropped; where they are JSON, values replaced, members renamed, taken away or nested, in place.
 */
import * as fc from "fast-check";

/** What parsers trip over. */
const SALT = [
  "",
  "null",
  "{}",
  "[]",
  '"',
  "\\",
  "\\u0000",
  "\u0000",
  "\r\n",
  "\ufeff",
  "\ud800",
  "💥",
  "-1",
  "-0",
  "1e400",
  "9007199254740993",
  "18446744073709551616",
  "NaN",
  "__proto__",
  "constructor",
  '"__proto__":{"polluted":true},',
  "*",
  ".",
  ",",
  ":",
  "-",
  "%00",
  "%0d%0a",
  "../",
  "a".repeat(300),
  "[".repeat(200),
] as const;

type Edit =
  | { readonly do: "cut" | "double"; readonly at: number; readonly length: number }
  | { readonly do: "insert"; readonly at: number; readonly text: string }
  | { readonly do: "swap"; readonly at: number; readonly code: number }
  | { readonly do: "part"; readonly at: number; readonly to: number; readonly how: PartEdit };
type PartEdit = "drop" | "repeat" | "move" | "flood";

const place = fc.double({ min: 0, max: 1, noNaN: true });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ do: fc.constantFrom("cut" as const, "double" as const), at: place, length: fc.nat(40) }),
  fc.record({
    do: fc.constant("insert" as const),
    at: place,
    text: fc.oneof(fc.constantFrom(...SALT), fc.string({ maxLength: 12 })),
  }),
  fc.record({ do: fc.constant("swap" as const), at: place, code: fc.nat(0x7f) }),
  fc.record({
    do: fc.constant("part" as const),
    at: place,
    to: place,
    how: fc.constantFrom<PartEdit>("drop", "repeat", "move", "flood"),
  }),
);

const SEPARATORS = /([,:;.&= |\n-])/;
const FLOOD_PARTS = 500;
/** Inputs stay what a sender could mean to send in one go. */
const INPUT_MAX_CHARS = 300_000;

function apply(text: string, change: Edit): string {
  const at = Math.floor(change.at * text.length);
  switch (change.do) {
    case "cut":
      return text.slice(0, at) + text.slice(at + change.length);
    case "double":
      return text.slice(0, at + change.length) + text.slice(at);
    case "insert":
      return text.slice(0, at) + change.text + text.slice(at);
    case "swap":
      return text.slice(0, at) + String.fromCharCode(change.code) + text.slice(at + 1);
    case "part":
      return editPart(text, change);
  }
}

function editPart(text: string, { at, to, how }: Extract<Edit, { do: "part" }>): string {
  const parts = text.split(SEPARATORS);
  const n = Math.min(Math.floor(at * parts.length), parts.length - 1);
  const [part = "", separator = ","] = parts.slice(n, n + 2);
  if (how === "drop") parts.splice(n, 2);
  if (how === "repeat") parts.splice(n, 0, part, separator);
  if (how === "flood" && part.length < 40) parts[n] = Array(FLOOD_PARTS).fill(part).join(separator);
  if (how === "move") parts.splice(Math.floor(to * parts.length), 0, ...parts.splice(n, 2));
  return parts.join("");
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
interface JsonEdit {
  readonly at: number;
  readonly how: "replace" | "remove" | "rename" | "wrap" | "flood" | "deepen";
  readonly value: Json;
}

const ODD: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  0.1,
  2 ** 53,
  1e308,
  5e-324,
  "",
  "*",
  "0-0",
  "__proto__",
  "x".repeat(5_000),
  "\u0000",
  [],
  {},
  [[]],
  [null],
];

const jsonEdit: fc.Arbitrary<JsonEdit> = fc.record({
  at: place,
  how: fc.constantFrom("replace", "replace", "replace", "remove", "rename", "wrap", "flood", "deepen"),
  value: fc.constantFrom(...ODD),
});

/** Where values stand: their holder and their key. */
function placesIn(value: Json, found: [Json[] | Record<string, Json>, string][] = []) {
  if (value === null || typeof value !== "object") return found;
  for (const key of Object.keys(value)) {
    found.push([value, key]);
    placesIn(Reflect.get(value, key), found);
  }
  return found;
}

function applyJson(root: Json, { at, how, value }: JsonEdit): void {
  const places = placesIn(root);
  const [holder, key] = places[Math.min(Math.floor(at * places.length), places.length - 1)] ?? [];
  if (holder === undefined || key === undefined) return;
  const set = (name: string, to: unknown) =>
    Object.defineProperty(holder, name, { value: to, enumerable: true, writable: true, configurable: true });
  const before: Json = Reflect.get(holder, key);
  if (how === "replace") set(key, structuredClone(value));
  if (how === "remove") Array.isArray(holder) ? holder.splice(Number(key), 1) : delete holder[key];
  if (how === "rename" && !Array.isArray(holder)) set(typeof value === "string" ? value : `${key}_`, before);
  if (how === "wrap") set(key, [before]);
  if (how === "flood" && JSON.stringify(before).length < 300) set(key, Array(FLOOD_PARTS).fill(before));
  if (how === "deepen") set(key, JSON.parse('{"a":['.repeat(30) + "1" + "]}".repeat(30)));
}

/** A JSON sample with its structure changed; a text that is none is left to the others. */
function editJson(text: string, edits: readonly JsonEdit[]): string {
  let root: Json;
  try {
    root = JSON.parse(text);
  } catch {
    return text;
  }
  for (const one of edits) applyJson(root, one);
  return JSON.stringify(root);
}

/** Samples after a few edits; now and then one as it is, now and then noise. */
export const mutated = (samples: readonly [string, ...string[]]): fc.Arbitrary<string> => {
  const sample = fc.constantFrom(...samples);
  const texts = fc.array(edit, { maxLength: 6 });
  const values = fc.array(jsonEdit, { maxLength: 4 });
  const bounded = (text: string) => text.slice(0, INPUT_MAX_CHARS);
  return fc.oneof(
    { weight: 1, arbitrary: fc.oneof(fc.string(), fc.json(), fc.string({ unit: "binary" })) },
    {
      weight: 6,
      arbitrary: fc.tuple(sample, texts).map(([text, edits]) => bounded(edits.reduce(apply, text))),
    },
    { weight: 4, arbitrary: fc.tuple(sample, values).map(([text, edits]) => bounded(editJson(text, edits))) },
    {
      weight: 2,
      arbitrary: fc.tuple(sample, values, texts).map(([text, inside, edits]) =>
        bounded(edits.reduce(apply, editJson(text, inside)))
      ),
    },
  );
};
