/** The one client that filters nothing, from before the first of the others until after the last. */
import type { Clock } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";
import { judge } from "./judge_stretches.ts";
import type { LoadPlan } from "./load_arguments.ts";
import { type ClientSurroundings, LoadClient } from "./load_client.ts";
import type { LoadFigures } from "./load_figures.ts";
import { type Stretch, Witness } from "./witness.ts";

/** The witness must be in before the clients it speaks for. */
const WITNESS_LIMIT_MS = 10_000;
/** How often it is looked at. */
const STEP_MS = 100;
/** After the last client has gone the witness may take so long to get where they were. */
const SETTLE_LIMIT_MS = 5_000;

/** See {@link startWitness}. */
export interface RunningWitness {
  /** Waits until it has seen what the others saw, leaves, and judges their stretches. */
  settle(stretches: readonly Stretch[], figures: LoadFigures): Promise<void>;
}

/** Only clients that name symbols need one: undefined for others. @throws {TickcastError} STORE_UNAVAILABLE when it isn't let in */
export async function startWitness(
  plan: LoadPlan,
  around: ClientSurroundings,
  token: string | undefined,
  signal: AbortSignal,
): Promise<RunningWitness | undefined> {
  if (plan.symbols[0] === "*") return undefined;
  const { clock } = around;
  const witness = new Witness();
  const url = plan.urls[0] ?? "";
  const shape = { transport: "ws", url, streams: plan.streams, symbols: undefined, token } as const;
  const client = new LoadClient({ ...shape, isSlow: false, isFlapping: false }, around, witness);
  const stop = new AbortController();
  const done = client.run(stop.signal);
  if (!await isReady(client, clock, signal)) {
    stop.abort();
    await done;
    throw new TickcastError(
      "STORE_UNAVAILABLE",
      `Cannot load as nobody is let in: current address is ${url}`,
    );
  }
  return {
    async settle(stretches, figures) {
      const endMs = clock.monotonic() + SETTLE_LIMIT_MS;
      while (clock.monotonic() < endMs && !stretches.every((one) => witness.hasReached(one))) {
        await clock.sleep(STEP_MS);
      }
      stop.abort();
      await done;
      judge(stretches, witness, figures);
    },
  };
}

/** False when it isn't let in in time, or the run is ended before. */
async function isReady({ ready }: LoadClient, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const over = Promise.withResolvers<boolean>();
  using _limit = clock.timer(WITNESS_LIMIT_MS, () => over.resolve(false));
  const onAbort = () => over.resolve(false);
  signal.addEventListener("abort", onAbort, { once: true });
  const isIn = await Promise.race([ready.promise.then(() => true), over.promise]);
  signal.removeEventListener("abort", onAbort);
  return isIn;
}
