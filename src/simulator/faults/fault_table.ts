/** Every misbehaviour by name, and the one way to ask for one. */
import { z } from "zod";
import { TickcastError } from "../../feed/error.ts";
import type { ControlAnswer } from "../simulator_options.ts";
import { normalBehaviour } from "../protocol/behaviour.ts";
import { burstFaults } from "./burst_faults.ts";
import { connectionFaults } from "./connection_faults.ts";
import { dataFaults } from "./data_faults.ts";
import { type Fault, fault, type FaultWorld } from "./fault.ts";
import { quotaFaults } from "./quota_faults.ts";
import { refusalFaults } from "./refusal_faults.ts";

const reset: Fault = fault({
  numbers: [],
  name: "reset",
  summary:
    "Back to how the real service behaves when nothing is wrong; what was done to open connections stays.",
  params: {},
  run: ({ behaviour }) => void Object.assign(behaviour, normalBehaviour()),
});

/** All of them. */
export const FAULTS: ReadonlyMap<string, Fault> = new Map(
  [...connectionFaults, ...quotaFaults, ...refusalFaults, ...burstFaults, ...dataFaults, reset].map((
    fault,
  ) => [fault.name, fault]),
);

/**
 * Does what a command says: `{"fault": name, …parameters}`.
 * @throws {TickcastError} BAD_REQUEST when there is no such fault or its parameters are wrong, with every problem.
 */
export function applyFault(world: FaultWorld, command: Readonly<Record<string, unknown>>): ControlAnswer {
  const { fault: name, ...params } = command;
  const fault = typeof name === "string" ? FAULTS.get(name) : undefined;
  if (!fault) {
    throw new TickcastError(
      "BAD_REQUEST",
      `Cannot misbehave as \`fault\` must be one of ${[...FAULTS.keys()].join(", ")}`,
    );
  }
  const result = fault.run(world, params);
  if ("problems" in result) {
    throw new TickcastError(
      "BAD_REQUEST",
      `Cannot do ${fault.name} as it is not right: ${result.problems.join("; ")}`,
    );
  }
  return { fault: fault.name, ...result };
}

/** What there is, for people: names, numbers, what they do, parameters as JSON schema. */
export const describeFaults = (): readonly Record<string, unknown>[] =>
  [...FAULTS.values()].map(({ numbers, name, summary, params }) => ({
    name,
    numbers,
    summary,
    params: z.toJSONSchema(params, { io: "input", unrepresentable: "any" }),
  }));
