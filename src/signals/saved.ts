/** What memories are kept as between processes, and read back from. */

/** JSON without objects. */
export type Saved = null | number | string | boolean | readonly Saved[];

/** Reads saved numbers: a flat array of `count` finite numbers (at least, when `more`), else undefined. */
export function savedNumbers(saved: unknown, count: number, more = false): readonly number[] | undefined {
  if (!Array.isArray(saved) || saved.length < count || (!more && saved.length !== count)) return undefined;
  const numbers: unknown[] = saved;
  return numbers.every((value): value is number => typeof value === "number" && Number.isFinite(value))
    ? numbers
    : undefined;
}
