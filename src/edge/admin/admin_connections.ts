/**
 * `/api/websocket/connections…` as values: ingest's connections in the shape of the contract, read from its last
 * report.
 */
import type { ConnectionHealth, IngestHealth } from "../../feed/health.ts";

/** One connection in the list. */
export interface ConnectionLine {
  readonly name: string;
  /** `disconnected`, `connecting`, `connected`, `error` */
  readonly status: string;
  /** How many it carries. */
  readonly tickers: number;
  /** Frames since the start. */
  readonly messages: number;
  readonly errors: number;
  /** Events a second. */
  readonly rate: number;
  /** Exchange → ingest, median of the last while. */
  readonly latency_ms: number | null;
  readonly detail: string;
}

/** `GET /api/websocket/connections`. */
export interface ConnectionList {
  readonly total_connections: number;
  readonly connected: number;
  readonly total_tickers: number;
  /** Events received over all of them. */
  readonly total_ticks: number;
  readonly total_errors: number;
  readonly connections: Readonly<Record<string, ConnectionLine>>;
}

const lineOf = (one: ConnectionHealth): ConnectionLine => ({
  name: one.name,
  status: one.status,
  tickers: one.tickers,
  messages: one.messages,
  errors: one.errors,
  rate: one.rate,
  latency_ms: one.latencyMs,
  detail: one.detail,
});

const total = (all: readonly ConnectionHealth[], read: (one: ConnectionHealth) => number): number =>
  all.reduce((sum, one) => sum + read(one), 0);

/** All connections; none while no ingest has reported. */
export function connectionList(ingest: IngestHealth | undefined): ConnectionList {
  const all = ingest?.connections ?? [];
  return {
    total_connections: all.length,
    connected: all.filter((one) => one.status === "connected").length,
    total_tickers: total(all, (one) => one.tickers),
    total_ticks: total(all, (one) => one.events),
    total_errors: total(all, (one) => one.errors),
    connections: Object.fromEntries(all.map((one) => [one.id, lineOf(one)])),
  };
}

/** `GET /api/websocket/connections/{id}`: the line and what else is known. */
export interface ConnectionDetail extends ConnectionLine {
  readonly id: string;
  readonly feed: string;
  readonly market: string;
  readonly frequencies: readonly string[];
  readonly events: number;
  readonly reconnects: number;
  readonly last_frame_at: number | null;
  readonly connected_at: number | null;
}

/** One connection by id or name. */
export const findConnection = (ingest: IngestHealth | undefined, id: string): ConnectionHealth | undefined =>
  ingest?.connections.find((one) => one.id === id) ?? ingest?.connections.find((one) => one.name === id);

/** One connection in full. */
export const connectionDetail = (one: ConnectionHealth): ConnectionDetail => ({
  ...lineOf(one),
  id: one.id,
  feed: one.feed,
  market: one.market,
  frequencies: one.frequencies,
  events: one.events,
  reconnects: one.reconnects,
  last_frame_at: one.lastFrameAt,
  connected_at: one.connectedAt,
});

/** `GET …/{id}/tickers`: as many as the report carries. */
export interface ConnectionTickers {
  readonly connection: string;
  readonly total: number;
  readonly tickers: readonly string[];
  /** There are more: ask with the admin token for all of them. */
  readonly truncated: boolean;
}

/** The tickers of one connection, from the report. */
export const connectionTickers = (one: ConnectionHealth): ConnectionTickers => ({
  connection: one.id,
  total: one.tickers,
  tickers: one.tickerSample,
  truncated: one.tickers > one.tickerSample.length,
});

/** Where a ticker rides: undefined when the report does not carry enough to say. */
export function locateTicker(
  ingest: IngestHealth | undefined,
  ticker: string,
): { readonly ticker: string; readonly connections: readonly string[] } | undefined {
  const all = ingest?.connections ?? [];
  const found = all.filter((one) => one.tickerSample.includes(ticker) || one.tickerSample.includes("*"));
  const complete = ingest !== undefined && all.every((one) => !connectionTickers(one).truncated);
  if (found.length === 0 && !complete) return undefined;
  return { ticker, connections: found.map((one) => one.id) };
}
