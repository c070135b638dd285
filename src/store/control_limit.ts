/** How many commands may wait for ingest: nobody takes them while none runs. */
import { TickcastError } from "../feed/error.ts";

/** The port's bound. */
export const COMMANDS_WAITING_MAX = 100;

/** The refusal of a further one. */
export const commandsWaiting = (): TickcastError =>
  new TickcastError(
    "OVERLOADED",
    `Cannot queue the command as at most ${COMMANDS_WAITING_MAX} may wait for ingest: is one running?`,
  );
