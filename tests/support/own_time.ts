/**
 * Time without what work stood waiting for a processor. Tests run beside each other, and CI's machines beside others: a promise about
 * the wall clock is held against the time that was the program's own, or a busy machine fails it (as one did: a page's first price
 * after 1.2 s, most of them spent in the queue).
 */

/** Linux' account of it: `some` is the time in which at least one task that could run had to wait, µs since boot. */
const PRESSURE = "/proc/pressure/cpu";

function queuedSinceBootMs(): number {
  try {
    return Number(/^some .*total=(\d+)$/m.exec(Deno.readTextFileSync(PRESSURE))?.[1] ?? 0) / 1000;
  } catch {
    // Another system, or a kernel without the account: then all time counts.
    return 0;
  }
}

/** Begins to count; the answer tells, at any moment, the ms since in which nothing on this machine waited for a processor. */
export function ownTime(): () => number {
  const [began, before] = [performance.now(), queuedSinceBootMs()];
  return () => performance.now() - began - (queuedSinceBootMs() - before);
}
