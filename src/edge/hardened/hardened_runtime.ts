/**
 * Which runtimes the hardened server keeps its promises on. Until Deno's node:http became a server of its own it stood on the
 * runtime's HTTP: an upgrade could be answered with nothing but 101, a socket lived until its peer let go, and headers had no
 * deadline (measured with 2.5.0; 2.8.0 and 2.9.6 hold everything).
 */
import { TickcastError } from "../../feed/error.ts";

/** Oldest Deno that holds what `SERVER=hardened` promises. */
export const HARDENED_DENO_MIN = "2.8.0";

const isAtLeast = (version: string, least: string): boolean => {
  const [theirs, ours] = [version, least].map((text) => text.split(/[.+-]/).slice(0, 3).map(Number));
  for (let n = 0; n < 3; n++) {
    const difference = (theirs?.[n] ?? 0) - (ours?.[n] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
};

/**
 * A server that is called hardened and isn't is worse than none.
 * @param version of the runtime, as `Deno.version.deno`
 * @throws {TickcastError} SETTINGS on a runtime that can't hold the limits
 */
export function checkHardenedRuntime(version: string): void {
  if (isAtLeast(version, HARDENED_DENO_MIN)) return;
  throw new TickcastError(
    "SETTINGS",
    `Cannot serve with SERVER=hardened as its limits need Deno ${HARDENED_DENO_MIN} or later: current value is ${version} (SERVER=deno behind a proxy serves there)`,
  );
}
