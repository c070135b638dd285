/// <reference lib="dom" />
/** The health page's upstream connections, and the button that spreads their tickers anew. */
import { need, setText } from "../element.ts";
import { KeyedTable } from "../keyed_table.ts";
import { MessageRates } from "./message_rates.ts";
import { formatCount, formatRate, formatSpan } from "../number_format.ts";
import { drawSpark, type RateHistory } from "./sparkline.ts";
import { writeState } from "./streams_table.ts";

/** `GET /api/websocket/connections`. */
export interface ConnectionsAnswer {
  readonly total_connections: number;
  readonly connected: number;
  readonly total_tickers: number;
  readonly total_errors: number;
  readonly connections: Readonly<Record<string, ConnectionLine>>;
}

interface ConnectionLine {
  readonly name: string;
  readonly status: string;
  readonly tickers: number;
  readonly messages: number;
  readonly errors: number;
  readonly rate: number;
  readonly latency_ms: number | null;
  readonly detail: string;
}

const DOTS: Readonly<Record<string, string>> = {
  connected: "live",
  connecting: "stale",
  error: "down",
  disconnected: "quiet",
};

/** See the file comment. */
export class ConnectionsTable {
  readonly #rates = new MessageRates();
  readonly #table = new KeyedTable("connections", [
    "name",
    "state",
    "num right",
    "num right",
    "num right",
    "spark-cell",
    "num right",
    "num right",
    "detail dim",
  ]);

  constructor(readonly history: RateHistory) {}

  draw(answer: ConnectionsAnswer): void {
    const ids = Object.keys(answer.connections);
    need("connections-empty").hidden = ids.length > 0;
    this.#rates.keep(ids);
    this.#table.rows(ids).forEach(({ cells }, at) => {
      const id = ids[at] ?? "";
      const line = answer.connections[id];
      const [name, state, tickers, messages, rate, spark, errors, latency, detail] = cells;
      if (
        !line || !name || !state || !tickers || !messages || !rate || !spark || !errors || !latency || !detail
      ) return;
      setText(name, line.name);
      name.title = id;
      writeState(state, line.status);
      state.dataset.state = line.status;
      state.dataset.dot = DOTS[line.status] ?? "quiet";
      setText(tickers, formatCount(line.tickers));
      setText(messages, formatRate(this.#rates.add(id, line.messages, performance.now())));
      messages.title = `${formatCount(line.messages)} since the start`;
      setText(rate, formatRate(line.rate));
      drawSpark(spark, this.history.add(`connection ${id}`, line.rate));
      setText(errors, formatCount(line.errors));
      errors.dataset.sign = line.errors > 0 ? "warn" : "";
      setText(latency, formatSpan(line.latency_ms));
      setText(detail, line.detail);
      detail.title = line.detail;
    });
  }
}

/** What a rebalancing answered, in words. Pure. */
export function rebalanceText(status: number, body: unknown): string {
  const { moved, error } = (body ?? {}) as { moved?: unknown; error?: { message?: unknown } };
  if (status === 200 && Array.isArray(moved)) {
    return moved.length === 0
      ? "Nothing to move: the load is already even"
      : `Moved ${formatCount(moved.length)} ${moved.length === 1 ? "symbol" : "symbols"}`;
  }
  if (typeof error?.message === "string") return error.message;
  return status === 0 ? "The server did not answer" : `The server answered ${status}`;
}

/** Wires the form. The token is sent with this request and kept nowhere. */
export function startRebalance(): void {
  const token = need("admin-token", HTMLInputElement);
  const button = need("rebalance", HTMLButtonElement);
  const result = need("rebalance-result");
  need("rebalance-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    setText(result, "Rebalancing");
    void rebalance(token.value).then((text) => {
      setText(result, text);
      button.disabled = false;
    });
  });
}

async function rebalance(token: string): Promise<string> {
  try {
    const response = await fetch("api/websocket/rebalance", {
      method: "POST",
      headers: { authorization: `Bearer ${token.trim()}`, "content-type": "application/json" },
      body: "{}",
      signal: AbortSignal.timeout(15_000),
    });
    return rebalanceText(response.status, await response.json().catch(() => undefined));
  } catch {
    return rebalanceText(0, undefined);
  }
}
