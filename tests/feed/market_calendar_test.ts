import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { marketOfSymbol, nextOpenAt, sessionAt } from "../../src/feed/market_calendar.ts";
import { DAY_MS } from "../../src/feed/trading_day.ts";

/** Weekday closures as the exchange published them. */
const HOLIDAYS: Readonly<Record<number, string>> = {
  2013: "01-01 01-21 02-18 03-29 05-27 07-04 09-02 11-28 12-25",
  2014: "01-01 01-20 02-17 04-18 05-26 07-04 09-01 11-27 12-25",
  2015: "01-01 01-19 02-16 04-03 05-25 07-03 09-07 11-26 12-25",
  2016: "01-01 01-18 02-15 03-25 05-30 07-04 09-05 11-24 12-26",
  2017: "01-02 01-16 02-20 04-14 05-29 07-04 09-04 11-23 12-25",
  2018: "01-01 01-15 02-19 03-30 05-28 07-04 09-03 11-22 12-05 12-25",
  2019: "01-01 01-21 02-18 04-19 05-27 07-04 09-02 11-28 12-25",
  2020: "01-01 01-20 02-17 04-10 05-25 07-03 09-07 11-26 12-25",
  2021: "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24",
  2022: "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26",
  2023: "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25",
  2024: "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25",
  2025: "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
  2026: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
  2027: "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
};

/** Days that ended at 13:00. */
const HALF_DAYS: Readonly<Record<number, string>> = {
  2013: "07-03 11-29 12-24",
  2014: "07-03 11-28 12-24",
  2015: "11-27 12-24",
  2016: "11-25",
  2017: "07-03 11-24",
  2018: "07-03 11-23 12-24",
  2019: "07-03 11-29 12-24",
  2020: "11-27 12-24",
  2021: "11-26",
  2022: "11-25",
  2023: "07-03 11-24",
  2024: "07-03 11-29 12-24",
  2025: "07-03 11-28 12-24",
  2026: "11-27 12-24",
  2027: "11-26",
};

const listed = (days: Readonly<Record<number, string>>) =>
  new Set(Object.entries(days).flatMap(([year, text]) => text.split(" ").map((day) => `${year}-${day}`)));

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

pure("every weekday of 2013 to 2027 is open, half open or shut as the exchange published it", () => {
  const holidays = listed(HOLIDAYS);
  const halves = listed(HALF_DAYS);
  for (let noon = Date.UTC(2013, 0, 1, 17); noon < Date.UTC(2028, 0, 1); noon += DAY_MS) {
    const session = sessionAt("stocks", noon);
    const date = new Date(noon).toISOString().slice(0, 10);
    const weekday = new Date(noon).getUTCDay();
    assertEquals(session.dayKey, date);
    const open = weekday >= 1 && weekday <= 5 && !holidays.has(date);
    assertEquals(session.opensAt !== undefined, open, date);
    if (session.opensAt === undefined || session.closesAt === undefined) continue;
    assertEquals((session.closesAt - session.opensAt) / 3_600_000, halves.has(date) ? 3.5 : 6.5, date);
  }
});

const newYork = new Intl.DateTimeFormat("sv-SE", {
  timeZone: "America/New_York",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
});

/** What the wall clock in New York says, the slow way. */
function phaseByWallClock(ms: number, half: boolean, tradingDay: boolean): string {
  const [hour = 0, minute = 0] = newYork.format(ms).slice(11).split(":").map(Number);
  const at = hour + minute / 60;
  if (!tradingDay || at < 4) return "closed";
  if (at < 9.5) return "pre";
  if (at < (half ? 13 : 16)) return "regular";
  return at < (half ? 17 : 20) ? "after" : "closed";
}

pure("phase and date agree with New York's wall clock at any minute of 2013 to 2027", () => {
  const holidays = listed(HOLIDAYS);
  const halves = listed(HALF_DAYS);
  const from = Date.UTC(2013, 0, 1, 12) / 60_000;
  const to = Date.UTC(2027, 11, 31) / 60_000;
  fc.assert(
    fc.property(fc.integer({ min: from, max: to }), (minute) => {
      const ms = minute * 60_000;
      const session = sessionAt("stocks", ms);
      const date = newYork.format(ms).slice(0, 10);
      const weekday = new Date(`${date}T12:00:00Z`).getUTCDay();
      const tradingDay = weekday >= 1 && weekday <= 5 && !holidays.has(date);
      assertEquals(session.dayKey, date);
      assertEquals(session.phase, phaseByWallClock(ms, halves.has(date), tradingDay));
      assert(session.fromMs <= ms && ms < session.untilMs);
    }),
    { numRuns: 2000 },
  );
});

