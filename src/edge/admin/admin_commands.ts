/**
 * Sends an operator's command to the leading ingest through the store and waits for what it says. The wait is
 * bounded, and so is the number of commands waiting; what ingest refuses changed nothing and keeps its own code.
 */
import type { Clock } from "../../feed/clock.ts";
import { ControlAnswer, type ControlCommand, type ControlEnvelope } from "../../feed/control.ts";
import { ERROR_KINDS, type ErrorCode, TickcastError } from "../../feed/error.ts";
import type { ControlStore } from "../../feed/store.ts";

/** How long an answer is waited for. */
export const CONTROL_WAIT_MS = 10_000;
/** Commands of this instance that may wait at once. */
export const CONTROL_WAITING_MAX = 20;
const POLL_FIRST_MS = 50;
const POLL_LONGEST_MS = 400;

/** How {@link ControlDesk} is made. */
export interface ControlDeskOptions {
  readonly store: ControlStore;
  readonly clock: Clock;
  /** A fresh id that nobody can guess. */
  readonly newId: () => string;
}

/** What a command gave back. */
export type ControlResult = Readonly<Record<string, unknown>>;

/** See the file's head. */
export class ControlDesk {
  readonly #options: ControlDeskOptions;
  #waiting = 0;

  constructor(options: ControlDeskOptions) {
    this.#options = options;
  }

  /**
   * Has a command done.
   * @throws {TickcastError} INGEST_SILENT when nothing answered in time, OVERLOADED, the store's own, or the code
   * ingest refused with
   */
  async ask(command: ControlCommand): Promise<ControlResult> {
    if (this.#waiting >= CONTROL_WAITING_MAX) {
      throw new TickcastError(
        "OVERLOADED",
        `Cannot send a command as at most ${CONTROL_WAITING_MAX} may wait: current number is ${this.#waiting}`,
      );
    }
    this.#waiting++;
    const limit = new AbortController();
    using _timer = this.#options.clock.timer(CONTROL_WAIT_MS, () => limit.abort(silence()));
    try {
      return await this.#exchange(command, limit.signal);
    } finally {
      this.#waiting--;
    }
  }

  async #exchange(command: ControlCommand, signal: AbortSignal): Promise<ControlResult> {
    const { store, clock, newId } = this.#options;
    const envelope: ControlEnvelope = { id: newId(), at: clock.now(), command };
    await store.sendCommand(JSON.stringify(envelope), signal);
    for (let waitMs = POLL_FIRST_MS;; waitMs = Math.min(waitMs * 2, POLL_LONGEST_MS)) {
      await clock.sleep(waitMs, signal);
      const text = await store.readAnswer(envelope.id, signal);
      if (text !== undefined) return resultOf(text);
    }
  }
}

const silence = () =>
  new TickcastError(
    "INGEST_SILENT",
    `Cannot have the command done as ingest did not answer within ${CONTROL_WAIT_MS / 1000} s: ` +
      "it may still do it when it comes back, so look before you ask again",
  );

function resultOf(text: string): ControlResult {
  const answer = ControlAnswer.safeParse(parseJson(text));
  if (!answer.success) {
    throw new TickcastError("INGEST_SILENT", "Cannot have the command done as ingest's answer can't be read");
  }
  if (answer.data.ok) return answer.data.result;
  throw new TickcastError(knownCode(answer.data.code), answer.data.message);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Ingest may be of another release and know codes we don't. */
const knownCode = (code: string): ErrorCode =>
  Object.hasOwn(ERROR_KINDS, code) ? code as ErrorCode : "CONFLICT";
