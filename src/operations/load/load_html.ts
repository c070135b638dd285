/** A report as one self-contained page: verdict, thresholds, tables and plots of the run's course. */
import { escapeHtml, type Plot, plotHtml } from "./load_plot.ts";
import { LIMITS, type LoadReport } from "./load_report.ts";

const BLUE = "#2563eb", GREEN = "#16a34a", ORANGE = "#d97706", RED = "#dc2626", GREY = "#8b95a5";
const MIB = 2 ** 20;

const PLOTS: readonly Plot[] = [
  {
    title: "Clients",
    unit: "",
    lines: [
      { label: "wanted", colour: GREY, value: (point) => point.wanted },
      { label: "connected", colour: BLUE, value: (point) => point.connected },
    ],
  },
  {
    title: "Delivery, from ingest's receipt to the client",
    unit: "ms",
    limits: [LIMITS.p95Ms, LIMITS.p99Ms],
    lines: [
      { label: "this tool's own lateness", colour: GREY, value: (point) => point.toolLateMs },
      { label: "p50", colour: GREEN, value: (point) => point.p50 },
      { label: "p95", colour: ORANGE, value: (point) => point.p95 },
      { label: "p99", colour: RED, value: (point) => point.p99 },
    ],
  },
  {
    title: "Connecting, from the attempt to being let in",
    unit: "ms",
    limits: [LIMITS.p95Ms, LIMITS.p99Ms],
    lines: [
      { label: "p95", colour: ORANGE, value: (point) => point.connectP95 },
      { label: "p99", colour: RED, value: (point) => point.connectP99 },
    ],
  },
  {
    title: "Connections let in",
    unit: "a second",
    lines: [{ label: "let in", colour: BLUE, value: (point) => point.opened }],
  },
  {
    title: "Events received by all clients",
    unit: "a second",
    lines: [{ label: "events", colour: "#7c3aed", value: (point) => point.eventsPerSecond }],
  },
  {
    title: "Failed connections and undetected losses, summed up",
    unit: "",
    lines: [
      { label: "failed", colour: ORANGE, value: (point) => point.failed },
      { label: "undetected", colour: RED, value: (point) => point.undetected },
    ],
  },
  {
    title: "Memory of the largest process",
    unit: "MiB",
    lines: [{
      label: "memory",
      colour: "#0891b2",
      value: ({ memoryBytes }) => memoryBytes === null ? null : memoryBytes / MIB,
    }],
  },
  {
    title: "CPU of the busiest process",
    unit: "% of a core",
    limits: [LIMITS.cpuPercent],
    lines: [{ label: "CPU", colour: "#0891b2", value: (point) => point.cpuPercent }],
  },
];

const STYLE = `:root{color-scheme:light dark;--line:#8883}
body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:2rem auto;padding:0 1rem}
h1{margin-bottom:.2rem}h2{font-size:1.05rem;margin:1.8rem 0 .2rem}h2 small{font-weight:400;opacity:.7}
p{margin:.2rem 0}.quiet{opacity:.75}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;font-size:.85rem}
.legend i{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.4em}.legend b{font-weight:400;opacity:.7}
svg{width:100%;height:auto}svg text{font-size:11px;fill:currentColor;opacity:.75}
svg line{stroke:var(--line)}svg .stage{stroke-dasharray:2 4}svg .limit{stroke:${RED};stroke-dasharray:6 4;opacity:.6}
svg polyline{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
.scroll{overflow-x:auto}table{border-collapse:collapse;margin:.4rem 0;font-variant-numeric:tabular-nums}
td,th{padding:.2rem 1.2rem .2rem 0;text-align:right;border-bottom:1px solid var(--line);font-weight:400}th{opacity:.7}
td:first-child,th:first-child{text-align:left}.ok{color:${GREEN}}.missed{color:${RED};font-weight:600}
.tables{display:flex;flex-wrap:wrap;gap:0 3rem}`;

