import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { areSame, inBoth, inEither } from "../../../src/edge/deliver/pattern_sets.ts";
import { matchesPatterns, patternList, symbolPatterns } from "../../../src/feed/symbol.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const symbol = fc.string({ unit: fc.constantFrom("A", "B", "X"), minLength: 1, maxLength: 4 });
const pattern = fc.oneof(symbol, symbol.map((stem) => `${stem}*`), fc.constant("*"));
const patterns = fc.array(pattern, { maxLength: 5 }).map(symbolPatterns);

pure("what two sets have in common, and together, matches what both match, and either", () => {
  fc.assert(fc.property(patterns, patterns, symbol, (some, others, name) => {
    const [one, other] = [matchesPatterns(some, name), matchesPatterns(others, name)];
    assertEquals(matchesPatterns(inBoth(some, others), name), one && other);
    assertEquals(matchesPatterns(inEither(some, others), name), one || other);
  }));
});

pure("a set has all of itself in common with a wider one, whatever their order", () => {
  fc.assert(fc.property(patterns, patterns, (some, others) => {
    const wide = inEither(some, others);
    assertEquals([areSame(inBoth(some, wide), some), areSame(inBoth(wide, some), some)], [true, true]);
  }));
});

pure("sets without anything in common have the empty set, which matches nothing", () => {
  assertEquals(patternList(inBoth(symbolPatterns(["AB", "X*"]), symbolPatterns(["A", "B*"]))), []);
});
