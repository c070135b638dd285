import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { MatchOffsets } from "../../../src/edge/pull/match_offsets.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** Steps ahead for the next offset, or back from the newest to forget up to. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ push: fc.integer({ min: 1, max: 3 }), times: fc.integer({ min: 1, max: 90 }) }),
    },
    { weight: 1, arbitrary: fc.record({ first: fc.integer({ min: 1, max: 400 }) }) },
    { weight: 2, arbitrary: fc.record({ forget: fc.integer({ min: -5, max: 400 }) }) },
  ),
  { maxLength: 60 },
);

pure("offsets that are put in and forgotten are those a plain list would hold", () => {
  fc.assert(fc.property(steps, (moves) => {
    const offsets = new MatchOffsets();
    let plain: number[] = [];
    let newest = 0;
    for (const move of moves) {
      if ("push" in move) {
        for (let n = 0; n < move.times; n++) {
          newest += move.push;
          offsets.push(newest);
          plain.push(newest);
        }
      } else if ("first" in move) {
        for (let n = 0; n < move.first; n++) offsets.forgetFirst();
        plain = plain.slice(move.first);
      } else {
        const before = newest - move.forget;
        const left = plain.filter((offset) => offset >= before);
        assertEquals(offsets.forgetBefore(before), plain.length - left.length);
        plain = left;
      }
      assertEquals(offsets.size, plain.length);
      assertEquals(plain.map((_, n) => offsets.at(n)), plain);
      assertEquals(offsets.at(plain.length), undefined);
      const middle = plain[plain.length >> 1] ?? newest;
      assertEquals(offsets.from(middle), plain.filter((offset) => offset < middle).length);
    }
  }));
});
