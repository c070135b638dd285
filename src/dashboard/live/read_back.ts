/// <reference lib="dom" />
/**
 * Reading back what a server holds, again and again until it succeeds: whoever's page loads while a server restarts or is
 * asked too much has a chart with its past all the same, a little later.
 */
import type { Down } from "../../client/failure.ts";

/** Waits between readings double from here … */
const FIRST_WAIT_MS = 2_000;
/** … to here; a server that asks for more is given it. */
const WAIT_MAX_MS = 30_000;

/** Lets time pass; less of it when the signal aborts. */
type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

const pause: Wait = (ms, signal) =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });

/** What the client says of a reading that was refused; nothing of one that broke on the way. */
const downOf = (error: unknown): Partial<Down> => Object(Object(error).cause);

/**
 * Calls `read` until it succeeds, is refused for good (the same question would be answered the same), or `signal` aborts.
 * Never rejects. A reading that failed half way begins anew.
 */
export async function readUntilDone(
  read: () => Promise<void>,
  signal: AbortSignal,
  wait: Wait = pause,
): Promise<void> {
  for (let waitMs = FIRST_WAIT_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, WAIT_MAX_MS)) {
    try {
      return await read();
    } catch (error) {
      const { then = "retry", afterMs = 0 } = downOf(error);
      if (then !== "retry") return;
      await wait(Math.max(waitMs, afterMs), signal);
    }
  }
}
