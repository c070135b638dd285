/** The one client that filters nothing, from before the first of the others until after the last. */
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
  const shape = {
    transport: "ws" as const,
    url: plan.urls[0] ?? "",
    streams: plan.streams,
    symbols: undefined,
  };
  const quirks = { isSlow: false, isFlapping: false, token };
  const client = new LoadClient({ ...shape, ...quirks }, around, witness);
  const stop = new AbortController();
  const done = client.run(stop.signal);
  const limit = new AbortController();
  const late = clock.sleep(WITNESS_LIMIT_MS, AbortSignal.any([limit.signal, signal])).then(
    () => "late",
    () => "late",
  );
  const isLate = await Promise.race([client.ready.promise, late]) === "late";
  limit.abort();
  if (isLate) {
    stop.abort();
    await done;
    throw new TickcastError(
      "STORE_UNAVAILABLE",
      `Cannot load as nobody is let in: current address is ${shape.url}`,
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
