/**
 * Puts the simulator together: one port, the accounts, the market (generated or replayed) and the faults. Everything it
 * starts ends with `stop()`.
 */
import { type Clock, isAbort, type Random } from "../feed/clock.ts";
import { describeError } from "../feed/error.ts";
import type { Log } from "../feed/log.ts";
import { Connection } from "./connection.ts";
import { answerControl } from "./control_route.ts";
import { applyFault } from "./faults/fault_table.ts";
import type { FaultWorld } from "./faults/fault.ts";
import { FlowControl } from "./flow_control.ts";
import { MarketGenerator } from "./generator/generator.ts";
import { driveGenerator } from "./generator/generator_driver.ts";
import { Hub } from "./hub.ts";
import { parseAccounts } from "./protocol/accounts.ts";
import { normalBehaviour } from "./protocol/behaviour.ts";
import { QuotaBook } from "./protocol/quota.ts";
import { replay, type ReplaySummary } from "./replay/replayer.ts";
import { seededRandom } from "./seeded_random.ts";
import {
  DEFAULT_ACCOUNTS,
  generatorOptions,
  type ReplayOptions,
  type Simulator,
  type SimulatorOptions,
  type SimulatorState,
} from "./simulator_options.ts";
import { openPort } from "./upgrade_server.ts";

const DEFAULT_GRACE_MS = 5000;
const DEFAULT_SETTLE_MS = 500;

/** What a simulator needs of its surroundings. */
export interface SimulatorDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** For the `random` quota policy only; default: from the seed. */
  readonly random?: Random | undefined;
}

/**
 * Starts a simulator; it listens when the promise resolves.
 * @throws {TickcastError} SETTINGS for accounts that are wrong or a port that is taken.
 */
export async function startSimulator(options: SimulatorOptions, deps: SimulatorDeps): Promise<Simulator> {
  const { clock, log } = deps;
  const generating = generatorOptions(options);
  const behaviour = { ...normalBehaviour(), ...options.behaviour };
  const accounts = options.accounts === undefined ? DEFAULT_ACCOUNTS : parseAccounts(options.accounts);
  const hub = new Hub();
  const quota = new QuotaBook(clock, deps.random ?? seededRandom(generating.seed));
  const stopping = new AbortController();
  const counts = { accepted: 0, refusedUpgrades: 0, events: 0 };
  let lastSubscribedAt: number | undefined;

  const generator = options.replay ? undefined : new MarketGenerator(generating, clock.now(), behaviour);
  const world: FaultWorld = { behaviour, hub, quota, clock, generator, signal: stopping.signal };
  const state = (): SimulatorState => ({
    connections: hub.states,
    slots: quota.taken,
    ...counts,
    now: generator?.now ?? null,
  });
  const control = (command: Readonly<Record<string, unknown>>) => applyFault(world, command);

  const port = await openPort({ host: options.host ?? "127.0.0.1", port: options.port ?? 0 }, {
    refusal: () => refusalNow(behaviour),
    onRefused: () => counts.refusedUpgrades++,
    onHttp: (request, response) => void answerControl(request, response, { state, control }),
    onSocket: (path, socket, tcp) => {
      hub.add(
        new Connection(++counts.accepted, path, socket, tcp, {
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
        }),
      );
    },
  });

  const flow = new FlowControl(hub, clock, options.mayContinue ?? (() => true));
  const speed = options.speed ?? 1;
  const running = generator
    ? driveGenerator(generator, { hub, clock, flow }, speed, stopping.signal)
    : replayOf(options.replay, speed, {
      hub,
      clock,
      flow,
      log,
      lastSubscribedAt: () => lastSubscribedAt,
    }, stopping.signal);
  const ended = running.then(() => {}, (error: unknown) => {
    if (!isAbort(error, stopping.signal)) log.error("simulator_failed", { reason: describeError(error) });
  });
  const stop = async () => {
    stopping.abort();
    for (const connection of hub.connections) connection.cut("stopping");
    quota.stop();
    await Promise.all([port.close(), ended]);
  };
  return {
    url: `ws://${options.host ?? "127.0.0.1"}:${port.port}`,
    port: port.port,
    state,
    control,
    replayDone: replayResult(running),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** What the next upgrade is refused with, if it is. */
function refusalNow(
  behaviour: { upgradeRefusal: FaultWorld["behaviour"]["upgradeRefusal"] },
): number | "reset" | undefined {
  const refusal = behaviour.upgradeRefusal;
  if (!refusal) return undefined;
  refusal.remaining--;
  if (refusal.remaining <= 0) behaviour.upgradeRefusal = undefined;
  return refusal.status;
}

function replayOf(
  options: ReplayOptions | undefined,
  speed: number,
  deps: Parameters<typeof replay>[1],
  signal: AbortSignal,
): Promise<ReplaySummary | void> {
  if (!options) return Promise.resolve();
  const graceMs = options.graceMs ?? (options.waitForFeeds ? Infinity : DEFAULT_GRACE_MS);
  const start = { feeds: options.waitForFeeds, graceMs, settleMs: options.settleMs ?? DEFAULT_SETTLE_MS };
  return replay({ path: options.file, speed, start }, deps, signal);
}

/** The summary when there was a replay; a promise nobody has to await. */
function replayResult(running: Promise<ReplaySummary | void>): Promise<ReplaySummary> {
  const result = new Promise<ReplaySummary>((resolve, reject) => {
    running.then((summary) => summary && resolve(summary), reject);
  });
  result.catch(() => {/* told in the log already */});
  return result;
}
