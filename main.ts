/**
 * The door: reads the environment, wires one or more roles, owns signals and exit codes. Nothing else does.
 *
 *     main.ts                    serve, in the role of ROLE
 *     main.ts simulate [flags]   an upstream that behaves like Massive
 *     main.ts reference KIND     the settings as Markdown (`settings`) or as an example environment (`env`)
 *
 * Exit codes: 0 stopped as asked, 1 failed, 2 wrong settings or arguments.
 */
import { type Clock, type Random, systemClock, systemRandom } from "./src/feed/clock.ts";
import { describeError } from "./src/feed/error.ts";
import { createLog, type Log } from "./src/feed/log.ts";
import { readSettings } from "./src/feed/settings/read_settings.ts";
import { describeProblem, type Environment, shownSettings } from "./src/feed/settings/read_values.ts";
import type { Settings } from "./src/feed/settings/settings.ts";
import { loadPages } from "./src/dashboard/pages.ts";
import { type Edge, startEdge } from "./src/edge/start_edge.ts";
import { healthEndpoint } from "./src/ingest/health_endpoint.ts";
import { type Ingest, startIngest } from "./src/ingest/start_ingest.ts";
import { envExample, settingsMarkdown } from "./src/operations/settings_reference.ts";
import { SIGNAL_THRESHOLDS } from "./src/signals/signal_thresholds.ts";
import { runSimulate } from "./src/simulator/run_simulate.ts";
import { type Simulator, startSimulator } from "./src/simulator/start_simulator.ts";
import { openStore } from "./src/store/open_store.ts";

/** Release, as health and logs tell it. */
export const VERSION = "0.1.0";

/** What a process is made with; tests give their own. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** A running process. */
export interface Tickcast {
  /** Where it listens. */
  readonly port: number;
  readonly edge: Edge | undefined;
  readonly ingest: Ingest | undefined;
  readonly simulator: Simulator | undefined;
  /** Rereads universes. */
  reload(): Promise<void>;
  /** Drains clients, appends what is queued, gives up the lease. Safe to call twice. */
  stop(): Promise<void>;
}

/** The in-process simulator waits while a channel of ingest is over half full. */
const SIMULATOR_PRESSURE_LIMIT = 0.5;

function simulatorFor(settings: Settings, around: Surroundings, pressure: () => number): Promise<Simulator> {
  const { seed, symbols, rate, replayFile, speed } = settings.simulator;
  return startSimulator(
    {
      host: "127.0.0.1",
      port: 0,
      seed,
      symbols,
      rate,
      replayFile,
      speed,
      feedsExpected: feedsOf(settings),
      mayContinue: () => pressure() < SIMULATOR_PRESSURE_LIMIT,
    },
    { ...around, log: around.log.child("simulator") },
  );
}

/** The feeds ingest will connect to: a replay begins once all of them have subscribed. */
function feedsOf(settings: Settings): readonly string[] {
  const { frequencies, markets } = settings.ingest;
  const realtime = frequencies.some((frequency) => frequency !== "fmv");
  return markets.flatMap((
    market,
  ) => [...(realtime ? [market] : []), ...(frequencies.includes("fmv") ? [`business/${market}`] : [])]);
}

/** Starts what the settings ask for. Rejects when the port is taken or our own state is broken. */
export async function startTickcast(settings: Settings, around: Surroundings): Promise<Tickcast> {
  const { clock, random, log } = around;
  await using onFailure = new AsyncDisposableStack();
  const store = onFailure.use(
    await openStore(settings.store, {
      clock,
      random,
      log: log.child("store"),
      keyPrefix: settings.keyPrefix,
    }),
  );
  const instance = crypto.randomUUID().slice(0, 8);
  let ingest: Ingest | undefined;
  let simulator: Simulator | undefined;
  if (settings.role !== "edge") {
    if (settings.simulated) {
      const started = simulator = await simulatorFor(settings, around, () => ingest?.pressure() ?? 1);
      onFailure.defer(() => started.stop());
    }
    const upstream = simulator &&
      { apiKey: "simulator", realtimeUrl: simulator.url, businessUrl: `${simulator.url}/business` };
    ingest = startIngest({
      settings,
      store,
      clock,
      random,
      log: log.child("ingest"),
      instance,
      version: VERSION,
      upstream,
    });
    const started = ingest;
    onFailure.defer(() => started.stop());
  }
  const { port, edge, server } = await listen(settings, around, { store, ingest, instance });
  const stack = onFailure.move();
  stack.defer(() => server.stop());
  let stopping: Promise<void> | undefined;
  return {
    port,
    edge,
    ingest,
    simulator,
    reload: async () => void await ingest?.reload(),
    stop: () => stopping ??= stack.disposeAsync(),
  };
}

