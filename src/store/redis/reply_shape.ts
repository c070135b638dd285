/** Reads the shapes Redis replies in. What doesn't fit is somebody else's answer and fails in words. */
import { TickcastError } from "../../feed/error.ts";
import type { ListHead } from "../../feed/store.ts";

/** A string, or undefined for nil. */
export const textOf = (reply: unknown): string | undefined =>
  reply === null || reply === undefined ? undefined : String(reply);

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

/** A head from `HMGET … epoch seq pull_ms`; undefined when there is none. */
export function headOf(reply: unknown): ListHead | undefined {
  const [epoch, seq, pullMs] = arrayOf(reply).map(textOf);
  if (epoch === undefined || seq === undefined) return undefined;
  return { epoch, seq: Number(seq), pullMs: Number(pullMs ?? 0) };
}

/** Unix ms from `TIME`. */
export function timeOf(reply: unknown): number {
  const [seconds, micros] = arrayOf(reply);
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}
