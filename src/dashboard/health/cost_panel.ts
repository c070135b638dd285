/// <reference lib="dom" />
/** What the deployment asks of its store, and what that costs. */
import { make, need, setText } from "../element.ts";
import { formatCompact } from "../number_format.ts";

/** The part of `GET /api/cost` that is shown. */
export interface CostAnswer {
  readonly transport?: string;
  readonly prices_as_of?: string;
  readonly measured?: {
    readonly this_process?: { readonly commands_per_month?: number } | null;
    readonly ingest?: { readonly commands_per_month?: number } | null;
  };
  readonly estimate?: {
    readonly inputs?: Readonly<Record<string, number>>;
    readonly commands_per_month?: {
      readonly pulls?: number;
      readonly appends?: number;
      readonly upkeep?: number;
      readonly total?: number;
    };
    readonly price?: {
      readonly pay_as_you_go_usd?: number;
      readonly fixed_usd?: number;
      readonly fits_free?: boolean;
      readonly cheapest?: string;
    };
  };
}

const usd = (value: number | undefined): string => value === undefined ? "–" : `$${value.toFixed(2)}`;
const PLANS: Readonly<Record<string, string>> = {
  free: "free plan",
  pay_as_you_go: "pay as you go",
  fixed: "fixed plan",
};

/** Rows of label and value. Pure. */
export function costRows(answer: CostAnswer): (readonly [string, string])[] {
  const { estimate, measured } = answer;
  const commands = estimate?.commands_per_month;
  const price = estimate?.price;
  if (answer.transport === "memory") return [["Lists are kept in", "memory: no store to pay for"]];
  return [
    [
      "Lists are kept in",
      `Redis over ${answer.transport === "rest" ? "REST" : "TCP"}`,
    ],
    ["Store commands a month, estimated", formatCompact(commands?.total)],
    [
      "of them reading / appending / upkeep",
      [commands?.pulls, commands?.appends, commands?.upkeep].map(formatCompact).join(" / "),
    ],
    ["This edge's pace, measured", `${formatCompact(measured?.this_process?.commands_per_month)} a month`],
    ["Ingest's pace, measured", `${formatCompact(measured?.ingest?.commands_per_month)} a month`],
    ["Upstash, pay as you go", usd(price?.pay_as_you_go_usd)],
    ["Upstash, fixed plan", usd(price?.fixed_usd)],
    ["Cheapest", PLANS[price?.cheapest ?? ""] ?? "–"],
  ];
}

/** Writes rows of label and value into a list, made at the first writing. */
export function writePairs(list: HTMLElement, rows: readonly (readonly [string, string])[]): void {
  while (list.children.length > rows.length) list.lastElementChild?.remove();
  rows.forEach(([label, value], at) => {
    let row = list.children[at];
    if (!row) {
      row = make("div");
      row.append(make("dt"), make("dd", "num"));
      list.append(row);
    }
    const [term, detail] = row.children;
    if (term instanceof HTMLElement) setText(term, label);
    if (detail instanceof HTMLElement) setText(detail, value);
  });
}

/** See the file comment. */
export function drawCost(answer: CostAnswer): void {
  need("cost-empty").hidden = true;
  writePairs(need("cost-facts"), costRows(answer));
  setText(need("cost-note"), answer.prices_as_of ? `prices of ${answer.prices_as_of}` : "");
}