for (
  const [day, open] of [
    ["2026-03-06", "14:30"], // Friday before the clocks go forward
    ["2026-03-09", "13:30"], // Monday after
    ["2026-10-30", "13:30"],
    ["2026-11-02", "14:30"],
  ] as const
) {
  pure(`regular trading of ${day} opens at ${open} UTC, whichever side of the change of clocks`, () => {
    assertEquals(sessionAt("stocks", Date.parse(`${day}T18:00Z`)).opensAt, Date.parse(`${day}T${open}Z`));
  });
}

pure("the Sundays on which the clocks change have 23 and 25 hours, all closed", () => {
  const spring = sessionAt("stocks", Date.parse("2026-03-08T12:00Z"));
  const autumn = sessionAt("stocks", Date.parse("2026-11-01T12:00Z"));
  assertEquals([spring.phase, (spring.untilMs - spring.fromMs) / 3_600_000], ["closed", 23]);
  assertEquals([autumn.phase, (autumn.untilMs - autumn.fromMs) / 3_600_000], ["closed", 25]);
});

pure("phases change on the ms and half days end at 13:00 and 17:00", () => {
  const phase = (text: string) => sessionAt("stocks", Date.parse(text)).phase;
  assertEquals(phase("2026-11-27T08:59:59.999Z"), "closed");
  assertEquals(phase("2026-11-27T09:00:00Z"), "pre");
  assertEquals(phase("2026-11-27T14:29:59.999Z"), "pre");
  assertEquals(phase("2026-11-27T14:30:00Z"), "regular");
  assertEquals(phase("2026-11-27T17:59:59.999Z"), "regular");
  assertEquals(phase("2026-11-27T18:00:00Z"), "after");
  assertEquals(phase("2026-11-27T22:00:00Z"), "closed");
});

pure("the last hour before New York's midnight belongs to the day that ends, in winter too", () => {
  assertEquals(sessionAt("stocks", Date.parse("2026-01-06T04:30Z")).dayKey, "2026-01-05");
  assertEquals(sessionAt("stocks", Date.parse("2026-01-06T05:00Z")).dayKey, "2026-01-06");
  assertEquals(sessionAt("stocks", Date.parse("2026-07-07T03:59Z")).dayKey, "2026-07-06");
});

pure("crypto trades through one session a UTC day", () => {
  const session = sessionAt("crypto", Date.parse("2026-12-25T23:59:59.999Z"));
  assertEquals([session.phase, session.dayKey], ["regular", "2026-12-25"]);
  assertEquals(session.untilMs, Date.parse("2026-12-26T00:00Z"));
  assertEquals(marketOfSymbol("X:BTC-USD"), "crypto");
  assertEquals(marketOfSymbol("BRK.B"), "stocks");
});

pure("two times of one session get the same object", () => {
  const a = sessionAt("stocks", Date.parse("2026-03-02T15:00Z"));
  assertStrictEquals(sessionAt("stocks", Date.parse("2026-03-02T20:59Z")), a);
});

pure("the next opening skips nights, weekends and holidays", () => {
  const next = (text: string) => new Date(nextOpenAt("stocks", Date.parse(text))).toISOString();
  assertEquals(next("2026-04-02T23:30Z"), "2026-04-02T23:30:00.000Z"); // after hours: open as it is
  assertEquals(next("2026-04-03T15:00Z"), "2026-04-06T08:00:00.000Z"); // Good Friday
  assertEquals(next("2026-03-06T02:00Z"), "2026-03-06T09:00:00.000Z");
  assertEquals(nextOpenAt("crypto", 12345), 12345);
});

pure("a replay of decades stays right and a time no date can hold is closed", () => {
  for (let year = 1990; year < 2200; year++) sessionAt("stocks", Date.UTC(year, 5, 15, 16));
  assertEquals(sessionAt("stocks", Date.parse("2013-10-07T13:30Z")).phase, "regular");
  for (const ms of [9e15, -9e15, NaN, Infinity, 8.64e15, -8.64e15]) {
    assertEquals(sessionAt("stocks", ms).phase, "closed");
  }
  assertEquals(sessionAt("stocks", Date.parse("2013-10-07T13:30Z")).phase, "regular");
  assertEquals(nextOpenAt("stocks", 9e15), 9e15);
});
