/**
 * Puts the simulator together: one port, the accounts, the market (generated or replayed) and the faults. Everything it
 * starts ends with `stop()`.
 */
import { type Clock, isAbort, type Random } from "../feed/clock.ts";
import { describeError } from "../feed/error.ts";
import type { Log } from "../feed/log.ts";
import { Connection, type ConnectionDeps } from "./connection.ts";
import { answerControl } from "./control_route.ts";
import { applyFault } from "./faults/fault_table.ts";
import { FlowControl } from "./flow_control.ts";
import { Hub } from "./hub.ts";
import { marketSource } from "./market_source.ts";
import { OPEN_ACCOUNTS, parseAccounts } from "./protocol/accounts.ts";
import { type Behaviour, normalBehaviour } from "./protocol/behaviour.ts";
import { QuotaBook } from "./protocol/quota.ts";
import type { ReplaySummary } from "./replay/replayer.ts";
import { seededRandom } from "./seeded_random.ts";
import {
  generatorOptions,
  type Simulator,
  type SimulatorOptions,
  type SimulatorState,
} from "./simulator_options.ts";
import { openPort } from "./upgrade_server.ts";

/** What a simulator needs of its surroundings. */
export interface SimulatorDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** For the `random` quota policy only; default: from the seed. */
  readonly random?: Random | undefined;
}

/** Only this machine, unless told. */
const DEFAULT_HOST = "127.0.0.1";

/**
 * Starts a simulator; it listens when the promise resolves.
 * @throws {TickcastError} SETTINGS for accounts that are wrong or a port that is taken.
 */
export async function startSimulator(options: SimulatorOptions, deps: SimulatorDeps): Promise<Simulator> {
  const { clock, log } = deps;
  const accounts = options.accounts === undefined ? OPEN_ACCOUNTS : parseAccounts(options.accounts);
  const behaviour: Behaviour = { ...normalBehaviour(), ...options.behaviour };
  const hub = new Hub();
  const quota = new QuotaBook(clock, deps.random ?? seededRandom(generatorOptions(options).seed));
  const flow = new FlowControl(hub, clock, options.mayContinue ?? (() => true));
  const counts = { accepted: 0, refusedUpgrades: 0, events: 0 };
  let lastSubscribedAt: number | undefined;
  const source = marketSource(options, behaviour, {
    hub,
    clock,
    flow,
    log,
    lastSubscribedAt: () => lastSubscribedAt,
  });
  const stopping = new AbortController();
  const world = { behaviour, hub, quota, clock, generator: source.generator, signal: stopping.signal };
  const connectionDeps: ConnectionDeps = {
    clock,
    log,
    accounts,
    behaviour,
    quota,
    onWritten: (connection, events) => {
      counts.events += events.length;
      options.onWritten?.(connection.id, events);
    },
    onSubscribed: () => lastSubscribedAt = clock.monotonic(),
    onClosed: (connection) => hub.remove(connection),
  };
  const state = (): SimulatorState => ({
    connections: hub.states,
    slots: quota.taken,
    ...counts,
    now: source.generator?.now ?? null,
  });
  const control: Simulator["control"] = (command) => applyFault(world, command);
  const host = options.host ?? DEFAULT_HOST;
  const port = await openPort({ host, port: options.port ?? 0 }, {
    refusal: () => nextRefusal(behaviour),
    onRefused: () => counts.refusedUpgrades++,
    onHttp: (request, response) => void answerControl(request, response, { state, control }),
    onSocket: (path, socket, tcp) =>
      hub.add(new Connection(++counts.accepted, path, socket, tcp, connectionDeps)),
  });
  const running = watch(source.run(stopping.signal), stopping.signal, log);
  const stop = async () => {
    stopping.abort();
    for (const connection of hub.connections) connection.cut("stopping");
    quota.stop();
    await Promise.all([port.close(), running.ended]);
  };
  const url = `ws://${host}:${port.port}`;
  return {
    url,
    port: port.port,
    state,
    control,
    replayDone: running.replayDone,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** What the next upgrade is refused with, if it is; counts it off. */
function nextRefusal(behaviour: Behaviour): number | "reset" | undefined {
  const refusal = behaviour.upgradeRefusal;
  if (!refusal) return undefined;
  refusal.remaining--;
  if (refusal.remaining <= 0) behaviour.upgradeRefusal = undefined;
  return refusal.status;
}

/** Follows the source: `ended` always resolves, `replayDone` settles with a replay's outcome, told in the log too. */
function watch(
  run: Promise<ReplaySummary | undefined>,
  signal: AbortSignal,
  log: Log,
): { readonly ended: Promise<void>; readonly replayDone: Promise<ReplaySummary> } {
  const { promise: replayDone, resolve, reject } = Promise.withResolvers<ReplaySummary>();
  replayDone.catch(() => {/* told in the log below; nobody has to await it */});
  const ended = run.then(
    (summary) => summary && resolve(summary),
    (error: unknown) => {
      if (isAbort(error, signal)) return;
      log.error("simulator_failed", { reason: describeError(error) });
      reject(error);
    },
  );
  return { ended, replayDone };
}
