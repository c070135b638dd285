/** The market calendar as health needs it: trading, thin trading, or closed. */
import { sessionAt } from "../../feed/market_calendar.ts";
import { MARKETS } from "../../feed/wire_fields.ts";
import type { SessionAt } from "./health_report.ts";

/** Pre- and after-market are `extended`; a market we don't know is taken for open, so that its silence is judged. */
export const calendarSession: SessionAt = (market, ms) => {
  const known = MARKETS.find((one) => one === market);
  if (known === undefined) return "regular";
  const { phase } = sessionAt(known, ms);
  return phase === "pre" || phase === "after" ? "extended" : phase;
};
