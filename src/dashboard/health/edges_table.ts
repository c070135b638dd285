/// <reference lib="dom" />
/** The health page's edges: every instance that shares the store with the one that answered. */
import { make, need, setText } from "../element.ts";
import { KeyedTable } from "../keyed_table.ts";
import { formatCompact, formatCount, formatSpan } from "../number_format.ts";
import { writeState } from "./streams_table.ts";

/** `GET /health/edges`. */
export interface EdgesAnswer {
  readonly edge: string;
  readonly read_age_ms: number | null;
  readonly truncated: boolean;
  readonly edges: readonly EdgeLine[];
}

interface EdgeLine {
  readonly edge: string;
  readonly version: string;
  readonly phase: string;
  readonly uptime_s: number;
  readonly active_connections: number;
  readonly messages_sent_1m: number;
  readonly slow_closed: number;
  readonly age_ms: number;
}

/** A list older than this is told to be old. */
const OLD_MS = 20_000;
const DOTS: Readonly<Record<string, string>> = {
  serving: "live",
  starting: "quiet",
  draining: "stale",
  shedding: "stale",
};

/** How many there are, and how far the list can be trusted. Pure. */
export function edgesNote({ edges, read_age_ms, truncated }: EdgesAnswer): string {
  const count = `${formatCount(edges.length)}${truncated ? " or more" : ""}`;
  if (read_age_ms === null) return "the one that answers; others are not known: its store does not answer";
  if (read_age_ms > OLD_MS) {
    return `${count}, as known ${formatSpan(read_age_ms)} ago: the store does not answer`;
  }
  return edges.length === 1 ? "1 instance" : `${count} instances`;
}

/** See the file comment. */
export class EdgesTable {
  readonly #table = new KeyedTable("edges", [
    "name",
    "state",
    "num right",
    "num right",
    "num right",
    "num right",
    "num",
    "num right dim",
  ]);

  draw(answer: EdgesAnswer): void {
    setText(need("edges-note"), edgesNote(answer));
    const { edges } = answer;
    this.#table.rows(edges.map(({ edge }) => edge)).forEach(({ cells, element }, at) => {
      const edge = edges[at];
      const [name, phase, clients, messages, slow, uptime, version, told] = cells;
      if (!edge || !name || !phase || !clients || !messages || !slow || !uptime || !version || !told) return;
      const isSelf = edge.edge === answer.edge;
      element.className = isSelf ? "is-self" : "";
      writeName(name, edge.edge, isSelf);
      writeState(phase, edge.phase);
      phase.dataset.dot = DOTS[edge.phase] ?? "quiet";
      setText(clients, formatCount(edge.active_connections));
      setText(messages, formatCompact(edge.messages_sent_1m));
      setText(slow, formatCount(edge.slow_closed));
      slow.dataset.sign = edge.slow_closed > 0 ? "warn" : "";
      setText(uptime, formatSpan(edge.uptime_s * 1000));
      setText(version, edge.version);
      setText(told, isSelf ? "now" : `${formatSpan(edge.age_ms)} ago`);
    });
  }
}

function writeName(cell: HTMLElement, edge: string, isSelf: boolean): void {
  if (cell.children.length === 0) cell.append(make("span", "", edge), make("span", "self dim"));
  const mark = cell.lastElementChild;
  if (mark instanceof HTMLElement) setText(mark, isSelf ? "answers this page" : "");
}
