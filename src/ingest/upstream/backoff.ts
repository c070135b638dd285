/**
 * How long a connection waits before it tries again. Pure: (attempt, random) → ms.
 *
 * Full jitter, also at the cap, so that sockets dropped together never come back together
 * (AWS Architecture Blog, "Exponential Backoff And Jitter"). `max_connections` is another matter: whoever comes back soon
 * evicts the other client of the account, which then evicts us, for ever (massive-websocket notes §5.1).
 */
import type { Random } from "../../feed/clock.ts";

/** Ceiling of the first wait. */
export const BACKOFF_BASE_MS = 500;
/** Ceiling of every later wait. */
export const BACKOFF_CAP_MS = 30_000;
/** A connection that lasted so long past its handshake starts from the first wait again. */
export const HEALTHY_AFTER_MS = 10_000;
/** Least rest after `max_connections`. */
export const REST_BASE_MS = 60_000;
/** Most rest after `max_connections`, its jitter aside. */
export const REST_CAP_MS = 600_000;
/** First wait of a connection the account has no slot for, because our own others take them. */
export const SURPLUS_BASE_MS = 600_000;
/** Longest such wait. */
export const SURPLUS_CAP_MS = 3_600_000;
/** Before taking a slot back that one of our own has left. */
export const DISPLACED_WAIT_MS = 2_000;
/** A slot kept so long shows that nobody fights for it. */
export const SLOT_SETTLED_MS = 300_000;
/** First wait after a refusal that only a person can lift (bad key, plan, agreement). */
export const REFUSED_BASE_MS = 30_000;
/** Longest wait after such a refusal. */
export const REFUSED_CAP_MS = 300_000;

const doubled = (baseMs: number, capMs: number, times: number): number =>
  Math.min(capMs, baseMs * 2 ** Math.min(Math.max(times, 0), 30));

/** Wait after an ordinary failure: anywhere in [0, ceiling), the ceiling doubling with each `attempt` from 0. */
export const backoffMs = (attempt: number, random: Random): number =>
  random() * doubled(BACKOFF_BASE_MS, BACKOFF_CAP_MS, attempt);

/** Rest after the n-th `max_connections` in a row (from 0): the base at least, a quarter of jitter on top. */
export const restMs = (evictions: number, random: Random): number =>
  doubled(REST_BASE_MS, REST_CAP_MS, evictions) * (1 + random() / 4);

/** Wait after giving way for the n-th time (from 0) to others of our own, a quarter of jitter on top. */
export const surplusMs = (times: number, random: Random): number =>
  doubled(SURPLUS_BASE_MS, SURPLUS_CAP_MS, times) * (1 + random() / 4);

/** Wait after the n-th refusal in a row (from 0) that a person has to lift. */
export const refusedMs = (refusals: number, random: Random): number =>
  doubled(REFUSED_BASE_MS, REFUSED_CAP_MS, refusals) * (1 - random() / 4);
