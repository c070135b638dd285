/** `GET /ws/stats`: four numbers about this instance's clients, in the shape dashboards already know. */
import type { Clock } from "../../feed/clock.ts";
import type { EdgeCounters } from "../edge_counters.ts";

/** Symbols told at most, the most wanted first: a hostile client can't make the answer grow. */
export const STATS_SYMBOLS_MAX = 1000;

/** What the connected clients want, counted on request. */
export interface ClientFacts {
  /** Clients by what they subscribe: symbols, `*` and prefixes as written; a client counts once per symbol. */
  subscriptionsBySymbol(): ReadonlyMap<string, number>;
  /** Connected clients by tier. */
  clientsByTier(): ReadonlyMap<string, number>;
}

/** Nobody is connected. */
export const noClients: ClientFacts = {
  subscriptionsBySymbol: () => new Map(),
  clientsByTier: () => new Map(),
};

/** Several groups of clients as one. */
export function allClients(...groups: readonly ClientFacts[]): ClientFacts {
  const sum = (read: (group: ClientFacts) => ReadonlyMap<string, number>): ReadonlyMap<string, number> => {
    const total = new Map<string, number>();
    for (const group of groups) {
      for (const [name, count] of read(group)) total.set(name, (total.get(name) ?? 0) + count);
    }
    return total;
  };
  return {
    subscriptionsBySymbol: () => sum((group) => group.subscriptionsBySymbol()),
    clientsByTier: () => sum((group) => group.clientsByTier()),
  };
}

/** `/ws/stats`. */
export interface StatsReport {
  /** Over all transports. */
  readonly active_connections: number;
  /** Messages sent in the last 60 s. */
  readonly messages_sent_1m: number;
  /** Clients that were found slow since the start. */
  readonly slow_consumers: number;
  readonly subscriptions_by_symbol: Readonly<Record<string, number>>;
}

/** Clients connected now, over all transports. */
export const activeConnections = (counters: EdgeCounters): number =>
  Object.values(counters.active).reduce((sum, count) => sum + count, 0);

/** The most wanted symbols, most wanted first, equals by name. */
export function mostWanted(
  clients: ClientFacts,
  limit: number = STATS_SYMBOLS_MAX,
): readonly (readonly [symbol: string, clients: number])[] {
  return [...clients.subscriptionsBySymbol()]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, limit);
}

/** Puts the answer together. */
export function statsReport(counters: EdgeCounters, clients: ClientFacts): StatsReport {
  return {
    active_connections: activeConnections(counters),
    messages_sent_1m: counters.messagesLastMinute(),
    slow_consumers: counters.slowWarned,
    subscriptions_by_symbol: Object.fromEntries(mostWanted(clients)),
  };
}

/** Counting what thousands of clients subscribe takes a while: whoever asks how often, it is done once in so long. */
export const STATS_FRESH_MS = 1_000;

/** The report, made anew when the last one is old. */
export function freshStats(counters: EdgeCounters, clients: ClientFacts, clock: Clock): () => StatsReport {
  let madeMs = -Infinity;
  let report: StatsReport | undefined;
  return () => {
    const nowMs = clock.monotonic();
    if (report === undefined || nowMs - madeMs >= STATS_FRESH_MS) {
      report = statsReport(counters, clients);
      madeMs = nowMs;
    }
    return report;
  };
}
