/**
 * Which New York dates the NYSE trades on, and until when: holidays by rule rather than by list, so that no year runs out.
 * Rules: NYSE Rule 7.2 and the exchange's published calendars of 2007–2028; days the rules can't know are listed.
 */

/** A day without its time, counted from 1970-01-01. */
export type DayNumber = number;

/** What the exchange does on one date. */
export type TradingDay = "full" | "half" | "closed";

/** Milliseconds in a day of UTC. */
export const DAY_MS = 86_400_000;

/** Days of national mourning and storms (2012: Sandy) on which the exchange stayed shut. */
const SPECIAL_CLOSURES = new Set([
  "2001-09-11",
  "2001-09-12",
  "2001-09-13",
  "2001-09-14",
  "2004-06-11",
  "2007-01-02",
  "2012-10-29",
  "2012-10-30",
  "2018-12-05",
  "2025-01-09",
]);

const SUNDAY = 0, MONDAY = 1, THURSDAY = 4, SATURDAY = 6;

/** Juneteenth has been an exchange holiday since then. */
const JUNETEENTH_FROM_YEAR = 2022;

/** A date as a number of days; `month` from 1. */
export const dayNumber = (year: number, month: number, day: number): DayNumber =>
  Date.UTC(year, month - 1, day) / DAY_MS;

/** 0 is Sunday; 1970-01-01 was a Thursday. */
export const weekdayOf = (day: DayNumber): number => (((day + THURSDAY) % 7) + 7) % 7;

/** `YYYY-MM-DD`. */
export const dayText = (day: DayNumber): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** The `n`-th (from 1) given weekday of a month. */
export function nthWeekday(year: number, month: number, weekday: number, n: number): DayNumber {
  const first = dayNumber(year, month, 1);
  return first + ((weekday - weekdayOf(first) + 7) % 7) + (n - 1) * 7;
}

/** Easter Sunday in the Gregorian calendar (the anonymous algorithm, Nature 1876). */
export function easterSunday(year: number): DayNumber {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  return dayNumber(year, Math.floor(n / 31), (n % 31) + 1);
}

/** A fixed date's holiday as observed: Saturday's on the Friday before, Sunday's on the Monday after. */
function observed(day: DayNumber): DayNumber {
  const weekday = weekdayOf(day);
  return weekday === SATURDAY ? day - 1 : weekday === SUNDAY ? day + 1 : day;
}

/** Full closures of a year by rule. New Year's on a Saturday is not made up for: the Friday before closes the books. */
function holidaysOf(year: number): readonly DayNumber[] {
  const newYear = dayNumber(year, 1, 1);
  const lastOfMay = dayNumber(year, 5, 31);
  return [
    ...(weekdayOf(newYear) === SATURDAY ? [] : [observed(newYear)]),
    nthWeekday(year, 1, MONDAY, 3), // Martin Luther King, Jr.
    nthWeekday(year, 2, MONDAY, 3), // Washington's birthday
    easterSunday(year) - 2, // Good Friday
    lastOfMay - ((weekdayOf(lastOfMay) - MONDAY + 7) % 7), // Memorial Day
    ...(year >= JUNETEENTH_FROM_YEAR ? [observed(dayNumber(year, 6, 19))] : []),
    observed(dayNumber(year, 7, 4)),
    nthWeekday(year, 9, MONDAY, 1), // Labor Day
    nthWeekday(year, 11, THURSDAY, 4), // Thanksgiving
    observed(dayNumber(year, 12, 25)),
  ];
}

/** Days that end at 13:00: the eves of Independence Day and Christmas from Monday to Thursday, the day after Thanksgiving. */
function halfDaysOf(year: number): readonly DayNumber[] {
  const eves = [dayNumber(year, 7, 3), dayNumber(year, 12, 24)].filter((day) => {
    const weekday = weekdayOf(day);
    return weekday >= MONDAY && weekday <= THURSDAY;
  });
  return [...eves, nthWeekday(year, 11, THURSDAY, 4) + 1];
}

/** What the NYSE does on a date. Exact from 2013; before that its half days followed other rules. */
export function tradingDayOf(day: DayNumber): TradingDay {
  const weekday = weekdayOf(day);
  if (weekday === SATURDAY || weekday === SUNDAY) return "closed";
  const year = new Date(day * DAY_MS).getUTCFullYear();
  if (holidaysOf(year).includes(day) || SPECIAL_CLOSURES.has(dayText(day))) return "closed";
  return halfDaysOf(year).includes(day) ? "half" : "full";
}

/** Whether noon of a New York date is in daylight time: second Sunday of March to first of November (since 2007). */
export function isDaylightTime(day: DayNumber): boolean {
  const year = new Date(day * DAY_MS).getUTCFullYear();
  return day >= nthWeekday(year, 3, SUNDAY, 2) && day < nthWeekday(year, 11, SUNDAY, 1);
}
