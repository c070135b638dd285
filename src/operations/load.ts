/**
 * `deno task load`: many clients in stages, every event checked by id, thresholds judged. What each stage wants is in
 * `load/stages.ts`, what is checked in `load/client_check.ts`, the limits in `load/load_report.ts`.
 */
import type { Clock, Random } from "../feed/clock.ts";
import { describeError, TickcastError } from "../feed/error.ts";
import { Fleet } from "./load/fleet.ts";
import { LOAD_USAGE, type LoadPlan, readLoadArguments } from "./load/load_arguments.ts";
import type { ClientSurroundings } from "./load/load_client.ts";
import { LoadFigures } from "./load/load_figures.ts";
import { loadHtml } from "./load/load_html.ts";
import { type LoadReport, loadReport, reportTable } from "./load/load_report.ts";
import { listenByPoll } from "./load/poll_listener.ts";
import { runCourse } from "./load/load_course.ts";
import { whySilent } from "./load/silence.ts";
import { startWitness } from "./load/start_witness.ts";
import { MessageReader } from "./load/read_message.ts";
import { ServerWatch } from "./load/server_watch.ts";
import { listenBySse } from "./load/sse_listener.ts";
import { mostClients, runLengthMs } from "./load/stages.ts";
import { listenByWebSocket } from "./load/websocket_listener.ts";
import type { Stretch } from "./load/witness.ts";

/** What the program is given. */
export interface LoadDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Takes lines for the person who started it. */
  readonly print: (line: string) => void;
  /** Aborts when the run should end early; what was measured by then is reported. */
  readonly signal: AbortSignal;
}

/** Runs to the end of its stages. Answers the exit code: 0 passed, 1 not passed, 2 wrong arguments. */
export async function runLoad(args: readonly string[], deps: LoadDeps): Promise<number> {
  try {
    const plan = readLoadArguments(args);
    if (plan === undefined) {
      deps.print(LOAD_USAGE);
      return 0;
    }
    const report = await carryOutLoad(plan, deps);
    deps.print(reportTable(report));
    if (plan.jsonFile !== undefined) await Deno.writeTextFile(plan.jsonFile, JSON.stringify(report, null, 1));
    if (plan.htmlFile !== undefined) await Deno.writeTextFile(plan.htmlFile, loadHtml(report));
    return report.passed ? 0 : 1;
  } catch (error) {
    deps.print(error instanceof TickcastError ? error.message : describeError(error));
    return error instanceof TickcastError && error.code === "SETTINGS" ? 2 : 1;
  }
}

/** One run: clients, witness, watch and the notes of its course. @throws {TickcastError} when nobody is let in */
export async function carryOutLoad(plan: LoadPlan, deps: LoadDeps): Promise<LoadReport> {
  const { clock } = deps;
  const figures = new LoadFigures();
  const stretches: Stretch[] = [];
  const around: ClientSurroundings = {
    ...deps,
    figures,
    reader: new MessageReader(),
    listen: { ws: listenByWebSocket, sse: listenBySse, poll: listenByPoll },
    onStretch: (stretch) => void stretches.push(stretch),
  };
  const token = plan.tokenFile === undefined ? undefined : (await Deno.readTextFile(plan.tokenFile)).trim();
  const startedAt = new Date(clock.now()).toISOString();
  const startedMs = clock.monotonic();
  const witness = await startWitness(plan, around, token, deps.signal);
  const watch = new ServerWatch(plan.metricsUrls, plan.pids, clock);
  const fleet = new Fleet(plan, around, token);
  deps.print(
    `  ${mostClients(plan.stages)} clients at most, ${Math.round(runLengthMs(plan.stages) / 1000)} s, to ${
      plan.urls.join(" and ")
    }`,
  );
  await runCourse(plan, deps, figures, fleet, watch);
  await fleet.stop();
  await witness?.settle(stretches, figures);
  const silence = figures.totals.events === 0 ? await whySilent(plan, token) : undefined;
  return loadReport(plan, figures, watch, {
    silence,
    startedAt,
    seconds: Math.round((clock.monotonic() - startedMs) / 1000),
    machine: {
      cores: navigator.hardwareConcurrency,
      memoryBytes: Deno.systemMemoryInfo().total,
      os: `${Deno.build.os} ${Deno.build.arch}`,
      deno: Deno.version.deno,
    },
  });
}
