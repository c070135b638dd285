/**
 * Fuzzers of every parser that meets outside bytes. Seeds that once broke one are kept in `seeds.json` and tried first; then each runs for
 * FUZZ_SECONDS (a blink in the suite; `deno task fuzz` gives each as long as it is told). A finding prints its seed and the shortest text.
 */
import { assert } from "@std/assert";
import * as fc from "fast-check";
import { FUZZ_TARGETS } from "./fuzz_targets.ts";
import { mutated } from "./mutation.ts";
import kept from "./seeds.json" with { type: "json" };

const BLINK_S = 0.4;
const seconds = Number(Deno.env.get("FUZZ_SECONDS") ?? BLINK_S);
const seeds = new Map<string, readonly number[]>(Object.entries(kept));
const KEPT_RUNS = 1_000;

for (const { name, samples, hold } of FUZZ_TARGETS) {
  Deno.test(`fuzz: ${name} are read or refused, whatever they are`, async () => {
    const property = fc.asyncProperty(mutated(samples), async (text) => {
      await hold(text);
    });
    for (const sample of samples) await hold(sample);
    for (const seed of seeds.get(name) ?? []) await fc.assert(property, { seed, numRuns: KEPT_RUNS });
    await fc.assert(property, {
      numRuns: Number.MAX_SAFE_INTEGER,
      interruptAfterTimeLimit: seconds * 1000,
      markInterruptAsFailure: false,
    });
  });
}

Deno.test("fuzz: a planted fault is found", async () => {
  const [first] = FUZZ_TARGETS;
  assert(first);
  const planted = fc.property(mutated(first.samples), (text) => !text.includes("\u0000"));
  const found = await fc.check(planted, { numRuns: 5_000 });
  assert(found.failed && found.counterexample !== null);
});
