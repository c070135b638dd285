/** What happens to sockets: cut, gone half-open, late, silent, not answering. */
import { z } from "zod";
import { DurationMs, type Fault, fault, onConnections, Times, whereParams } from "./fault.ts";

/** How long a half-open socket stands before the server itself lets go, unless told. */
const HALF_OPEN_REAP_MS = 60_000;

/** See the module. */
export const connectionFaults: readonly Fault[] = [
  fault({
    numbers: [1],
    name: "drop",
    summary: "Cuts the chosen connections without a close frame.",
    params: whereParams,
    run: (world, where) => onConnections(world, where, (connection) => connection.cut("fault")),
  }),
  fault({
    numbers: [2],
    name: "half_open",
    summary: "No data, no pong, no answer; TCP stays open until reap_ms has passed.",
    params: { ...whereParams, reap_ms: DurationMs.default(HALF_OPEN_REAP_MS) },
    run: (world, { reap_ms, ...where }) =>
      onConnections(world, where, (connection) => connection.halfOpen(reap_ms)),
  }),
  fault({
    numbers: [3],
    name: "withhold_pongs",
    summary: "Pings go unanswered while data flows.",
    params: { ...whereParams, on: z.boolean().default(true) },
    run: (world, { on, ...where }) =>
      onConnections(world, where, (connection) => connection.withholdPongs(on)),
  }),
  fault({
    numbers: [17],
    name: "slow_link",
    summary:
      "Lets only so many bytes a second out: growing lag, bigger bundles, then a cut at the buffer's bound.",
    params: {
      ...whereParams,
      bytes_per_second: z.number().int().positive().nullable(),
      buffer_bytes: z.number().int().positive().optional(),
    },
    run: (world, { bytes_per_second, buffer_bytes, ...where }) => {
      if (buffer_bytes !== undefined) world.behaviour.bufferLimitBytes = buffer_bytes;
      return onConnections(
        world,
        where,
        (connection) => connection.outbox.throttle(bytes_per_second ?? undefined),
      );
    },
  }),
  fault({
    numbers: [27],
    name: "silence",
    summary: "Connected and answered, but no data for a while: a night or a holiday.",
    params: { ...whereParams, duration_ms: DurationMs },
    run: (world, { duration_ms, ...where }) =>
      onConnections(world, where, (connection) => connection.silence(duration_ms)),
  }),
  fault({
    numbers: [28],
    name: "refuse_upgrade",
    summary:
      "Refuses the next upgrades with an HTTP status, or cuts them before any answer (status null, as a failed TLS).",
    params: { status: z.number().int().min(400).max(599).nullable().default(503), times: Times },
    run: ({ behaviour }, { status, times }) => {
      behaviour.upgradeRefusal = { status: status ?? "reset", remaining: times };
    },
  }),
  fault({
    numbers: [28],
    name: "slow_connected",
    summary:
      "The upgrade succeeds and `connected` comes only after delay_ms; every other answer waits for it, unless hold_answers is false.",
    params: { delay_ms: DurationMs, hold_answers: z.boolean().default(true) },
    run: ({ behaviour }, { delay_ms, hold_answers }) => {
      behaviour.connectedDelayMs = delay_ms;
      behaviour.connectedHoldsAnswers = hold_answers;
    },
  }),
  fault({
    numbers: [29],
    name: "restart",
    summary: "Cuts every connection at once and refuses so many upgrades with 503 afterwards.",
    params: { refusals: z.number().int().min(0).max(1_000_000).default(0) },
    run: (world, { refusals }) => {
      if (refusals > 0) world.behaviour.upgradeRefusal = { status: 503, remaining: refusals };
      return onConnections(world, {}, (connection) => connection.cut("restart"));
    },
  }),
];
