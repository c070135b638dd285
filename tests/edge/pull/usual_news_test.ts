import { assert, assertEquals } from "@std/assert";
import { UsualNews } from "../../../src/edge/pull/usual_news.ts";

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** Chance as the tests have it: the same at every run. */
function chance(seed = 7): () => number {
  return () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** How many come in one interval when each comes by itself. */
function arrivals(random: () => number, mean: number): number {
  const pause = () => -Math.log(1 - random());
  let count = 0;
  for (let past = pause(); past < mean; past += pause()) count++;
  return count;
}

for (const mean of [1, 5, 20, 100]) {
  pure(
    `a list with some ${mean} new events a read is seldom asked for too little, and not for much more`,
    () => {
      const usual = new UsualNews();
      const random = chance();
      let short = 0;
      let asked = 0;
      for (let n = 0; n < 100; n++) usual.note(arrivals(random, mean));
      for (let n = 0; n < 2000; n++) {
        const found = arrivals(random, mean);
        if (found > usual.expected) short++;
        asked += usual.expected;
        usual.note(found);
      }
      assert(short < 2000 * 0.1, `${short} of 2000 reads were too short`);
      assert(asked < 2000 * (mean + 4 * Math.sqrt(mean)), `${asked / 2000} a read`);
    },
  );
}

pure(
  "nothing is expected of a list that was never seen to move, nor within a few reads after it fell silent",
  () => {
    const usual = new UsualNews();
    assertEquals(usual.expected, 0);
    for (const [found, reads] of [[1, 4], [20, 8], [1000, 14]] as const) {
      for (let n = 0; n < 50; n++) usual.note(found);
      assert(usual.expected >= found);
      for (let n = 0; n < reads; n++) usual.note(0);
      assertEquals(usual.expected, 0);
    }
  },
);

pure("one read of much is forgotten by those after it", () => {
  const usual = new UsualNews();
  for (let n = 0; n < 20; n++) usual.note(5);
  const before = usual.expected;
  usual.note(1000);
  for (let n = 0; n < 30; n++) usual.note(5);
  assertEquals(usual.expected, before);
});
