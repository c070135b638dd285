/**
 * `deno task soak --hours H`: the whole service for hours at the market's own pace, a few clients of every kind, every event
 * checked by id, memory watched for a leak.
 */
import { parseArgs } from "node:util";
import { describeError, TickcastError } from "../feed/error.ts";
import { carryOutLoad, type LoadDeps } from "./load.ts";
import { readLoadArguments } from "./load/load_arguments.ts";
import type { CoursePoint } from "./load/load_figures.ts";
import { type LoadReport, reportTable } from "./load/load_report.ts";

/** What a soak is given beside a load run's. */
export interface SoakDeps extends LoadDeps {
  /** Starts the whole service in this process; where it listens. */
  readonly startWhole: () => Promise<{ readonly url: string } & AsyncDisposable>;
}

/** Memory at the end may be over that at a quarter by this share and this much: heaps breathe. */
export const GROWTH_LIMIT_SHARE = 0.2;
export const GROWTH_LIMIT_BYTES = 64 * 1024 * 1024;
/** Shorter runs say nothing about leaks, s: their memory is told, not judged. */
const JUDGED_FROM_SECONDS = 120;

/** Clients come within so long, s, and go within a fifth of it. */
const RAMP_SECONDS = 5;

const USAGE = `deno task soak [options]: hours at the market's own pace, checked by id

  --hours H      how long (24)
  --url URL      a running service; without it the whole of it runs in this process (settings as usual)
  --clients N    clients at once: half by WebSocket, a third by server-sent events, the rest polls (50)
  --json FILE    writes all figures

Exit code 1 when an event was lost undetected, came twice or out of order, memory grew by more than a fifth and 64 MiB
between the first quarter and the last, or a threshold of deno task load was missed.`;

/** What memory did over a run, in bytes: medians of the second and the last quarter. */
export interface MemoryGrowth {
  readonly early: number;
  readonly late: number;
  readonly isLeak: boolean;
}

/** Judges the course of memory; undefined without enough samples. */
export function memoryGrowth(course: readonly CoursePoint[]): MemoryGrowth | undefined {
  const samples = course.map(({ memoryBytes }) => memoryBytes).filter((bytes) => bytes !== null);
  const quarter = samples.length >> 2;
  if (quarter < 2) return undefined;
  const early = median(samples.slice(quarter, 2 * quarter));
  const late = median(samples.slice(-quarter));
  const grown = late - early;
  return { early, late, isLeak: grown > GROWTH_LIMIT_BYTES && grown > early * GROWTH_LIMIT_SHARE };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** Runs to the end. Answers the exit code: 0 passed, 1 not passed, 2 wrong arguments. */
export async function runSoak(args: readonly string[], deps: SoakDeps): Promise<number> {
  try {
    const options = readOptions(args);
    if (options === undefined) {
      deps.print(USAGE);
      return 0;
    }
    await using whole = options.url === undefined ? await deps.startWhole() : undefined;
    const url = options.url ?? whole?.url ?? "";
    const plan = readLoadArguments([
      ...["--url", url, "--mix", "ws:50,sse:30,poll:20", "--flap", "0.1", "--streams", "tick,minute,signal"],
      ...[
        "--stages",
        `${options.clients}:${
          Math.min(RAMP_SECONDS, options.seconds / 2)
        },${options.clients}:${options.seconds},0:${RAMP_SECONDS / 5}`,
      ],
    ]);
    if (plan === undefined) return 2;
    const report = withoutStart(await carryOutLoad(plan, deps));
    if (options.json !== undefined) await Deno.writeTextFile(options.json, JSON.stringify(report, null, 1));
    deps.print(reportTable(report));
    return verdict(report, deps.print);
  } catch (error) {
    deps.print(error instanceof TickcastError ? error.message : describeError(error));
    return error instanceof TickcastError && error.code === "SETTINGS" ? 2 : 1;
  }
}

/**
 * A soak connects its few clients while the service in this very process starts: how quick that was is a question for
 * `deno task load`.
 */
function withoutStart(report: LoadReport): LoadReport {
  const thresholds = report.thresholds.filter(({ name }) => !/^(connect|snapshot) p/.test(name));
  return { ...report, thresholds, passed: thresholds.every(({ isMet }) => isMet) };
}

function verdict(report: LoadReport, print: (line: string) => void): number {
  const growth = memoryGrowth(report.course);
  const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
  const isJudged = report.seconds >= JUDGED_FROM_SECONDS;
  print(
    growth === undefined
      ? "  memory: not measured"
      : `  memory: ${mib(growth.early)} in the second quarter, ${mib(growth.late)} in the last${
        isJudged ? (growth.isLeak ? ": it leaks" : "") : " (too short to judge)"
      }`,
  );
  return report.passed && !(isJudged && growth?.isLeak) ? 0 : 1;
}

/** @throws {TickcastError} SETTINGS */
function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hours: { type: "string", default: "24" },
      url: { type: "string" },
      clients: { type: "string", default: "50" },
      json: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  const seconds = Math.round(Number(values.hours) * 3600);
  if (!(seconds >= 1 && seconds <= 86_400) || !/^[1-9]\d{0,3}$/.test(values.clients)) {
    throw new TickcastError(
      "SETTINGS",
      `Cannot soak as --hours must be over 0 and at most 24, and --clients a whole number: current values are ${values.hours} and ${values.clients}`,
    );
  }
  return { seconds, url: values.url, clients: Number(values.clients), json: values.json };
}
