/**
 * `deno task doctor`: looks at settings, machine, Redis and upstream before (or while) the service runs, and says what to do
 * about each finding. `deno task test:live` is the part of it that needs accounts.
 */
import type { Clock, Random } from "../feed/clock.ts";
import { silentLog } from "../feed/log.ts";
import type { SettingsReading } from "../feed/settings/read_settings.ts";
import { describeProblem } from "../feed/settings/read_values.ts";
import type { Settings } from "../feed/settings/settings.ts";
import { openStore } from "../store/open_store.ts";
import { checkMachine } from "./doctor/check_machine.ts";
import { checkRedis, openTransport } from "./doctor/check_redis.ts";
import { checkRights } from "./doctor/check_rights.ts";
import { checkUpstream } from "./doctor/check_upstream.ts";
import { exitCodeOf, type Finding, findingsOf, findingText } from "./doctor/finding.ts";

/** What the program is given. */
export interface DoctorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
  /** The environment, read. */
  readonly reading: SettingsReading;
}

/** Events of the real upstream are listened for so long. */
const LIVE_LISTEN_MS = 10_000;

const USAGE = `deno task doctor [--force]: is everything there that the settings need?

  --force  connects to the upstream even while an ingest runs (it may lose its slot)

Reads the same environment as the service. Exit code 1 when something won't work, 2 when the settings are wrong.`;

/** Looks at everything. Answers the exit code. */
export async function runDoctor(args: readonly string[], deps: DoctorDeps): Promise<number> {
  const unknown = args.find((arg) => !["--force", "--help", "-h"].includes(arg));
  if (args.includes("--help") || args.includes("-h")) {
    deps.print(USAGE);
    return 0;
  }
  if (unknown !== undefined) {
    deps.print(`Cannot look as the only option is --force: current value is ${unknown}`);
    return 2;
  }
  const { reading, print } = deps;
  const { ok, fail, warn } = findingsOf("settings");
  if (!reading.ok) {
    for (const problem of reading.problems) {
      print(findingText(fail(describeProblem(problem), "docs/settings.md")));
    }
    return 2;
  }
  const { settings } = reading;
  const findings: Finding[] = [
    ok(`role ${settings.role}, lists ${settings.store.transport === "memory" ? "in memory" : "in Redis"}`),
    ...settings.ingest.multiConnectionProblems.map((one) => warn(one, "it falls back to one connection")),
    ...await checkMachine(settings),
    ...await checkStore(settings, deps),
    ...await lookUpstream(settings, deps, 0, args.includes("--force")),
  ];
  for (const finding of findings) print(findingText(finding));
  const code = exitCodeOf(findings);
  print(code === 0 ? "\n  nothing stands in the way" : "\n  see what is marked FAIL");
  return code;
}

/** With accounts: what only they can show. Without: says what is missing, which is no failure. */
export async function runLive(args: readonly string[], deps: DoctorDeps): Promise<number> {
  const { reading, print } = deps;
  if (!reading.ok) {
    for (const problem of reading.problems) print(`  ${describeProblem(problem)}`);
    return 2;
  }
  const { settings } = reading;
  const findings: Finding[] = [];
  if (settings.ingest.apiKey === undefined) print("  –    upstream  not checked: set MASSIVE_API_KEY");
  else findings.push(...await lookUpstream(settings, deps, LIVE_LISTEN_MS, args.includes("--force")));
  if (settings.store.transport !== "rest") {
    print("  –    redis     not checked: set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN");
  } else findings.push(...await checkStore(settings, deps));
  for (const finding of findings) print(findingText(finding));
  return exitCodeOf(findings);
}

async function checkStore(settings: Settings, deps: DoctorDeps): Promise<readonly Finding[]> {
  await using transport = await openTransport(settings.store, deps);
  if (transport === undefined) return [findingsOf("redis").skip("the lists are in memory: role all only")];
  const server = await checkRedis(transport, deps);
  if (exitCodeOf(server.slice(0, 1)) !== 0) return server;
  return [
    ...server,
    ...await checkRights(settings, transport, deps),
  ];
}

async function lookUpstream(
  settings: Settings,
  deps: DoctorDeps,
  listenMs: number,
  isForced: boolean,
): Promise<readonly Finding[]> {
  await using store = await openStore(settings.store, {
    ...deps,
    log: silentLog,
    keyPrefix: settings.keyPrefix,
  });
  return await checkUpstream(settings, { ...deps, store, listenMs, isForced });
}
