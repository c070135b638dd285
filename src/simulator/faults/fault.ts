/** What a misbehaviour is made of. Each is one entry of a list in this folder; `fault_table.ts` has them all. */
import { z } from "zod";
import type { Clock } from "../../feed/clock.ts";
import { TickcastError } from "../../feed/error.ts";
import { CLUSTERS } from "../feed_path.ts";
import type { MarketGenerator } from "../generator/generator.ts";
import type { ConnectionFilter, Hub } from "../hub.ts";
import type { Behaviour } from "../protocol/behaviour.ts";
import type { QuotaBook } from "../protocol/quota.ts";
import type { ControlAnswer } from "../simulator_options.ts";

/** What a fault may touch. */
export interface FaultWorld {
  readonly behaviour: Behaviour;
  readonly hub: Hub;
  readonly quota: QuotaBook;
  readonly clock: Clock;
  /** Undefined while replaying. */
  readonly generator: MarketGenerator | undefined;
  /** Aborts when the simulator stops. */
  readonly signal: AbortSignal;
}

/** A misbehaviour, ready to be asked for. */
export interface Fault {
  /** Its numbers in the list of known misbehaviours of the real service. */
  readonly numbers: readonly number[];
  readonly name: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  readonly params: z.ZodType;
  /** Checks the parameters and does it; answers the problems when they are wrong. */
  run(
    world: FaultWorld,
    params: unknown,
  ): Omit<ControlAnswer, "fault"> | { readonly problems: readonly string[] };
}

/** Defines a fault with typed parameters. */
export function fault<Shape extends z.ZodRawShape>(definition: {
  readonly numbers: readonly number[];
  readonly name: string;
  readonly summary: string;
  readonly params: Shape;
  readonly run: (
    world: FaultWorld,
    params: z.output<z.ZodObject<Shape, z.core.$strict>>,
  ) => Omit<ControlAnswer, "fault"> | void;
}): Fault {
  const { numbers, name, summary } = definition;
  const params = z.strictObject(definition.params);
  return {
    numbers,
    name,
    summary,
    params,
    run(world, given) {
      const read = params.safeParse(given);
      if (read.success) return definition.run(world, read.data) ?? {};
      return {
        problems: read.error.issues.map((issue) => `${issue.path.join(".") || "command"}: ${issue.message}`),
      };
    },
  };
}

/** Parameters that choose connections; none given: all. */
export const whereParams = {
  connection: z.number().int().positive().optional(),
  host: z.enum(["realtime", "business"]).optional(),
  market: z.enum(CLUSTERS).optional(),
  account: z.string().optional(),
};

/** Does something to the chosen connections and says which. */
export function onConnections(
  world: FaultWorld,
  where: ConnectionFilter,
  act: (connection: ReturnType<Hub["matching"]>[number]) => void,
): Pick<ControlAnswer, "connections"> {
  const chosen = world.hub.matching(where);
  for (const connection of chosen) act(connection);
  return { connections: chosen.map((connection) => connection.id) };
}

/** A count of times something happens. */
export const Times = z.number().int().min(1).max(1_000_000).default(1);
/** A duration in ms; a day at most. */
export const DurationMs = z.number().min(0).max(86_400_000);

/**
 * The generated market, for faults that need one.
 * @throws {TickcastError} CONFLICT while replaying: a recording's events are not to be mixed with made-up ones.
 */
export function needGenerator(world: FaultWorld): MarketGenerator {
  if (world.generator) return world.generator;
  throw new TickcastError("CONFLICT", "Cannot make up trades as a recording is being replayed");
}
