/** A real ingest on a real simulator over real sockets, lists in memory, time running faster. */
import { assert } from "@std/assert";
import type { Clock } from "../../src/feed/clock.ts";
import type { ConnectionHealth } from "../../src/feed/health.ts";
import type { FeedStore } from "../../src/feed/store.ts";
import { type Ingest, startIngest } from "../../src/ingest/start_ingest.ts";
import type { Simulator, SimulatorOptions } from "../../src/simulator/simulator_options.ts";
import { startSimulator } from "../../src/simulator/start_simulator.ts";
import { type SocketOpener, socketOpener } from "../../src/ingest/upstream/upstream_socket.ts";
import { createMemoryStore } from "../../src/store/memory/memory_store.ts";
import { fastClock } from "./fast_clock.ts";
import { settingsOf } from "./ingest_scene.ts";
import { type LoggedLine, recordingLog } from "./recording_log.ts";

/** How much faster than real the tests' time runs, unless told. */
export const FACTOR = 10;
/** What is waited for comes within this, real ms, or the test fails. */
const PATIENCE_MS = 45_000;
const LOOK_MS = 5;

/** The pair. */
export interface SimulatedIngest extends AsyncDisposable {
  readonly clock: Clock;
  readonly simulator: Simulator;
  readonly ingest: Ingest;
  readonly store: FeedStore;
  readonly lines: readonly LoggedLine[];
  /** The n-th connection's health. */
  connection(n?: number): ConnectionHealth;
  /** Whys of the losses and refusals logged so far. */
  whys(): readonly unknown[];
}

/** Waits until something is so. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!await condition()) {
    assert(performance.now() < deadline, `it never came to be: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Real sockets, with an ear on what is sent. */
function listenedTo(open: SocketOpener, onSent: (text: string) => void): SocketOpener {
  return async (...args) => {
    const outcome = await open(...args);
    if (!outcome.ok) return outcome;
    const { socket } = outcome;
    const send = socket.send.bind(socket);
    socket.send = (text) => {
      onSent(text);
      send(text);
    };
    return outcome;
  };
}

/** Starts both; `onSent` hears what ingest says to the upstream; `before` may turn the simulator's knobs while nobody is connected yet. */
export async function simulatedIngest(
  environment: Record<string, string>,
  options: SimulatorOptions = {},
  before: (simulator: Simulator) => void = () => {},
  factor = FACTOR,
  onSent: (text: string) => void = () => {},
): Promise<SimulatedIngest> {
  const clock = fastClock(factor);
  const { log, lines } = recordingLog();
  const simulator = await startSimulator({
    symbols: 20,
    cryptoPairs: 4,
    alwaysOpen: true,
    seed: 7,
    ...options,
  }, {
    clock,
    log: recordingLog().log,
  });
  before(simulator);
  const store = createMemoryStore(clock);
  const ingest = await startIngest({
    settings: settingsOf({ DATA_FREQUENCIES: "tick", ...environment }),
    store,
    clock,
    random: () => 0.5,
    log,
    instance: "a",
    version: "test",
    upstream: { realtimeUrl: simulator.url, businessUrl: `${simulator.url}/business`, apiKey: "simulator" },
    open: listenedTo(socketOpener(clock), onSent),
  });
  return {
    clock,
    simulator,
    ingest,
    store,
    lines,
    connection(n = 0) {
      const found = ingest.health().connections[n];
      assert(found !== undefined, `there is no connection ${n}`);
      return found;
    },
    whys: () =>
      lines.filter((line) => line.event === "upstream_disconnect" || line.event === "upstream_refused")
        .map((line) => line.fields.why),
    async [Symbol.asyncDispose]() {
      await ingest.stop();
      await simulator.stop();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** Waits until the n-th connection is connected and brings events. */
export async function flowing(world: SimulatedIngest, n = 0): Promise<void> {
  const before = world.connection(n).events;
  await until(`connection ${n} flows`, () => {
    const { status, events } = world.connection(n);
    return status === "connected" && events > before;
  });
}
