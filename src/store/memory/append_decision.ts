/**
 * The rule of the append (`docs/redis.md`, Append), as a pure function: what the head in the store and the head the
 * writer expects say about a batch. The memory store runs this one; the Redis script (`append_script.ts`) says the same in
 * Lua, and a property test holds them together.
 */
import { epochFromNumber, epochToNumber } from "../../feed/cursor.ts";
import type { AppendRequest } from "../../feed/store.ts";
import { epochsUsedUp } from "../store_failure.ts";

/** A head as stored: with the batch that moved it last. */
export interface StoredHead {
  readonly epoch: string;
  readonly seq: number;
  readonly batch: string;
  readonly pullMs: number;
}

/** What to do with a batch. */
export type AppendDecision =
  /** Goes behind the head. */
  | "extend"
  /** Is what moved the head here: answer its ids again. */
  | "again"
  /** Came too late: refuse. */
  | "behind"
  /** The list is not the one the writer knows, or is damaged: empty it and begin a new epoch. */
  | "restart";

/** @param lengthEvents what the list really holds. */
export function decideAppend(
  head: StoredHead | undefined,
  lengthEvents: number,
  request: AppendRequest,
): AppendDecision {
  const { expected, capEvents, batch, bodies } = request;
  if (head === undefined) return "restart";
  const whole = lengthEvents === Math.min(head.seq, capEvents);
  if (head.batch === batch && head.seq >= bodies.length) return whole ? "again" : "restart";
  if (head.epoch !== expected.epoch || expected.seq > head.seq) return "restart";
  if (expected.seq < head.seq) return "behind";
  return whole && Number.isSafeInteger(head.seq + bodies.length) ? "extend" : "restart";
}

/** Epochs are 8 base-36 digits. */
const EPOCHS = 36 ** 8;

/**
 * The next epoch: the store's clock, but always past the last one anybody knows of. Epochs compare as text.
 * @throws {TickcastError} STORE_REFUSED when a known one is so late that none can follow
 */
export function nextEpoch(nowMs: number, known: readonly string[]): string {
  const last = known.reduce((a, b) => Math.max(a, epochToNumber(b)), 0);
  const next = Math.max(nowMs, last + 1);
  if (next >= EPOCHS) throw epochsUsedUp();
  return epochFromNumber(next);
}
