/** The life of one upstream connection as a union of states, and how operators see each. */
import type { ConnectionHealth } from "../../feed/health.ts";
import type { Refusal } from "./refusal.ts";

/** Where a connection is. Times are Unix ms. */
export type ConnectionState =
  /** Not started, or stopped on purpose. */
  | { readonly phase: "stopped" }
  /** TCP, TLS and upgrade under way. */
  | { readonly phase: "opening"; readonly since: number }
  /** Waiting for `connected`, then for the answer to our key. */
  | { readonly phase: "authenticating"; readonly since: number }
  /** In; topics asked for, not all of them answered yet. Data may flow already. */
  | { readonly phase: "subscribing"; readonly since: number; readonly connectedAt: number }
  /** In, and every topic answered or given up on: `unserved` says which were not granted. */
  | {
    readonly phase: "streaming";
    readonly since: number;
    readonly connectedAt: number;
    readonly unserved: Unserved | undefined;
  }
  /** Out; trying again at `until`. */
  | { readonly phase: "waiting"; readonly since: number; readonly until: number; readonly refusal: Refusal };

/** Topics asked for that never came to be. */
export interface Unserved {
  /** How many got no acknowledgement in time. */
  readonly unanswered: number;
  /** The first few of them. */
  readonly sample: readonly string[];
  /** Of all topics of the connection. */
  readonly wanted: number;
  /** What the upstream said meanwhile, if anything. */
  readonly refusal: Refusal | undefined;
}

/** Whether data can flow: the topics that were granted are served. */
export const isUp = (state: ConnectionState): boolean =>
  state.phase === "streaming" &&
  (state.unserved === undefined || state.unserved.unanswered < state.unserved.wanted);

/** The four words of the routes. */
export function statusOf(state: ConnectionState): ConnectionHealth["status"] {
  switch (state.phase) {
    case "stopped":
      return "disconnected";
    case "opening":
    case "authenticating":
    case "subscribing":
      return "connecting";
    case "streaming":
      return isUp(state) ? "connected" : "error";
    case "waiting":
      return state.refusal.retry === "backoff" ? "disconnected" : "error";
  }
}

/** In words a user can act on: what state, why, what next. */
export function detailOf(state: ConnectionState, now: number): string {
  switch (state.phase) {
    case "stopped":
      return "not started";
    case "opening":
      return "opening the socket";
    case "authenticating":
      return "connected, waiting for the key to be accepted";
    case "subscribing":
      return "authenticated, waiting for subscriptions to be acknowledged";
    case "streaming":
      return state.unserved === undefined ? "streaming" : unservedWords(state.unserved);
    case "waiting": {
      const seconds = Math.max(0, Math.ceil((state.until - now) / 1000));
      return `${state.refusal.detail}; trying again in ${seconds} s`;
    }
  }
}

function unservedWords(unserved: Unserved): string {
  const which = `${unserved.sample.join(", ")}${unserved.unanswered > unserved.sample.length ? ", …" : ""}`;
  const why = unserved.refusal?.detail ?? "the upstream stays silent about channels it does not know";
  return `streaming, but ${unserved.unanswered} of ${unserved.wanted} topics were not acknowledged: ${which}; ${why}`;
}