const shown = (value: unknown) =>
  escapeHtml(typeof value === "number" ? value.toLocaleString("en") : value ?? "–");

const table = (head: readonly string[], rows: readonly (readonly unknown[])[]) =>
  `<div class="scroll"><table><tr>${head.map((cell) => `<th>${escapeHtml(cell)}</th>`).join("")}</tr>${
    rows.map((row) => `<tr>${row.map((cell) => `<td>${shown(cell)}</td>`).join("")}</tr>`).join("")
  }</table></div>`;

/** Nothing when there is nothing. */
const counted = (title: string, counts: Readonly<Record<string, number>>) =>
  Object.keys(counts).length === 0 ? "" : table([title, ""], Object.entries(counts));

const thresholds = ({ thresholds }: LoadReport) =>
  `<div class="scroll"><table><tr><th>threshold</th><th>measured</th><th>limit</th><th></th></tr>${
    thresholds.map(({ name, limit, value, isMet }) =>
      `<tr><td>${escapeHtml(name)}</td><td>${shown(value ?? "not measured")}</td><td>${
        escapeHtml(limit)
      }</td><td class="${isMet ? "ok" : "missed"}">${
        isMet ? (value === null ? "–" : "ok") : "missed"
      }</td></tr>`
    ).join("")
  }</table></div>`;

function headline({ plan, machine, passed, silence, startedAt, seconds }: LoadReport): string {
  const stages = plan.stages.map(({ clients, seconds }) => `${clients} in ${seconds} s`).join(", then ");
  const symbols = plan.symbols[0] === "*"
    ? "all symbols"
    : `${plan.symbolsEach || plan.symbols.length} symbols each`;
  const { ws, sse, poll } = plan.mix;
  return `<h1>Load: <span class="${passed ? "ok" : "missed"}">${passed ? "passed" : "not passed"}</span></h1>
${silence === undefined ? "" : `<p><b>${escapeHtml(silence.reason)}</b></p>`}
<p>${escapeHtml(startedAt)}, ${seconds} s, to ${escapeHtml(plan.urls.join(", "))}. Clients: ${
    escapeHtml(stages)
  }; WebSocket ${ws}, event streams ${sse}, polls ${poll}; ${plan.slowShare * 100} % slow, ${
    plan.flapShare * 100
  } % flapping; streams ${escapeHtml(plan.streams.join(", "))}, ${symbols}.</p>
<p class="quiet">${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB, ${
    escapeHtml(machine.os)
  }, Deno ${escapeHtml(machine.deno)}.</p>`;
}

/** The page. Nothing is loaded from anywhere, and nothing in it runs. */
export function loadHtml(report: LoadReport): string {
  const { durations, toolLate, totals, byTransport, course, plan } = report;
  const times = [...Object.entries(durations), ["this tool late", toolLate] as const];
  const transports = Object.keys(byTransport.attempts ?? {});
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>tickcast load ${escapeHtml(report.startedAt)}</title><style>${STYLE}</style>
${headline(report)}
<h2>Thresholds</h2>
${thresholds(report)}
<h2>Durations <small>ms</small></h2>
${
    table(
      ["", "count", "p50", "p95", "p99", "max"],
      times.map(([name, { count, p50, p95, p99, max }]) => [name, count, p50, p95, p99, max]),
    )
  }
${PLOTS.map((one) => plotHtml(course, plan.stages, one)).join("\n")}
<h2>Counts</h2><div class="tables">
${table(["", ""], Object.entries(totals))}
<div>${
    table(
      ["connections", "tried", "subscribed"],
      transports.map((name) => [name, byTransport.attempts?.[name], byTransport.established?.[name]]),
    )
  }
${counted("gaps told", report.gapsTold)}${counted("failures", report.failures)}${
    counted("warnings", report.warnings)
  }${counted("errors", report.errors)}${counted("malformed", report.malformed)}</div></div>
</html>
`;
}
