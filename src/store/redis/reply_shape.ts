/** Reads the shapes Redis replies in. What doesn't fit is somebody else's answer and fails in words. */
import { parsePosition, type Position } from "../../feed/cursor.ts";
import { TickcastError } from "../../feed/error.ts";
import type { ListHead } from "../../feed/store.ts";

/** Nobody asks readers to come less often than once an hour. */
const PULL_MAX_MS = 3_600_000;

/** A string; undefined for nil and whatever is no single value. */
export const textOf = (reply: unknown): string | undefined =>
  typeof reply === "string" ? reply : typeof reply === "number" ? String(reply) : undefined;

/** @throws {TickcastError} STORE_REFUSED when it is no number. */
export function numberOf(reply: unknown): number {
  const text = textOf(reply);
  const value = text === undefined || text === "" ? NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new TickcastError("STORE_REFUSED", "Cannot read a reply of Redis as it must be a number");
}

/** @throws {TickcastError} STORE_REFUSED when it is none that a cursor can carry. */
export function positionOf(epoch: unknown, seq: unknown): Position {
  try {
    return parsePosition(`${textOf(epoch)}-${textOf(seq)}`);
  } catch (error) {
    throw new TickcastError("STORE_REFUSED", "Cannot read a reply of Redis as it must be a position", {
      cause: error,
    });
  }
}

/** The strings in an array; nils are left out. */
export function textsOf(reply: unknown): readonly string[] {
  const texts: string[] = [];
  for (const item of arrayOf(reply)) {
    if (typeof item === "string") texts.push(item);
  }
  return texts;
}

/** @throws {TickcastError} STORE_REFUSED when it is no array. */
export function arrayOf(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply;
  throw new TickcastError(
    "STORE_REFUSED",
    `Cannot read a reply of Redis as it must be an array: current type is ${typeof reply}`,
  );
}

/** A head from `HMGET … epoch seq pull_ms`; undefined when there is none, or none of ours: the next append begins a new epoch. */
export function headOf(reply: unknown): ListHead | undefined {
  const [epoch, seq, pullMs] = arrayOf(reply).map(textOf);
  if (epoch === undefined || seq === undefined) return undefined;
  try {
    return { ...parsePosition(`${epoch}-${seq}`), pullMs: intervalOf(pullMs) };
  } catch {
    return undefined;
  }
}

/** Ms; 0 for what nobody can mean. */
function intervalOf(text: string | undefined): number {
  const ms = Number(text ?? 0);
  return ms >= 0 && ms <= PULL_MAX_MS ? ms : 0;
}

/** Unix ms from `TIME`. @throws {TickcastError} STORE_REFUSED when it is none. */
export function timeOf(reply: unknown): number {
  const [seconds, micros] = arrayOf(reply);
  return numberOf(seconds) * 1000 + Math.floor(numberOf(micros) / 1000);
}
