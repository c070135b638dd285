/** Waiting: for what a test is about, with a deadline instead of a guess, and where time itself is what it is about. */

/** How long anything may take unless told: a machine five times slower has time left. */
const DEADLINE_MS = 45_000;
const POLL_MS = 10;

/**
 * Asks until the answer is yes. Throwing counts as no.
 * @throws {Error} when the deadline passes, an answer that never comes included.
 */
export async function until(
  ask: () => boolean | Promise<boolean>,
  what: string,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      if (await answered(ask, end - performance.now())) return;
    } catch (error) {
      last = error;
    }
    await pause(POLL_MS);
  }
  throw new Error(`Cannot go on as ${what} did not come about within ${deadlineMs} ms`, { cause: last });
}

/** Lets real time pass: for tests of what happens in a while. To wait for something, {@link until} it. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function answered(ask: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), limitMs);
  try {
    return await Promise.race([ask(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
