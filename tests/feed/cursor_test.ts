import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  comparePositions,
  CURSOR_MAX_CHARS,
  epochFromNumber,
  epochToNumber,
  eventId,
  formatCursor,
  ORIGIN,
  parseCursor,
  parsePosition,
  type Position,
  positionOfId,
} from "../../src/feed/cursor.ts";
import { TickcastError } from "../../src/feed/error.ts";

const position: fc.Arbitrary<Position> = fc.record({
  epoch: fc.integer({ min: 0, max: 36 ** 8 - 1 }).map(epochFromNumber),
  seq: fc.nat(2 ** 40),
}, { noNullPrototype: true });
const listName = fc.constantFrom("tick", "minute", "fmv", "signal", "heatmap", "tick.0", "tick.63");

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

pure("a cursor that was written is read back the same", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(listName, position), {
        minLength: 1,
        selector: ([list]) => list,
      }),
      (entries) => {
        const cursor = new Map(entries);
        assertEquals([...parseCursor(formatCursor(cursor))], [...cursor]);
      },
    ),
  );
});

pure("epochs compare as text the way their numbers do", () => {
  fc.assert(fc.property(fc.nat(2 ** 41), fc.nat(2 ** 41), (a, b) => {
    assertEquals(
      Math.sign(
        comparePositions({ epoch: epochFromNumber(a), seq: 1 }, { epoch: epochFromNumber(b), seq: 1 }),
      ),
      Math.sign(a - b),
    );
    assertEquals(epochToNumber(epochFromNumber(a)), a);
  }));
});

pure("before everything is before everything", () => {
  fc.assert(fc.property(position, (one) => assert(comparePositions(ORIGIN, one) < 0)));
});

pure("an id says its list when the stream is split, and gives its position back", () => {
  const at = { epoch: "k3f9a0b1", seq: 7 };
  assertEquals(eventId("tick", at), "k3f9a0b1-7");
  assertEquals(eventId("tick.3", at), "3.k3f9a0b1-7");
  assertEquals(positionOfId("3.k3f9a0b1-7"), at);
});

for (
  const text of [
    "",
    "0",
    "-1",
    "tick",
    "tick:",
    "tick:1e3-1",
    "tick: 5",
    "tick:k3f9a0b1-9007199254740993",
    "tick:k3f9a0b1-18446744073709551616",
    "tick:k3f9a0b1-01",
    "tick:k3f9a0b1--1",
    "tick:0-5",
    "tick:K3F9A0B1-1",
    "tick:k3f9a0b1-1\u0000",
    "tick:k3f9a0b1-1\r\n",
    "tick:k3f9a0b1-1,",
    "tick:k3f9a0b1-1,tick:k3f9a0b1-2",
    "tick.:k3f9a0b1-1",
    "tick.03:k3f9a0b1-1",
    "tick%3Ak3f9a0b1-1",
    "🙂:k3f9a0b1-1",
    "__proto__:k3f9a0b1-1",
    "t".repeat(CURSOR_MAX_CHARS + 1),
  ]
) {
  pure(`the cursor ${JSON.stringify(text.slice(0, 40))} is refused as a bad cursor`, () => {
    assertEquals(assertThrows(() => parseCursor(text), TickcastError).code, "BAD_CURSOR");
  });
}

pure("no text makes the parsers throw anything but a bad cursor", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      for (const parse of [parseCursor, parsePosition]) {
        try {
          parse(text);
        } catch (error) {
          assert(error instanceof TickcastError && error.code === "BAD_CURSOR");
        }
      }
    }),
    { numRuns: 2000 },
  );
});
