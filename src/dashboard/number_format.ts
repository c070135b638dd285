/** Numbers and times as they are read on the pages: short, aligned, and the same width from one moment to the next. */

const DASH = "–";
const MINUS = "−";

const fixed = [0, 1, 2, 3, 4, 5, 6].map((digits) =>
  new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })
);
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });

const digitsFormat = (value: number, digits: number): string =>
  (fixed[digits] ?? fixed[2])?.format(value) ?? String(value);

/** Decimals a price of this size is quoted with. */
export function priceDigits(price: number): number {
  const size = Math.abs(price);
  if (size === 0 || size >= 1) return 2;
  return size >= 0.01 ? 4 : 6;
}

/** `187.25`, `64,012.50`, `0.0821`. */
export const formatPrice = (price: number | undefined, digits = priceDigits(price ?? 1)): string =>
  price === undefined || !Number.isFinite(price) ? DASH : digitsFormat(price, digits);

const signed = (text: string, value: number): string =>
  value < 0 ? `${MINUS}${text}` : value > 0 ? `+${text}` : text;

/** `+0.42`. */
export const formatChange = (change: number | undefined, digits = 2): string =>
  change === undefined || !Number.isFinite(change)
    ? DASH
    : signed(digitsFormat(Math.abs(change), digits), change);

/** `+0.42%`, from a percentage. */
export function formatPercent(percent: number | undefined, digits = 2): string {
  if (percent === undefined || !Number.isFinite(percent)) return DASH;
  const rounded = Number(percent.toFixed(digits));
  return `${signed(digitsFormat(Math.abs(rounded), digits), rounded)}%`;
}

/** `1.24M`. */
export const formatCompact = (value: number | undefined): string =>
  value === undefined || !Number.isFinite(value) ? DASH : compact.format(value);

/** `1,204`. */
export const formatCount = (value: number | undefined | null): string =>
  value === undefined || value === null || !Number.isFinite(value) ? DASH : digitsFormat(value, 0);

/** `1.2`, `48`, `1,204` events a second. */
export function formatRate(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return DASH;
  return value > 0 && value < 10 ? digitsFormat(value, 1) : digitsFormat(value, 0);
}

/** A time span from ms: `12 ms`, `1.4 s`, `3 min`, `2 h`. */
export function formatSpan(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return DASH;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minuteClock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** `15:04:05`, in the reader's own time zone. */
export const formatTime = (ms: number): string => clock.format(ms);

/** `15:04`. */
export const formatMinute = (ms: number): string => minuteClock.format(ms);

/** The reader's time zone, short: `UTC+2`. */
export function zoneName(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const hours = Math.abs(minutes) / 60;
  return `UTC${minutes < 0 ? MINUS : "+"}${Number.isInteger(hours) ? hours : hours.toFixed(1)}`;
}
