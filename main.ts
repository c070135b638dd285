/**
 * The door: reads the environment, wires one or more roles, owns signals and exit codes. Nothing else does.
 *
 *     main.ts                    serve, in the role of ROLE
 *     main.ts simulate [flags]   an upstream that behaves like Massive
 *     main.ts load [flags]       many clients against a running service, every event checked
 *     main.ts doctor             settings, machine, Redis, upstream: what stands in the way
 *     main.ts soak [flags]       hours at the market's pace, checked
 *     main.ts live               what needs accounts, checked where there are some
 *     main.ts reference KIND     the settings as Markdown (`settings`) or as an example environment (`env`)
 *
 * Exit codes: 0 stopped as asked, 1 failed, 2 wrong settings or arguments.
 */
import { type Clock, type Random, systemClock, systemRandom } from "./src/feed/clock.ts";
import { describeError, TickcastError } from "./src/feed/error.ts";
import { createLog, type Log, silentLog } from "./src/feed/log.ts";
import { readSettings, type SettingsReading } from "./src/feed/settings/read_settings.ts";
import { describeProblem, type Environment, shownSettings } from "./src/feed/settings/read_values.ts";
import type { Settings } from "./src/feed/settings/settings.ts";
import type { FeedStore } from "./src/feed/store.ts";
import { runtimeTracing, type Tracing } from "./src/feed/tracing.ts";
import { loadPages } from "./src/dashboard/pages.ts";
import { type Edge, startEdge } from "./src/edge/start_edge.ts";
import { healthEndpoint } from "./src/ingest/health_endpoint.ts";
import { type Ingest, startIngest } from "./src/ingest/start_ingest.ts";
import {
  isOperatorCommand,
  OPERATOR_COMMANDS,
  runOperatorCommand,
} from "./src/operations/operator_command.ts";
import { envExample, settingsMarkdown } from "./src/operations/settings_reference.ts";
import { SIGNAL_THRESHOLDS } from "./src/signals/signal_thresholds.ts";
import { builtInHeatmapSymbols, builtInUpstream, startBuiltIn } from "./src/simulator/built_in.ts";
import { runSimulate } from "./src/simulator/run_simulate.ts";
import type { Simulator } from "./src/simulator/simulator_options.ts";
import { openStore } from "./src/store/open_store.ts";
import { traceStore } from "./src/store/trace_store.ts";

/** Release, as health and logs tell it. */
export const VERSION = "0.1.0";

/** What a process is made with; tests give their own. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** A running process. */
export interface Tickcast extends AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
  readonly edge: Edge | undefined;
  readonly ingest: Ingest | undefined;
  readonly simulator: Simulator | undefined;
  /** Rejects when something of our own is broken: the process should end. */
  readonly failed: Promise<never>;
}

/**
 * Starts what the settings ask for; disposing drains clients, appends what is queued and gives up the lease.
 * Rejects when the port is taken or the plan is refused.
 */
export async function startTickcast(settings: Settings, around: Surroundings): Promise<Tickcast> {
  const { clock, random, log } = around;
  const instance = crypto.randomUUID().slice(0, 8);
  await using started = new AsyncDisposableStack();
  const tracing = runtimeTracing(clock, VERSION);
  const plainStore = started.use(
    await openStore(settings.store, {
      clock,
      random,
      log: log.child("store"),
      keyPrefix: settings.keyPrefix,
    }),
  );
  const store = tracing === undefined ? plainStore : traceStore(plainStore, tracing);
  let ingest: Ingest | undefined;
  let simulator: Simulator | undefined;
  if (settings.role !== "edge") {
    if (settings.simulated) {
      const pressure = () => ingest?.pressure() ?? 1;
      simulator = started.use(await startBuiltIn(settings, { clock, log: log.child("simulator"), pressure }));
    }
    const options = {
      settings,
      store,
      clock,
      random,
      log: log.child("ingest"),
      instance,
      version: VERSION,
      upstream: simulator && builtInUpstream(simulator),
      tracing,
      heatmapDefault: builtInHeatmapSymbols(settings),
    };
    ingest = started.adopt(await startIngest(options), (one) => one.stop());
  }
  const { port, edge } = await listen(settings, around, started, { store, ingest, instance, tracing });
  const failed = (ingest?.done ?? new Promise<never>(() => {})).then(() => new Promise<never>(() => {}));
  const running = started.move();
  return { port, edge, ingest, simulator, failed, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** What {@link listen} serves from. */
interface Serving {
  readonly store: FeedStore;
  readonly ingest: Ingest | undefined;
  readonly instance: string;
  readonly tracing: Tracing | undefined;
}

/** Clients are served by an edge; ingest alone answers for its health only. */
async function listen(
  settings: Settings,
  { clock, random, log }: Surroundings,
  started: AsyncDisposableStack,
  { store, ingest, instance, tracing }: Serving,
): Promise<{ port: number; edge: Edge | undefined }> {
  const { host, port } = settings;
  if (settings.role === "ingest" && ingest) {
    const server = started.adopt(
      Deno.serve({ hostname: host, port, onListen: () => {} }, healthEndpoint(ingest)),
      (one) => one.shutdown(),
    );
    return { port: server.addr.port, edge: undefined };
  }
  const options = {
    settings,
    store,
    clock,
    random,
    log: log.child("edge"),
    edgeId: instance,
    version: VERSION,
    pages: await loadPages(),
    tracing,
    memoryBytes: () => Deno.memoryUsage().rss,
  };
  const edge = started.adopt(startEdge(options), (one) => one.drain());
  const { adminPort } = settings.edge;
  if (adminPort !== undefined) {
    const admin = await edge.serveAdmin(host, adminPort);
    log.info("admin_listening", { port: admin.port });
  }
  return { port: (await edge.serve(host, port)).port, edge };
}

/** Whoever read our output may be gone (`| head`): that ends the output, not the service. */
const write = (to: typeof Deno.stdout | typeof Deno.stderr) => (text: string) => {
  try {
    to.writeSync(new TextEncoder().encode(text));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
};
const print = write(Deno.stdout);
const complain = write(Deno.stderr);

/** Resolves with the first signal that asks the process to end. */
function untilAskedToStop(): Promise<Deno.Signal> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.addSignalListener(signal, () => resolve(signal));
    }
  });
}

