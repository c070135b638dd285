/** Counts what was dropped, by reason, and lets a bounded sample of it into the log: never the data itself. */
import type { Clock } from "../../feed/clock.ts";
import type { Log } from "../../feed/log.ts";

/** Reasons kept apart; further ones are counted together. Reasons hold names from upstream, so they must be bounded. */
export const DROP_REASONS_MAX = 200;
/** One line per reason and so long. */
const SAMPLE_INTERVAL_MS = 60_000;
const OTHER = "other";

/** See {@link createDropCounter}. */
export interface DropCounter {
  /** `where` says which connection or stream it was, for the log. */
  count(reason: string, where: string, events?: number): void;
  byReason(): Record<string, number>;
}

interface Tally {
  count: number;
  loggedAtMs: number;
}

/** An empty counter. */
export function createDropCounter(clock: Clock, log: Log): DropCounter {
  const tallies = new Map<string, Tally>();
  return {
    count(reason, where, events = 1) {
      const name = tallies.has(reason) || tallies.size < DROP_REASONS_MAX ? reason : OTHER;
      const tally = tallies.get(name) ?? { count: 0, loggedAtMs: -SAMPLE_INTERVAL_MS };
      tallies.set(name, tally);
      tally.count += events;
      const now = clock.monotonic();
      if (now - tally.loggedAtMs < SAMPLE_INTERVAL_MS) return;
      tally.loggedAtMs = now;
      log.warning("upstream_data_dropped", { reason: name, where, dropped_so_far: tally.count });
    },
    byReason: () => Object.fromEntries([...tallies].map(([reason, tally]) => [reason, tally.count])),
  };
}
