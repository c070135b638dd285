/** Whether an instance takes one client more that stays: one rule for every door behind which clients do. */
import { TickcastError } from "../../feed/error.ts";
import type { EdgeCore } from "../edge_core.ts";
import type { EdgeCounters } from "../edge_counters.ts";

/** Those who stay, which `WS_MAX_CONNECTIONS` counts: a poll that waits has a bound of its own. */
export const stayingClients = ({ active: { ws, sse, massive } }: EdgeCounters): number => ws + sse + massive;

/** Refuses when the instance drains or is full. @throws {TickcastError} DRAINING, OVERLOADED */
export function checkClientRoom({ settings, counters }: EdgeCore, isDraining: boolean): void {
  if (isDraining) {
    throw new TickcastError("DRAINING", "Cannot take a client as this instance is going away");
  }
  const { wsMaxConnections } = settings;
  if (stayingClients(counters) < wsMaxConnections) return;
  counters.limit("instance");
  throw new TickcastError(
    "OVERLOADED",
    `Cannot take a client as this instance is full: its limit is ${wsMaxConnections} connections`,
  );
}