interface Listening {
  readonly port: number;
  readonly edge: Edge | undefined;
  readonly server: { stop(): Promise<void> };
}

/** Clients are served by an edge; ingest alone answers health only. */
async function listen(
  settings: Settings,
  { clock, random, log }: Surroundings,
  parts: { store: Awaited<ReturnType<typeof openStore>>; ingest: Ingest | undefined; instance: string },
): Promise<Listening> {
  const { store, ingest, instance } = parts;
  if (settings.role === "ingest" && ingest) {
    const server = Deno.serve(
      { hostname: settings.host, port: settings.port, onListen: () => {} },
      healthEndpoint(ingest),
    );
    return { port: server.addr.port, edge: undefined, server: { stop: () => server.shutdown() } };
  }
  const edge = startEdge({
    settings,
    store,
    clock,
    random,
    log: log.child("edge"),
    edgeId: instance,
    version: VERSION,
    pages: await loadPages(),
  });
  const { port } = await edge.serve(settings.host, settings.port);
  return { port, edge, server: { stop: () => edge.drain() } };
}

const print = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(line));
const complain = (line: string) => Deno.stderr.writeSync(new TextEncoder().encode(line));

/** Resolves with the first signal that asks the process to end. */
function untilAskedToStop(onReload: () => void): Promise<Deno.Signal> {
  Deno.addSignalListener("SIGHUP", onReload);
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.addSignalListener(signal, () => resolve(signal));
    }
  });
}

async function serve(environment: Environment): Promise<number> {
  const onDeploy = environment["DENO_DEPLOY"] !== undefined ||
    environment["DENO_DEPLOYMENT_ID"] !== undefined;
  const reading = readSettings(environment, {
    signalThresholds: SIGNAL_THRESHOLDS.map((one) => one.key),
    onDeploy,
  });
  if (!reading.ok) {
    complain(
      `Cannot start as ${
        reading.problems.length === 1 ? "a setting is" : `${reading.problems.length} settings are`
      } wrong:\n`,
    );
    for (const problem of reading.problems) complain(`  ${describeProblem(problem)}\n`);
    return 2;
  }
  const { settings } = reading;
  const log = createLog({
    level: settings.logLevel,
    write: print,
    clock: systemClock,
    secrets: settings.secrets,
  });
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("unhandled_rejection", { error: describeError(event.reason) });
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    log.error("uncaught_error", { error: describeError(event.error) });
  });
  log.info("start", {
    version: VERSION,
    deno: Deno.version.deno,
    role: settings.role,
    store: settings.store.transport,
    simulated: settings.simulated,
    ...shownSettings(environment),
  });
  try {
    const tickcast = await startTickcast(settings, { clock: systemClock, random: systemRandom, log });
    const host = settings.host === "0.0.0.0" || settings.host === "127.0.0.1" ? "localhost" : settings.host;
    log.info("listening", {
      url: `http://${host}:${tickcast.port}`,
      ...(settings.simulated ? { note: "SIMULATED data: set MASSIVE_API_KEY for the real upstream" } : {}),
    });
    const signal = await untilAskedToStop(() =>
      tickcast.reload().catch((error) => log.error("reload_failed", { error: describeError(error) }))
    );
    log.info("stopping", { signal });
    await tickcast.stop();
    log.info("stop", { signal });
    return 0;
  } catch (error) {
    log.error("failed", { error: describeError(error) });
    return 1;
  }
}

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  const thresholds = SIGNAL_THRESHOLDS.map((one) => ({
    name: `SIGNAL_${one.key.toUpperCase()}`,
    fallback: one.fallback,
    help: one.help,
  }));
  switch (command) {
    case undefined:
      return await serve(Deno.env.toObject());
    case "simulate":
      return await runSimulate(rest, {
        clock: systemClock,
        random: systemRandom,
        print,
        complain,
        untilStopped: untilAskedToStop(() => {}),
      });
    case "reference":
      print(rest[0] === "env" ? envExample(thresholds) : settingsMarkdown(thresholds));
      return 0;
    default:
      complain(
        `Cannot run as the command must be one of simulate, reference, or none: current value is ${command}\n`,
      );
      return 2;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
