/** When a connection that is not up counts as down, so that its topics move. Pure. */
import type { ConnectionState } from "../upstream/connection_state.ts";
import { FAILOVER_GRACE_MS, FIRST_CONNECT_GRACE_MS } from "./failover.ts";

/**
 * Whether it is down. A blip is waited out; a refusal that is known to last is not.
 * @param outMs since when it is not up.
 * @param wasUp whether it has been up before.
 */
export function isDown(state: ConnectionState, outMs: number, wasUp: boolean): boolean {
  if (state.phase === "waiting" && state.refusal.retry !== "backoff") return true;
  // Authenticated and waiting for acks, which have a time limit of their own: its topics are coming.
  if (state.phase === "subscribing") return false;
  const graceMs = wasUp ? FAILOVER_GRACE_MS : FIRST_CONNECT_GRACE_MS;
  return outMs >= graceMs;
}
