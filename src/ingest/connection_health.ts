/** One connection as operators see it (`tickcast:health:ingest`). */
import type { Clock } from "../feed/clock.ts";
import type { ConnectionHealth } from "../feed/health.ts";
import { detailOf, statusOf } from "./connection_state.ts";
import type { Lane, Placement } from "./placement.ts";
import { tickersOf } from "./planned_connection.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";

/** Tickers shown in health; all of them are told by the `tickers` command. */
export const TICKER_SAMPLE = 300;

/** Puts the figures together. */
export function connectionHealth(
  lane: Lane,
  connection: UpstreamConnection,
  placement: Placement,
  clock: Clock,
): ConnectionHealth {
  const { state, stats } = connection;
  const tickers = tickersOf(placement.tickers(lane.id));
  return {
    id: lane.id,
    name: lane.name,
    feed: lane.feed,
    market: lane.market,
    status: statusOf(state),
    detail: detailOf(state, clock.now()),
    frequencies: [...lane.frequencies],
    tickers: tickers.length,
    tickerSample: tickers.slice(0, TICKER_SAMPLE),
    messages: stats.messages,
    events: stats.events,
    errors: stats.errors,
    rate: stats.rate(clock.monotonic()),
    latencyMs: stats.latencyMs(),
    lastFrameAt: stats.lastFrameAt,
    connectedAt: state.phase === "streaming" || state.phase === "subscribing" ? state.connectedAt : null,
    reconnects: stats.reconnects,
  };
}
