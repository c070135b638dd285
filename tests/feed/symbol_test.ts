import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TickcastError } from "../../src/feed/error.ts";
import { matchesPatterns, parsePattern, patternList, symbolPatterns } from "../../src/feed/symbol.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

pure("stars, names, prefixes and crypto in either spelling are taken", () => {
  assertEquals(["*", "AAPL", "BRK.B", "BACpL", "X:*", "X:BTC-USD", "BTC-USD", "A*"].map(parsePattern), [
    "*",
    "AAPL",
    "BRK.B",
    "BACpL",
    "X:*",
    "X:BTC-USD",
    "X:BTC-USD",
    "A*",
  ]);
});

for (
  const text of [
    "",
    " AAPL",
    "A A",
    "**",
    "*A",
    "A*B",
    "🙂",
    "A\r\nB",
    "A\u0000",
    "a".repeat(33),
    "'; DROP",
    "../..",
    "A,B",
    '"A"',
    "*".repeat(5),
  ]
) {
  pure(
    `${JSON.stringify(text)} is no symbol, and the refusal echoes no more of it than a symbol's length`,
    () => {
      const error = assertThrows(() => parsePattern(text), TickcastError);
      assertEquals(error.code, "BAD_SYMBOL");
      assert(error.message.length < 260);
    },
  );
}

pure("patterns fold: a star swallows all, a prefix the names and longer prefixes under it", () => {
  assertEquals(patternList(symbolPatterns(["A*", "AAPL", "AB*", "MSFT", "A*"])), ["A*", "MSFT"]);
  assertEquals(patternList(symbolPatterns(["AAPL", "*"])), ["*"]);
});

pure("folding never changes what is wanted", () => {
  const word = fc.string({ unit: fc.constantFrom("A", "B", "C"), minLength: 1, maxLength: 4 });
  const pattern = fc.oneof(word, word.map((stem) => `${stem}*`));
  fc.assert(fc.property(fc.array(pattern, { maxLength: 8 }), word, (patterns, symbol) => {
    const plain = patterns.some((one) =>
      one.endsWith("*") ? symbol.startsWith(one.slice(0, -1)) : one === symbol
    );
    assertEquals(matchesPatterns(symbolPatterns(patterns), symbol), plain);
  }));
});
