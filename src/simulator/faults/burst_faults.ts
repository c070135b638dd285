/** Too much at once: the minute's bars, the opening bell, frames larger than clients like. */
import { z } from "zod";
import { isAbort } from "../../feed/clock.ts";
import { MARKETS } from "../../feed/wire_fields.ts";
import { burstBars } from "../generator/burst_bars.ts";
import { STEP_MS } from "../generator/generator_options.ts";
import type { OutboundEvent } from "../hub.ts";
import { DurationMs, type Fault, fault, type FaultWorld, needGenerator } from "./fault.ts";

/** Publishes `next(n)` every {@link STEP_MS} for so many steps. */
async function overTime(
  world: FaultWorld,
  steps: number,
  next: (step: number) => readonly OutboundEvent[],
): Promise<void> {
  try {
    for (let step = 0; step < steps; step++) {
      world.hub.publish(next(step));
      await world.clock.sleep(STEP_MS, world.signal);
    }
  } catch (error) {
    if (!isAbort(error, world.signal)) throw error;
  }
}

/** See the module. */
export const burstFaults: readonly Fault[] = [
  fault({
    numbers: [15],
    name: "minute_burst",
    summary:
      "Bars of the last minute (or second, as an overlapping burst) for so many names nobody else trades.",
    params: {
      symbols: z.number().int().min(1).max(20_000).default(8000),
      within_ms: DurationMs.default(300),
      width: z.enum(["minute", "second"]).default("minute"),
    },
    run: (world, { symbols, within_ms, width }) => {
      const bars = burstBars(symbols, world.generator?.now ?? world.clock.now(), width);
      const steps = Math.max(1, Math.ceil(within_ms / STEP_MS));
      const perStep = Math.ceil(bars.length / steps);
      void overTime(world, steps, (step) => bars.slice(step * perStep, (step + 1) * perStep));
      return { events: bars.length };
    },
  }),
  fault({
    numbers: [18],
    name: "open_burst",
    summary: "So many more trades a second for a while.",
    params: {
      events_per_second: z.number().int().min(1).max(200_000).default(20_000),
      duration_ms: DurationMs.default(1000),
      market: z.enum(MARKETS).default("stocks"),
    },
    run: (world, { events_per_second, duration_ms, market }) => {
      const generator = needGenerator(world);
      const perStep = Math.ceil(events_per_second * STEP_MS / 1000);
      const steps = Math.max(1, Math.ceil(duration_ms / STEP_MS));
      void overTime(world, steps, () => generator.extraTrades(market, perStep));
      return { events: perStep * steps };
    },
  }),
  fault({
    numbers: [18],
    name: "big_frame",
    summary: "One frame of at least so many bytes of trades; over 1 MB breaks clients with the usual limit.",
    params: {
      bytes: z.number().int().min(1000).max(8_000_000).default(1_200_000),
      market: z.enum(MARKETS).default("stocks"),
      symbol: z.string().optional(),
    },
    run: (world, { bytes, market, symbol }) => {
      const generator = needGenerator(world);
      const events: OutboundEvent[] = [];
      for (let size = 0; size < bytes;) {
        const made = generator.extraTrades(market, 100, symbol);
        if (made.length === 0) break;
        events.push(...made);
        size += made.reduce((sum, event) => sum + event.text.length + 1, 0);
      }
      const usual = world.behaviour.frameMaxBytes;
      world.behaviour.frameMaxBytes = bytes * 2;
      world.hub.publish(events);
      world.behaviour.frameMaxBytes = usual;
      return { events: events.length };
    },
  }),
];
