/** One connection as operators see it (`tickcast:health:ingest`). */
import type { Clock } from "../../feed/clock.ts";
import type { ConnectionHealth } from "../../feed/health.ts";
import { detailOf, statusOf } from "../upstream/connection_state.ts";
import type { Loans } from "./failover.ts";
import type { Lane, Placement } from "./placement.ts";
import { tickersOf } from "../plan/planned_connection.ts";
import { ALL, splitTopic } from "../wire/subscription_topics.ts";
import type { UpstreamConnection } from "../upstream/upstream_connection.ts";

/** Tickers shown in health; all of them are told by the `tickers` command. */
export const TICKER_SAMPLE = 300;

/** Tickers that ride elsewhere than at home for now: lent out of a connection, and lent to one (with whose they are). */
export interface LentTickers {
  readonly out: ReadonlyMap<string, ReadonlySet<string>>;
  readonly in: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** Reads tickers off the loans of topics. */
export function lentTickers(loans: Loans, placement: Placement): LentTickers {
  const out = new Map<string, Set<string>>();
  const into = new Map<string, Map<string, string>>();
  for (const [home, topics] of loans) {
    const isCrypto = placement.lane(home)?.market === "crypto";
    for (const [topic, carrier] of topics) {
      const { symbol } = splitTopic(topic);
      const ticker = isCrypto && symbol !== ALL ? `X:${symbol}` : symbol;
      out.set(home, (out.get(home) ?? new Set()).add(ticker));
      into.set(carrier, (into.get(carrier) ?? new Map()).set(ticker, home));
    }
  }
  return { out, in: into };
}

/** Tickers that ride on a connection now: what is lent out is not among them, what is lent to it is. */
export function ridingTickers(id: string, placement: Placement, lent: LentTickers): readonly string[] {
  const out = lent.out.get(id);
  const own = tickersOf(placement.tickers(id)).filter((ticker) => !out?.has(ticker));
  return [...new Set([...own, ...lent.in.get(id)?.keys() ?? []])];
}

/** Puts the figures together. Its tickers are those that ride on it now. */
export function connectionHealth(
  lane: Lane,
  connection: UpstreamConnection,
  placement: Placement,
  lent: LentTickers,
  clock: Clock,
): ConnectionHealth {
  const { state, stats } = connection;
  const tickers = ridingTickers(lane.id, placement, lent);
  return {
    id: lane.id,
    name: lane.name,
    feed: lane.feed,
    market: lane.market,
    status: statusOf(state),
    detail: `${detailOf(state, clock.now())}${lentWords(lane.id, lent)}`,
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

function lentWords(id: string, lent: LentTickers): string {
  const out = lent.out.get(id)?.size ?? 0;
  const borrowed = lent.in.get(id) ?? new Map<string, string>();
  const lost = out > 0 ? `; ${out} of its tickers ride on others meanwhile` : "";
  if (borrowed.size === 0) return lost;
  const homes = [...new Set(borrowed.values())].join(", ");
  return `${lost}; carries ${borrowed.size} tickers of ${homes} meanwhile`;
}
