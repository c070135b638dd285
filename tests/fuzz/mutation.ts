/** Texts that are nearly right: samples cut, doubled, spliced and salted, which finds more than noise does. */
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
  "1e400",
  "9007199254740993",
  "18446744073709551616",
  "NaN",
  "__proto__",
  "constructor",
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
  | { readonly do: "swap"; readonly at: number; readonly code: number };

const place = fc.double({ min: 0, max: 1, noNaN: true });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ do: fc.constantFrom("cut" as const, "double" as const), at: place, length: fc.nat(40) }),
  fc.record({
    do: fc.constant("insert" as const),
    at: place,
    text: fc.oneof(fc.constantFrom(...SALT), fc.string({ maxLength: 12 })),
  }),
  fc.record({ do: fc.constant("swap" as const), at: place, code: fc.nat(0x7f) }),
);

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
  }
}

/** Samples after a few edits; now and then one as it is, now and then noise. */
export const mutated = (samples: readonly [string, ...string[]]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.oneof(fc.string(), fc.json()) },
    {
      weight: 9,
      arbitrary: fc.tuple(fc.constantFrom(...samples), fc.array(edit, { maxLength: 6 })).map((
        [text, edits],
      ) => edits.reduce(apply, text)),
    },
  );
