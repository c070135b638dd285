/**
 * The pull interval while markets are closed: when every market's calendar says closed and a list was silent for minutes, its
 * readers are asked to come less often, which saves store commands and nothing else, for a hint still brings them at once.
 * The first event goes back to the usual interval, and so does an opening, in time for what it brings.
 */
import type { Clock } from "../../feed/clock.ts";
import { sessionAt } from "../../feed/market_calendar.ts";
import type { Market } from "../../feed/wire_fields.ts";
import type { StreamPath } from "./stream_path.ts";

/** A list that took an event within this is not silent. */
export const QUIET_AFTER_MS = 5 * 60_000;
/** So long before a market opens readers come as usual again: a change is paced by the longer interval for a while. */
export const OPENS_SOON_MS = 60_000;
/** Between two looks at the calendar. */
export const QUIET_LOOK_MS = 10_000;

/** What is asked for, and whose calendars say when. */
export interface QuietHours {
  readonly pullMs: number;
  readonly markets: readonly Market[];
}

/** Whether a list that was silent for so long may rest. @param nowMs Unix ms */
export const isQuiet = (markets: readonly Market[], nowMs: number, silentMs: number): boolean =>
  silentMs >= QUIET_AFTER_MS && markets.length > 0 &&
  markets.every((market) =>
    [nowMs, nowMs + OPENS_SOON_MS].every((at) => sessionAt(market, at).phase === "closed")
  );

/** Looks from time to time until disposed; silence counts from now, or from a list's last append. */
export function askQuietly(
  { pullMs, markets }: QuietHours,
  usualMs: number,
  paths: readonly StreamPath[],
  clock: Clock,
): Disposable {
  const beganMs = clock.monotonic();
  return clock.interval(QUIET_LOOK_MS, () => {
    for (const { appenders } of paths) {
      for (const appender of appenders.values()) {
        const silentMs = clock.monotonic() - Math.max(beganMs, appender.sentAtMs);
        appender.askPull(isQuiet(markets, clock.now(), silentMs) ? Math.max(usualMs, pullMs) : usualMs);
      }
    }
  });
}
