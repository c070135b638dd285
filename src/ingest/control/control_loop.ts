/** Takes operators' commands off the control list while leading, one after the other, and writes their answers. */
import { type Clock, isAbort } from "../../feed/clock.ts";
import type { ControlAnswer, ControlCommand } from "../../feed/control.ts";
import { describeError } from "../../feed/error.ts";
import type { Log } from "../../feed/log.ts";
import type { ControlStore } from "../../feed/store.ts";
import { readCommand } from "./control_commands.ts";

/** Commands taken in one go. */
export const COMMANDS_AT_ONCE = 10;
/** An answer waits so long for whoever asked. */
export const ANSWER_TTL_MS = 60_000;
/** How often the list is looked at, by transport. Over REST a look is a billed command (86 400 a day at one a second). */
export const CONTROL_POLL_MS: Readonly<Record<"memory" | "tcp" | "rest", number>> = {
  memory: 100,
  tcp: 300,
  rest: 1_000,
};

/** What the loop needs. */
export interface ControlLoopOptions {
  readonly store: ControlStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly pollMs: number;
  readonly execute: (command: ControlCommand, signal: AbortSignal) => Promise<ControlAnswer>;
}

/** Runs until the signal aborts. A store that is away is tried again at the next look. */
export async function runControlLoop(options: ControlLoopOptions, signal: AbortSignal): Promise<void> {
  const { clock, log } = options;
  while (!signal.aborted) {
    try {
      const texts = await options.store.takeCommands(COMMANDS_AT_ONCE, signal);
      for (const text of texts) await handle(text, options, signal);
      if (texts.length < COMMANDS_AT_ONCE) await clock.sleep(options.pollMs, signal);
    } catch (error) {
      if (isAbort(error, signal)) return;
      log.debug("control_away", { error: describeError(error) });
      await clock.sleep(options.pollMs, signal).catch(() => {});
    }
  }
}

async function handle(text: string, options: ControlLoopOptions, signal: AbortSignal): Promise<void> {
  const reading = readCommand(text, options.clock.now());
  const id = reading.ok ? reading.envelope.id : reading.id;
  const answer = reading.ok ? await options.execute(reading.envelope.command, signal) : reading.answer;
  const what = reading.ok ? reading.envelope.command.do : "unreadable";
  const fields = answer.ok ? {} : { code: answer.code, detail: answer.message };
  options.log.info("control_command", { command: what, ok: answer.ok, ...fields });
  if (id !== undefined) await options.store.writeAnswer(id, JSON.stringify(answer), ANSWER_TTL_MS, signal);
}
