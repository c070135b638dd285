/**
 * Runs the simulated market against the clock: every step when its time has come, N times faster when told to, or as
 * fast as its readers take it.
 */
import type { Clock } from "../../feed/clock.ts";
import type { FlowControl } from "../flow_control.ts";
import type { Hub } from "../hub.ts";
import type { MarketGenerator } from "./generator.ts";
import { STEP_MS } from "./generator_options.ts";

/** After a pause longer than this (a suspended machine) the market goes on from there instead of catching up. */
const CATCH_UP_MAX_MS = 5000;
/** Steps between two looks at the flow when there is no clock to keep. */
const FREE_STEPS = 4;

/** Generates until aborted. `speed` 0: as fast as the readers take it. */
export async function driveGenerator(
  generator: MarketGenerator,
  deps: { readonly hub: Hub; readonly clock: Clock; readonly flow: FlowControl },
  speed: number,
  signal: AbortSignal,
): Promise<void> {
  if (speed > 0) return await keepTime(generator, deps, speed, signal);
  while (!signal.aborted) {
    for (let n = 0; n < FREE_STEPS; n++) deps.hub.publish(generator.step());
    await deps.flow.untilTaken(signal);
  }
}

async function keepTime(
  generator: MarketGenerator,
  { hub, clock }: { readonly hub: Hub; readonly clock: Clock },
  speed: number,
  signal: AbortSignal,
): Promise<void> {
  let startedAt = clock.monotonic();
  let steps = 0;
  while (!signal.aborted) {
    const elapsed = clock.monotonic() - startedAt;
    const due = Math.floor(elapsed * speed / STEP_MS);
    if ((due - steps) * STEP_MS / speed > CATCH_UP_MAX_MS) {
      startedAt = clock.monotonic();
      steps = 0;
      continue;
    }
    for (; steps < due; steps++) hub.publish(generator.step());
    await clock.sleep(Math.max(1, startedAt + (steps + 1) * STEP_MS / speed - clock.monotonic()), signal);
  }
}
