/**
 * Holds the rooms that route and deliver to how much of them the tests walk (B10): of every line that can run, the share that did.
 * Run: `deno task coverage`. Exit code 1 when a room is under its floor or a test fails.
 */

/** A room, the tests that walk it, and the least share of its lines. */
interface Floor {
  readonly room: string;
  readonly sources: RegExp;
  readonly tests: readonly string[];
  readonly share: number;
}

const FLOORS: readonly Floor[] = [
  {
    room: "manager and routing",
    sources: /\/src\/ingest\/(manage|plan|upstream|control)\//,
    tests: ["tests/ingest", "tests/end_to_end/operator_routes_test.ts"],
    share: 0.9,
  },
  { room: "the edge's followers", sources: /\/src\/edge\/follow\//, tests: ["tests/edge"], share: 0.95 },
];

const print = (line: string) => void Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

async function deno(args: readonly string[]): Promise<{ readonly ok: boolean; readonly text: string }> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    stdout: "piped",
    stderr: "inherit",
  }).output();
  return { ok: success, text: new TextDecoder().decode(stdout) };
}

/** Lines that can run and lines that did, by file, out of an LCOV report. */
function linesByFile(lcov: string): Map<string, { readonly all: number; readonly hit: number }> {
  const files = new Map<string, { readonly all: number; readonly hit: number }>();
  for (const record of lcov.split("end_of_record")) {
    const file = /^SF:(.+)$/m.exec(record)?.[1];
    const counts = [...record.matchAll(/^DA:\d+,(\d+)/gm)].map(([, count]) => Number(count));
    if (file !== undefined) files.set(file, { all: counts.length, hit: counts.filter((n) => n > 0).length });
  }
  return files;
}

/** Whether a room is above its floor and its tests pass. */
async function hold({ room, sources, tests, share }: Floor): Promise<boolean> {
  const profile = await Deno.makeTempDir({ prefix: "tickcast-coverage-" });
  try {
    const flags = ["--lock=tests/deno.lock", "--quiet", "--no-check", "--allow-all", `--coverage=${profile}`];
    const { ok, text } = await deno(["test", ...flags, ...tests]);
    if (!ok) print(text);
    const report = await deno(["coverage", "--quiet", "--lcov", profile]);
    let [all, hit] = [0, 0];
    for (const [file, lines] of linesByFile(report.text)) {
      if (!sources.test(file)) continue;
      all += lines.all;
      hit += lines.hit;
      const missed = lines.all - lines.hit;
      if (missed > 0) {
        print(`  ${file.slice(file.indexOf("/src/") + 1)}: ${missed} of ${lines.all} lines unseen`);
      }
    }
    const isHeld = ok && all > 0 && hit / all >= share;
    print(
      `${room}: ${hit} of ${all} lines, ${(100 * hit / all).toFixed(1)} % (floor ${100 * share} %)` +
        `${ok ? "" : ", tests failed"}`,
    );
    return isHeld;
  } finally {
    await Deno.remove(profile, { recursive: true });
  }
}

let held = true;
for (const floor of FLOORS) held = await hold(floor) && held;
Deno.exit(held ? 0 : 1);
