/** Why a connection ended and what follows from it. */

/** What the client says when something goes wrong, in words a person can act on. */
export interface ClientError {
  /** One of the server's codes, or one of the client's own (`docs/client.md`, Errors). */
  readonly code: string;
  readonly message: string;
  /** The `id` of the request it answers, when it answers one. */
  readonly id?: string;
  /** The client has stopped; only `connect()` starts it again. */
  readonly fatal: boolean;
}

/**
 * The end of one connection. `retry` comes back after a wait; `token` comes back with a new token; `fallback` goes on at
 * once with the next transport; `fatal` stops.
 */
export interface Down {
  readonly then: "retry" | "token" | "fallback" | "fatal";
  readonly code: string;
  readonly message: string;
  /** What the server asked us to wait. */
  readonly afterMs?: number | undefined;
}

/** A connection that could not be made or broke without a word. */
export const networkDown = (route: string): Down => ({
  then: "retry",
  code: "NETWORK",
  message: `Cannot reach ${route}: check the address and the network`,
});
