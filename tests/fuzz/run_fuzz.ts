/**
 * `deno task fuzz`: every fuzzer for FUZZ_SECONDS (10; `deno task fuzz:hour` for an hour), shared out over the cores. Says what each has
 * done as it goes; a finding's seed and shortest text are printed, and the text is kept in `corpus/`, to be tried in every run of the suite.
 */
import { keepText, keptTexts } from "./corpus.ts";
import { FUZZ_TARGETS } from "./fuzz_targets.ts";
import type { FuzzTarget } from "./fuzz_target.ts";
import { holdOne, runTarget } from "./run_target.ts";

/** A fuzzer that runs for long says so this often. */
const PROGRESS_SECONDS = 60;
/** So that forty fuzzers of 10 s are done in a hundred on two cores. */
const SHARDS_PER_CORE = 2;
const encoder = new TextEncoder();
const say = (line: string) => void Deno.stdout.writeSync(encoder.encode(`${line}\n`));

async function fuzz(target: FuzzTarget, seconds: number): Promise<boolean> {
  for (const text of [...target.samples, ...keptTexts(target)]) {
    try {
      await holdOne(target, text);
    } catch (error) {
      say(`FOUND AGAIN ${target.name}: ${JSON.stringify(text)}\n${error}`);
      return false;
    }
  }
  let inputs = 0;
  for (let left = seconds; left > 0; left -= PROGRESS_SECONDS) {
    const outcome = await runTarget(target, { seconds: Math.min(left, PROGRESS_SECONDS) });
    inputs += outcome.inputs;
    if (outcome.finding !== undefined) {
      const { text, error } = outcome.finding;
      const path = await keepText(target, text);
      say(`FOUND ${target.name}, seed ${outcome.seed}: ${JSON.stringify(text)}\n  kept in ${path}\n${error}`);
      return false;
    }
    const state = left > PROGRESS_SECONDS ? `${seconds - left + PROGRESS_SECONDS} s so far` : "ok";
    say(`${state.padEnd(12)} ${target.name}: ${inputs} inputs`);
  }
  return true;
}

async function runShard(shard: number, of: number, seconds: number): Promise<boolean> {
  let isSound = true;
  for (const [n, target] of FUZZ_TARGETS.entries()) {
    if (n % of !== shard) continue;
    isSound = await fuzz(target, seconds) && isSound;
    await target.end?.();
  }
  return isSound;
}

async function runAll(seconds: number): Promise<boolean> {
  const shards = navigator.hardwareConcurrency * SHARDS_PER_CORE;
  say(`${FUZZ_TARGETS.length} fuzzers of ${seconds} s each, ${shards} at once`);
  const children = Array.from({ length: shards }, (_, shard) =>
    new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--lock=tests/deno.lock",
        "--quiet",
        "--v8-flags=--expose-gc",
        "--allow-all",
        import.meta.filename ?? "",
        `${shard}/${shards}`,
      ],
      stdin: "null",
    }).spawn());
  const ends = await Promise.all(children.map((child) => child.status));
  return ends.every(({ success }) => success);
}

const seconds = Number(Deno.env.get("FUZZ_SECONDS") ?? "10");
const [shard, of] = (Deno.args[0] ?? "").split("/").map(Number);
const isSound = of === undefined ? await runAll(seconds) : await runShard(shard ?? 0, of, seconds);
Deno.exit(isSound ? 0 : 1);
