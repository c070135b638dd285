/** What an operator runs by hand, by name. Each is loaded only when it is asked for: edges don't carry them. */
import type { Clock, Random } from "../feed/clock.ts";
import type { SettingsReading } from "../feed/settings/read_settings.ts";

/** What the commands are given. */
export interface OperatorDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Takes a line for the person who started it. */
  readonly print: (line: string) => void;
  /** Aborts when it should end. */
  readonly signal: AbortSignal;
  readonly reading: SettingsReading;
  /** The whole service in this process, on a free port. */
  readonly startWhole: () => Promise<{ readonly url: string } & AsyncDisposable>;
}

/** Names of the commands. */
export const OPERATOR_COMMANDS = ["load", "doctor", "soak", "live"] as const;
/** One of {@link OPERATOR_COMMANDS}. */
export type OperatorCommand = (typeof OPERATOR_COMMANDS)[number];

/** Whether a word names one. */
export const isOperatorCommand = (word: string | undefined): word is OperatorCommand =>
  OPERATOR_COMMANDS.some((command) => command === word);

/** Runs one; resolves with the exit code. */
export async function runOperatorCommand(
  command: OperatorCommand,
  args: readonly string[],
  deps: OperatorDeps,
): Promise<number> {
  switch (command) {
    case "load":
      return await (await import("./load.ts")).runLoad(args, deps);
    case "doctor":
      return await (await import("./doctor.ts")).runDoctor(args, deps);
    case "live":
      return await (await import("./doctor.ts")).runLive(args, deps);
    case "soak":
      return await (await import("./soak.ts")).runSoak(args, deps);
  }
}