/** A throw that nobody caught costs what threw it, never the process (platform: a throw in a socket's handler ends it). */
function surviveStrayErrors(log: Log): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("unhandled_rejection", { error: describeError(event.reason) });
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    log.error("uncaught_error", { error: describeError(event.error) });
  });
}

function refuse(problems: readonly string[]): number {
  complain(
    `Cannot start as ${problems.length === 1 ? "a setting is" : `${problems.length} settings are`} wrong:\n`,
  );
  for (const problem of problems) complain(`  ${problem}\n`);
  return 2;
}

function readingOf(environment: Environment): SettingsReading {
  const onDeploy = environment["DENO_DEPLOY"] !== undefined ||
    environment["DENO_DEPLOYMENT_ID"] !== undefined;
  return readSettings(environment, {
    signalThresholds: SIGNAL_THRESHOLDS,
    onDeploy,
  });
}

async function serve(environment: Environment): Promise<number> {
  const reading = readingOf(environment);
  if (!reading.ok) return refuse(reading.problems.map(describeProblem));
  const { settings } = reading;
  const { role, simulated, store } = settings;
  const log = createLog({
    level: settings.logLevel,
    write: print,
    clock: systemClock,
    secrets: settings.secrets,
  });
  surviveStrayErrors(log);
  log.info("start", {
    version: VERSION,
    deno: Deno.version.deno,
    role,
    store: store.transport,
    simulated,
    ...shownSettings(environment),
  });
  try {
    await using tickcast = await startTickcast(settings, { clock: systemClock, random: systemRandom, log });
    Deno.addSignalListener(
      "SIGHUP",
      () =>
        tickcast.ingest?.reload().catch((error) =>
          log.error("reload_failed", { error: describeError(error) })
        ),
    );
    const url = `http://${
      ["0.0.0.0", "127.0.0.1"].includes(settings.host) ? "localhost" : settings.host
    }:${tickcast.port}`;
    log.info("listening", { url, simulated });
    if (Deno.stderr.isTerminal()) {
      complain(
        `\n  tickcast is at ${url}${
          simulated ? "  (a simulated market: set MASSIVE_API_KEY for the real one)" : ""
        }\n\n`,
      );
    }
    const signal = await Promise.race([untilAskedToStop(), tickcast.failed]);
    log.info("stopping", { signal });
  } catch (error) {
    if (error instanceof TickcastError && error.code === "SETTINGS") return refuse([error.message]);
    log.error("failed", { error: describeError(error) });
    return 1;
  }
  log.info("stop");
  return 0;
}

/** The whole service in this process, on a free port of the loopback, saying nothing but what goes wrong. */
async function startQuietly(): Promise<{ url: string } & AsyncDisposable> {
  const reading = readingOf({ ...Deno.env.toObject(), ROLE: "all", HOST: "127.0.0.1", PORT: "0" });
  if (!reading.ok) throw new TickcastError("SETTINGS", reading.problems.map(describeProblem).join("; "));
  const { settings } = reading;
  const log = createLog({ level: "warning", write: complain, clock: systemClock, secrets: settings.secrets });
  const whole = await startTickcast(settings, { clock: systemClock, random: systemRandom, log });
  return {
    url: `http://127.0.0.1:${whole.port}`,
    [Symbol.asyncDispose]: () => whole[Symbol.asyncDispose](),
  };
}

async function main([command, ...rest]: readonly string[]): Promise<number> {
  if (command === undefined) return await serve(Deno.env.toObject());
  if (command === "reference") {
    print(rest[0] === "env" ? envExample(SIGNAL_THRESHOLDS) : settingsMarkdown(SIGNAL_THRESHOLDS));
    return 0;
  }
  const stop = new AbortController();
  const deps = {
    clock: systemClock,
    random: systemRandom,
    print: (line: string) => print(`${line}\n`),
    signal: stop.signal,
  };
  if (command === "simulate" || isOperatorCommand(command)) untilAskedToStop().then(() => stop.abort());
  if (command === "simulate") return await runSimulate(rest, { ...deps, log: silentLog });
  if (isOperatorCommand(command)) {
    return await runOperatorCommand(command, rest, {
      ...deps,
      reading: readingOf(Deno.env.toObject()),
      startWhole: startQuietly,
    });
  }
  const known = ["simulate", ...OPERATOR_COMMANDS, "reference"].join(", ");
  complain(`Cannot run as the command must be ${known}, or none: current value is ${command}\n`);
  return 2;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
