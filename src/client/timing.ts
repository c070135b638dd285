/** How long a connection is given for everything it has to do. */

/** A connection that says nothing for so long after it was begun has failed. */
export const HELLO_TIMEOUT_MS = 10_000;
/** A connection is good, and failures are forgotten, after it lived this long. */
export const STABLE_MS = 5_000;
/** After waking up, how long a connection has to show that it lives. */
export const NUDGE_TIMEOUT_MS = 5_000;
/** The way back up is tried at doubling intervals up to this. */
export const UPGRADE_CAP_MS = 300_000;
/** Heartbeats come this often unless `hello` says otherwise. */
export const HEARTBEAT_MS = 15_000;
/** Polls are held open up to 20 s, so their signs of life are rarer. */
export const POLL_HEARTBEAT_MS = 25_000;
/** However rare a server says they are, silence is noticed as if they came this often. */
export const HEARTBEAT_MAX_MS = 60_000;
/** How long a token callback may take. */
export const TOKEN_TIMEOUT_MS = 10_000;
