/** Waiting for what a test is about, with a deadline instead of a guess. */

/** How long real sockets may take on a busy machine. */
const DEADLINE_MS = 30_000;

type Answer<T> = T | undefined | false | null;

/** Resolves when `check` gives something true; looks again every few ms. */
export async function until<T>(what: string, check: () => Answer<T> | Promise<Answer<T>>): Promise<T> {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) {
      throw new Error(`Cannot go on as this did not happen in ${DEADLINE_MS} ms: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
