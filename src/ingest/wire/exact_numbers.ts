/**
 * Times as the wire writes them, without loss. FMV says nanoseconds in 19 digits, past 2^53, where `JSON.parse` rounds; other
 * samples say 13 (ms) or 16 (µs) for the same field (Massive's docs and wire disagree), so the unit is told by magnitude.
 *
 * Long digit runs are quoted in the text before it is parsed; JSON escapes every quote inside a string, so `"t":` can
 * only be a key.
 */

/** An event time: whole Unix ms, and what the wire had below that. */
export interface WireTime {
  readonly t: number;
  /** 0…999 999; undefined when the wire said ms. */
  readonly ns: number | undefined;
}

/** Marks a number that was quoted here, so that a string on the wire still is a string where a number is due. */
const QUOTED_MARK = "~";
const LONG_TIME = /"(t|s|e)"\s*:\s*(\d{16,20})(?=\s*[,}])/g;
/** Cheap test: most frames hold no such run. */
const HAS_LONG_TIME = /:\s*\d{16}/;
const MS_DIGITS = 13;
/** 2100-01-01: above it a number isn't ms, or a clock upstream is broken (one such time would stay a symbol's latest for ever). */
const MS_MAX = 4_102_444_800_000;

/** Quotes times too long for a double. The text is returned as it is when it has none. */
export const quoteLongTimes = (text: string): string =>
  HAS_LONG_TIME.test(text) ? text.replace(LONG_TIME, `"$1":"${QUOTED_MARK}$2"`) : text;

/** The time a parsed value says; undefined when it is none (a string, negative, a fraction, out of range). */
export function readTime(value: unknown): WireTime | undefined {
  if (typeof value === "number") {
    return Number.isInteger(value) && value > 0 && value <= MS_MAX
      ? { t: value, ns: undefined }
      : fromDouble(value);
  }
  if (typeof value !== "string" || !value.startsWith(QUOTED_MARK)) return undefined;
  return fromDigits(value.slice(QUOTED_MARK.length).replace(/^0+/, ""));
}

/** Whole ms of a value that was found to be a time; 0 is never one. */
export const readMs = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isInteger(value) && value > 0 && value <= MS_MAX
    ? value
    : readTime(value)?.t;

/** A long time that is written so that it was not quoted (`1760646477151120.0`). */
function fromDouble(value: number): WireTime | undefined {
  return Number.isSafeInteger(value) && value > MS_MAX ? fromDigits(String(value)) : undefined;
}

/** 16 digits are µs, 19 are ns (2001 to 2286). */
function fromDigits(digits: string): WireTime | undefined {
  if (digits.length !== 16 && digits.length !== 19) return undefined;
  const t = Number(digits.slice(0, MS_DIGITS));
  return t > MS_MAX ? undefined : { t, ns: Number(digits.slice(MS_DIGITS).padEnd(6, "0")) };
}
