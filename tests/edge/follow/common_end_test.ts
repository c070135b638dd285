/** Where frames that can't reach as far as there is end. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { commonEnd } from "../../../src/edge/follow/common_end.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const range = fc.tuple(fc.nat(1e9), fc.integer({ min: 1, max: 20_000 }));

pure("law: a frame that is cut keeps at least half of its range, and never none of it", () => {
  fc.assert(fc.property(range, ([from, length]) => {
    const end = commonEnd(from, from + length);
    assert(
      end > from && end <= from + length && end - from >= length / 2,
      `${end} of ${from} and ${length}`,
    );
  }));
});

pure("law: frames of one size that begin anywhere within it end at six places at most", () => {
  fc.assert(fc.property(range, ([first, length]) => {
    const ends = new Set<number>();
    for (let n = 0; n < length; n += Math.max(1, length >> 6)) {
      ends.add(commonEnd(first + n, first + n + length));
    }
    assert(ends.size <= 6, [...ends].join());
  }));
});

pure("an end is as round as there is one in the second half", () => {
  assertEquals(commonEnd(0, 1), 1);
  assertEquals(commonEnd(7, 8), 8);
  assertEquals(commonEnd(100, 1400), 1024);
  assertEquals(commonEnd(1000, 2400), 2048);
  assertEquals(commonEnd(2048, 3448), 3072);
});
