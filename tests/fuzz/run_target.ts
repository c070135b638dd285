/**
 * Runs one fuzzer for a while. Beside what the target itself holds, every input must be done with in bounded time, leave no trace on
 * prototypes everybody shares, and not fill the memory.
 */
import { assert } from "@std/assert";
import * as fc from "fast-check";
import type { FuzzTarget } from "./fuzz_target.ts";
import { mutated } from "./mutation.ts";

/** One input may take so long, on a machine that is busy with others. */
const INPUT_LIMIT_MS = 10_000;
/** Over this after a fuzzer's inputs something keeps them. */
const HEAP_MAX_BYTES = 768 * 1024 * 1024;

/** What came of it. */
export interface FuzzOutcome {
  readonly inputs: number;
  readonly seed: number;
  /** The shortest text that breaks it, and how. */
  readonly finding: { readonly text: string; readonly error: string } | undefined;
}

/** Holds the target to one text. */
export async function holdOne(target: FuzzTarget, text: string): Promise<void> {
  const startMs = performance.now();
  await target.hold(text);
  const tookMs = performance.now() - startMs;
  assert(tookMs <= INPUT_LIMIT_MS, `one input took ${Math.round(tookMs)} ms`);
  for (const name in {}) assert(false, `Object.prototype has ${name} now`);
  assert(Reflect.get({}, "polluted") === undefined, "Object.prototype was polluted");
}

/** Where the engine lets us, which `deno task fuzz` asks it to: what was only not collected yet is not held. */
function collect(): boolean {
  const gc: unknown = Reflect.get(globalThis, "gc");
  if (typeof gc === "function") gc();
  return typeof gc === "function";
}

/** For so long, or so many inputs; with a seed of its own unless told. */
export async function runTarget(
  target: FuzzTarget,
  limits: { readonly seconds?: number; readonly inputs?: number; readonly seed?: number },
): Promise<FuzzOutcome> {
  let inputs = 0;
  let holding = Promise.resolve();
  const property = fc.asyncProperty(mutated(target.samples), async (text) => {
    inputs++;
    await (holding = holdOne(target, text));
  });
  const { seconds, seed = Math.floor(Math.random() * 2 ** 31) } = limits;
  const details = await fc.check(property, {
    seed,
    numRuns: limits.inputs ?? Number.MAX_SAFE_INTEGER,
    ...(seconds !== undefined && { interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false }),
  });
  // Out of time, the checker leaves an input in the middle: what it began must not outlive the test.
  await holding.catch(() => {});
  const [text] = details.counterexample ?? [];
  if (details.failed && text !== undefined) {
    const { errorInstance: error } = details;
    return {
      inputs,
      seed,
      finding: { text, error: error instanceof Error ? error.stack ?? error.message : "" },
    };
  }
  if (!collect()) return { inputs, seed, finding: undefined };
  const { heapUsed } = Deno.memoryUsage();
  assert(heapUsed <= HEAP_MAX_BYTES, `${target.name}: ${Math.round(heapUsed / 2 ** 20)} MiB are held`);
  return { inputs, seed, finding: undefined };
}
