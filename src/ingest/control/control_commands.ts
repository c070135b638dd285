/** Reads an operator's command and carries it out. Every command is answered; one that is refused has changed nothing. */
import type { Clock } from "../../feed/clock.ts";
import { type ControlAnswer, type ControlCommand, ControlEnvelope } from "../../feed/control.ts";
import { publicError, TickcastError } from "../../feed/error.ts";
import { FREQUENCIES, STREAMS } from "../../feed/stream.ts";
import { canonicalSymbol } from "../../feed/symbol.ts";
import { addConnection, rebalance, removeConnection } from "./connection_commands.ts";
import { lentTickers, ridingTickers } from "../manage/connection_health.ts";
import { lookupTicker } from "./lookup.ts";
import type { Pipeline } from "../channel/pipeline.ts";
import { type CommandScope, findLane, subscribeTickers, unsubscribeTickers } from "./ticker_commands.ts";

/** A command older than this is refused: whoever asked has long given up. */
export const COMMAND_MAX_AGE_MS = 60_000;
/** Of what is wrong with a command, so much is said: it may quote what was sent. */
const PROBLEM_MAX_CHARS = 300;

/** Everything a command can touch. */
export interface ControlScope extends CommandScope {
  readonly clock: Clock;
  readonly pipeline: Pipeline;
  /** Streams that are configured. */
  readonly streams: ReadonlySet<string>;
  /** Reads universes again and applies the difference. @throws {TickcastError} SETTINGS when the new plan is wrong. */
  readonly reload: () => Promise<Record<string, unknown>>;
  /** Tickers of a universe; undefined when there is none. */
  readonly universe: (key: string) => Promise<readonly string[]>;
}

/** What a text from the queue is: a command, or why not, with the id to answer under if it has one. */
export type CommandReading =
  | { readonly ok: true; readonly envelope: ControlEnvelope }
  | { readonly ok: false; readonly id: string | undefined; readonly answer: ControlAnswer };

/** Reads one text of the control list. Never throws. */
export function readCommand(text: string, now: number): CommandReading {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse(undefined, "BAD_JSON", "Cannot read the command as it is not JSON");
  }
  const parsed = ControlEnvelope.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const problem = `${issue?.path.join(".") || "the command"} is wrong: ${issue?.message ?? "unknown"}`;
    return refuse(
      idOf(json),
      "BAD_REQUEST",
      `Cannot take the command as ${problem.slice(0, PROBLEM_MAX_CHARS)}`,
    );
  }
  const ageMs = now - parsed.data.at;
  if (ageMs > COMMAND_MAX_AGE_MS) {
    return refuse(
      parsed.data.id,
      "BAD_REQUEST",
      `Cannot take the command as it is too old: current age is ${Math.round(ageMs / 1000)} s`,
    );
  }
  return { ok: true, envelope: parsed.data };
}

const refuse = (id: string | undefined, code: string, message: string): CommandReading => ({
  ok: false,
  id,
  answer: { ok: false, code, message },
});

function idOf(json: unknown): string | undefined {
  const id = typeof json === "object" && json !== null && "id" in json ? json.id : undefined;
  return typeof id === "string" && id.length >= 1 && id.length <= 64 ? id : undefined;
}

/** Carries a command out. Never throws: what goes wrong is the answer. */
export async function executeCommand(
  command: ControlCommand,
  scope: ControlScope,
  signal: AbortSignal,
): Promise<ControlAnswer> {
  try {
    return { ok: true, result: { ...await execute(command, scope, signal) } };
  } catch (error) {
    return { ok: false, ...publicError(error) };
  }
}

async function execute(command: ControlCommand, scope: ControlScope, signal: AbortSignal): Promise<object> {
  switch (command.do) {
    case "add_connection": {
      const universe = command.universe === undefined ? undefined : await scope.universe(command.universe);
      return addConnection(scope, command, universe);
    }
    case "remove_connection":
      return await removeConnection(scope, command.connection, scope.clock, signal);
    case "subscribe":
      return subscribeTickers(scope, command.tickers, command.frequency, command.connection);
    case "unsubscribe":
      return unsubscribeTickers(scope, command.tickers, command.frequency, command.connection);
    case "lookup":
      return lookupTicker(scope.manager, canonicalSymbol(command.ticker));
    case "tickers":
      return tickersOn(scope, command.connection);
    case "rebalance":
      return rebalance(scope, "asked");
    case "start_stream":
    case "stop_stream":
      return switchStream(scope, command.stream, command.do === "start_stream");
    case "reload":
      return await scope.reload();
  }
}

function tickersOn(scope: ControlScope, reference: string): object {
  const lane = findLane(scope.manager, reference);
  const { placement, loans } = scope.manager;
  const all = ridingTickers(lane.id, placement, lentTickers(loans, placement));
  const tickers = placement.tickers(lane.id);
  return {
    connection: lane.id,
    name: lane.name,
    total: all.length,
    tickers: all,
    by_frequency: Object.fromEntries(tickers),
  };
}

function switchStream(scope: ControlScope, stream: string, isOn: boolean): object {
  if (!STREAMS.has(stream)) {
    throw new TickcastError(
      "UNKNOWN_STREAM",
      `Cannot switch ${JSON.stringify(stream)} as there is no such stream`,
    );
  }
  if (!scope.streams.has(stream)) {
    throw new TickcastError(
      "CONFLICT",
      `Cannot switch ${stream} as it is not configured: current state is off`,
    );
  }
  setStream(scope, stream, isOn);
  scope.changes.switched(stream, isOn);
  scope.manager.watch();
  return { stream, state: isOn ? "on" : "stopped" };
}

/** Starts or stops a stream's channel, and with it what is subscribed for it upstream. */
export function setStream(
  { pipeline, manager }: Pick<ControlScope, "pipeline" | "manager">,
  stream: string,
  isOn: boolean,
): void {
  if (isOn) pipeline.start(stream);
  else pipeline.stop(stream);
  const frequency = FREQUENCIES.find((one) => one === stream);
  if (frequency !== undefined) manager.placement.setOn(frequency, isOn);
}
