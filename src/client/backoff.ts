/** How long to wait before trying again. */

/** Waits grow from here … */
export const BACKOFF_BASE_MS = 500;
/** … to here, unless the caller sets another cap. */
export const BACKOFF_CAP_MS = 30_000;
/** However long a server asks us to stay away, it is not longer than this. */
export const SERVER_WAIT_CAP_MS = 300_000;

/**
 * Full jitter: anywhere between nothing and the doubled-up bound, at the cap too, so that clients dropped together do not
 * come back together (after the AWS architecture blog's "exponential backoff and jitter").
 * @param attempt Failures in a row so far, from 1.
 */
export function backoffMs(attempt: number, random: () => number, capMs: number = BACKOFF_CAP_MS): number {
  const bound = Math.min(capMs, BACKOFF_BASE_MS * 2 ** (attempt - 1));
  return Math.round(random() * bound);
}

/** A wait the server asked for, made sane: undefined when it is no number of ms. */
export function serverWaitMs(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 ? Math.min(value, SERVER_WAIT_CAP_MS) : undefined;
}
