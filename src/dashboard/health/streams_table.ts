/// <reference lib="dom" />
/** The health page's streams: state, rate, age, and where on the way the time goes. */
import { make, setText } from "../element.ts";
import type { StreamHealth } from "./health_answer.ts";
import { KeyedTable, type TableRow } from "../keyed_table.ts";
import { formatCount, formatRate, formatSpan } from "../number_format.ts";
import { drawSpark, type RateHistory } from "./sparkline.ts";

const HOPS = ["exchange_to_ingest", "ingest_to_redis", "redis_to_edge"] as const;
const HOP_CLASSES = ["hop-exchange", "hop-ingest", "hop-redis"];
/** A lag bar is full at this much. */
const LAG_FULL_MS = 1500;

/** Widths of the hops in percent of the bar, and their sum in ms; undefined when nothing is known. Pure. */
export function lagShares(lag: StreamHealth["lag_ms"]): { widths: number[]; totalMs: number } | undefined {
  const parts = HOPS.map((hop) => Math.max(0, lag?.[hop] ?? 0));
  const totalMs = parts.reduce((sum, part) => sum + part, 0);
  if (!lag || HOPS.every((hop) => lag[hop] === null)) return undefined;
  const full = Math.max(LAG_FULL_MS, totalMs);
  return { widths: parts.map((part) => part / full * 100), totalMs };
}

/** Everything dropped, over all reasons. */
export const droppedOf = (stream: StreamHealth): number =>
  Object.values(stream.drops ?? {}).reduce((sum, count) => sum + count, 0);

/** Puts a dot and a word into a cell. */
export function writeState(cell: HTMLElement, state: string, detail = ""): void {
  if (cell.dataset.state !== state) {
    cell.dataset.state = state;
    cell.replaceChildren(make("span", "dot"), make("span", "state-word", state));
  }
  cell.title = detail;
}

/** See the file comment. */
export class StreamsTable {
  readonly #table = new KeyedTable("streams", [
    "name",
    "state",
    "num right",
    "spark-cell",
    "num right",
    "lag-cell",
    "num right",
    "num right",
    "num right",
    "num right",
  ]);

  constructor(readonly history: RateHistory) {}

  draw(streams: readonly StreamHealth[]): void {
    const rows = this.#table.rows(streams.map(({ stream }) => stream));
    rows.forEach((row, at) => {
      const stream = streams[at];
      if (stream) this.#row(row, stream);
    });
  }

  #row({ cells, element }: TableRow, stream: StreamHealth): void {
    const [name, state, rate, spark, age, lag, depth, held, gaps, drops] = cells;
    if (!name || !state || !rate || !spark || !age || !lag || !depth || !held || !gaps || !drops) return;
    element.className = stream.state === "off" ? "is-off" : "";
    setText(name, stream.stream);
    writeState(state, stream.state, stream.detail);
    setText(rate, formatRate(stream.rate));
    drawSpark(spark, this.history.add(`stream ${stream.stream}`, stream.rate ?? 0));
    setText(age, formatSpan(stream.last_event_age_ms));
    drawLag(lag, stream.lag_ms);
    setText(depth, formatCount(stream.depth));
    setText(held, formatCount(stream.lists?.reduce((sum, list) => sum + (list.held ?? 0), 0)));
    const lost = (stream.gaps?.upstream ?? 0) + (stream.gaps?.edge ?? 0);
    setText(gaps, formatCount(lost));
    gaps.dataset.sign = lost > 0 ? "warn" : "";
    const dropped = droppedOf(stream);
    setText(drops, formatCount(dropped));
    drops.dataset.sign = dropped > 0 ? "warn" : "";
    drops.title = Object.entries(stream.drops ?? {}).map(([reason, count]) => `${reason}: ${count}`).join(
      "\n",
    );
  }
}

function drawLag(cell: HTMLElement, lag: StreamHealth["lag_ms"]): void {
  const shares = lagShares(lag);
  if (cell.children.length === 0) {
    const bar = make("span", "lag-bar");
    bar.append(...HOP_CLASSES.map((name) => make("span", name)));
    cell.append(bar, make("span", "num"));
  }
  const [bar, total] = cell.children;
  if (!(bar instanceof HTMLElement) || !(total instanceof HTMLElement)) return;
  setText(total, shares ? formatSpan(shares.totalMs) : "–");
  bar.title = shares
    ? HOPS.map((hop) => `${hop.replaceAll("_", " ")}: ${formatSpan(lag?.[hop])}`).join("\n")
    : "";
  [...bar.children].forEach((part, at) => {
    if (part instanceof HTMLElement) part.style.width = `${shares?.widths[at] ?? 0}%`;
  });
}
