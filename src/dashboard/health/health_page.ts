/// <reference lib="dom" />
/** The health page: asks the health routes every two seconds and shows what they say. */
import { type ConnectionsAnswer, ConnectionsTable, startRebalance } from "./connections_table.ts";
import { type CostAnswer, drawCost, writePairs } from "./cost_panel.ts";
import { need, setText } from "../element.ts";
import { ask, type StreamsHealth } from "./health_answer.ts";
import { type EdgesAnswer, EdgesTable } from "./edges_table.ts";
import {
  formatCompact,
  formatCount,
  formatRate,
  formatSpan,
  formatTime,
  zoneName,
} from "../number_format.ts";
import { RateHistory } from "./sparkline.ts";
import { StreamsTable } from "./streams_table.ts";
import { startTheme } from "../theme.ts";
import { verdictOf } from "./verdict.ts";

/** How often the routes are asked. */
const ASK_EVERY_MS = 2_000;
/** The cost changes slowly. */
const COST_EVERY = 15;
/** Longest an answer is waited for. */
const ASK_LIMIT_MS = 5_000;

interface Stats {
  readonly active_connections: number;
  readonly messages_sent_1m: number;
  readonly slow_consumers: number;
}

interface Ingest {
  readonly ingest?: {
    readonly instance: string;
    readonly role: string;
    readonly version: string;
    readonly report_age_ms: number;
    readonly store_up: boolean;
    readonly plan_fallback: string;
  } | null;
  readonly store?: { readonly transport: string; readonly silent_ms: number };
}

type Health = StreamsHealth & Ingest;

class HealthPage {
  readonly #history = new RateHistory();
  readonly #streams = new StreamsTable(this.#history);
  readonly #connections = new ConnectionsTable(this.#history);
  readonly #edges = new EdgesTable();
  #roundsToCost = 0;

  async run(): Promise<never> {
    for (;;) {
      if (!document.hidden) await this.#ask();
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  }

  async #ask(): Promise<void> {
    const signal = AbortSignal.timeout(ASK_LIMIT_MS);
    const token = need("admin-token", HTMLInputElement).value.trim();
    const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
    const read = async <T>(route: string) => (await ask<T>(route, signal, headers)).value;
    const isCostDue = this.#roundsToCost-- <= 0;
    const [{ status, value: health }, connections, stats, edges, cost] = await Promise.all([
      ask<Health>("health/streams", signal, headers),
      read<ConnectionsAnswer>("api/websocket/connections"),
      read<Stats>("ws/stats"),
      read<EdgesAnswer>("health/edges"),
      isCostDue ? read<CostAnswer>("api/cost") : undefined,
    ]);
    this.#drawVerdict(health, status);
    this.#drawTiles(health, connections, stats);
    if (connections) this.#connections.draw(connections);
    if (edges) this.#edges.draw(edges);
    if (health) this.#streams.draw(Object.values(health.streams));
    if (health) this.#drawIngest(health);
    if (cost) {
      drawCost(cost);
      this.#roundsToCost = COST_EVERY;
    }
    // What is not told now stays as it was told last, and looks it. Before the first answer nothing is shown.
    need("report").dataset.age = health ? "now" : "past";
  }

  #drawVerdict(health: Health | undefined, status: number): void {
    const verdict = verdictOf(health, status);
    need("verdict").dataset.light = need("link").dataset.light = verdict.light;
    setText(need("verdict-text"), verdict.text);
    setText(need("verdict-detail"), verdict.detail || "\u00a0");
    setText(need("link-text"), health || status > 0 ? "Answering" : "No answer");
    setText(need("link-age"), formatTime(Date.now()));
    need("simulated").hidden = health?.simulated !== true;
  }

  #drawTiles(
    health: Health | undefined,
    connections: ConnectionsAnswer | undefined,
    stats: Stats | undefined,
  ): void {
    const received = Object.values(health?.streams ?? {}).reduce((sum, { rate }) => sum + (rate ?? 0), 0);
    setText(need("tile-rate"), formatRate(health && received));
    setText(need("tile-clients"), formatCount(stats?.active_connections));
    setText(need("tile-messages"), formatCompact(stats?.messages_sent_1m));
    setText(need("tile-slow"), formatCount(stats?.slow_consumers));
    need("tile-slow").dataset.sign = stats?.slow_consumers ? "warn" : "";
    const up = connections && `${connections.connected}/${connections.total_connections}`;
    setText(need("tile-upstream"), up ?? "–");
  }

  #drawIngest({ ingest, store }: Health): void {
    const rows: (readonly [string, string])[] = [
      ["Ingest", ingest ? `${ingest.instance} (${ingest.role})` : "has not reported"],
      ["Reported", ingest ? `${formatSpan(ingest.report_age_ms)} ago` : "–"],
      ["Ingest's store", ingest ? (ingest.store_up ? "reachable" : "away: events wait in its queues") : "–"],
      ["This edge's store", store ? `${store.transport}, answered ${formatSpan(store.silent_ms)} ago` : "–"],
    ];
    if (ingest?.plan_fallback) rows.push(["Plan", ingest.plan_fallback]);
    writePairs(need("ingest-facts"), rows);
  }
}

startTheme(() => {});
startRebalance();
setText(need("foot-zone"), `Times in ${zoneName(new Date())}`);
void new HealthPage().run();
