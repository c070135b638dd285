/**
 * Fuzzers of every parser that meets outside bytes: in the suite each replays the texts that once broke it, then a fixed number of fresh ones;
 * `deno task fuzz` gives each as long as it is told. A finding prints its seed and the shortest text.
 */
import { assert, assertEquals } from "@std/assert";
import { keptTexts } from "./corpus.ts";
import { FUZZ_TARGETS } from "./fuzz_targets.ts";
import { holdOne, runTarget } from "./run_target.ts";

const SUITE_SECONDS = 0.4;

for (const target of FUZZ_TARGETS) {
  Deno.test(`fuzz: ${target.name} are read or refused, whatever they are`, async () => {
    try {
      for (const text of [...target.samples, ...keptTexts(target)]) await holdOne(target, text);
      const { finding, seed } = await runTarget(target, { seconds: SUITE_SECONDS });
      assertEquals(finding, undefined, `seed ${seed}`);
    } finally {
      await target.end?.();
    }
  });
}

Deno.test("fuzz: planted faults are found: a throw, a polluted prototype", async () => {
  const [first] = FUZZ_TARGETS;
  assert(first);
  const plant = async (hold: (text: string) => void) =>
    (await runTarget({ ...first, hold }, { inputs: 20_000, seed: 7 })).finding;
  assert(
    await plant((text) => {
      if (text.includes("\u0000")) throw new Error("planted");
    }),
  );
  try {
    assert(
      await plant((text) => {
        if (text.includes("__proto__")) Object.assign(Object.prototype, { polluted: true });
      }),
    );
  } finally {
    Reflect.deleteProperty(Object.prototype, "polluted");
  }
});

Deno.test({
  name: "fuzz: every target has a name of its own",
  permissions: "none",
  fn: () => assertEquals(new Set(FUZZ_TARGETS.map(({ name }) => name)).size, FUZZ_TARGETS.length),
});
