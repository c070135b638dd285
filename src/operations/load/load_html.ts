/** A report as one self-contained page: the thresholds, the tables and plots of the run's course, drawn as SVG. */
import type { CoursePoint } from "./load_figures.ts";
import type { LoadReport } from "./load_report.ts";

const WIDTH = 860;
const HEIGHT = 200;
const MARGIN = 48;
/** Points drawn per line at most. */
const POINTS_MAX = 600;

interface Line {
  readonly label: string;
  readonly colour: string;
  readonly value: (point: CoursePoint) => number | null;
}

const PLOTS: readonly { readonly title: string; readonly unit: string; readonly lines: readonly Line[] }[] = [
  {
    title: "Clients",
    unit: "",
    lines: [
      { label: "wanted", colour: "#9aa4b2", value: (point) => point.wanted },
      { label: "connected", colour: "#2563eb", value: (point) => point.connected },
    ],
  },
  {
    title: "Delivery, from ingest's receipt to the client",
    unit: "ms",
    lines: [
      { label: "p50", colour: "#16a34a", value: (point) => point.p50 },
      { label: "p95", colour: "#d97706", value: (point) => point.p95 },
      { label: "p99", colour: "#dc2626", value: (point) => point.p99 },
      { label: "this tool's own lateness", colour: "#9aa4b2", value: (point) => point.toolLateMs },
    ],
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
      { label: "failed", colour: "#d97706", value: (point) => point.failed },
      { label: "undetected", colour: "#dc2626", value: (point) => point.undetected },
    ],
  },
  {
    title: "Memory of the largest process",
    unit: "MiB",
    lines: [{
      label: "memory",
      colour: "#0891b2",
      value: ({ memoryBytes }) => memoryBytes === null ? null : memoryBytes / 2 ** 20,
    }],
  },
];

const escape = (text: unknown) =>
  String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );

const thin = (course: readonly CoursePoint[]) => {
  const step = Math.max(1, Math.ceil(course.length / POINTS_MAX));
  return course.filter((_, n) => n % step === 0);
};

function plot(course: readonly CoursePoint[], { title, unit, lines }: (typeof PLOTS)[number]): string {
  const points = thin(course);
  const values = lines.flatMap(({ value }) => points.map(value)).filter((value) => value !== null);
  if (values.length === 0) return "";
  const top = Math.max(1, ...values) * 1.05;
  const end = Math.max(1, points.at(-1)?.at ?? 1);
  const x = (at: number) => (MARGIN + at / end * (WIDTH - MARGIN - 8)).toFixed(1);
  const y = (value: number) => (HEIGHT - 20 - value / top * (HEIGHT - 32)).toFixed(1);
  const paths = lines.map(({ colour, value }) => {
    const drawn = points.flatMap((point) => {
      const one = value(point);
      return one === null ? [] : `${x(point.at)},${y(one)}`;
    });
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${drawn.join(" ")}"/>`;
  });
  const grid = [0, 0.5, 1].map((part) => {
    const value = top / 1.05 * part;
    return `<line x1="${MARGIN}" x2="${WIDTH - 8}" y1="${y(value)}" y2="${y(value)}" stroke="#8884"/>` +
      `<text x="${MARGIN - 6}" y="${y(value)}" text-anchor="end" dy="4">${Math.round(value)}</text>`;
  });
  const legend = lines.map(({ label, colour }) => `<span style="color:${colour}">■</span> ${escape(label)}`);
  return `<h2>${escape(title)}${unit ? ` (${unit})` : ""}</h2><p>${legend.join(" ")}</p>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}">${grid.join("")}${
    paths.join("")
  }
<text x="${MARGIN}" y="${HEIGHT - 4}">0 s</text><text x="${WIDTH - 8}" y="${HEIGHT - 4}" text-anchor="end">${
    Math.round(end)
  } s</text></svg>`;
}

const table = (head: readonly string[], rows: readonly (readonly unknown[])[]) =>
  `<table><tr>${head.map((cell) => `<th>${escape(cell)}</th>`).join("")}</tr>${
    rows.map((row) => `<tr>${row.map((cell) => `<td>${escape(cell ?? "–")}</td>`).join("")}</tr>`).join("")
  }</table>`;

const STYLE =
  `body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
h2{font-size:1.05rem;margin:1.6rem 0 0}p{margin:.2rem 0}svg{width:100%;height:auto}svg text{font-size:11px;fill:currentColor}
table{border-collapse:collapse;margin:.5rem 0}td,th{padding:.15rem .8rem .15rem 0;text-align:left;font-variant-numeric:tabular-nums}
.ok{color:#16a34a}.missed{color:#dc2626}`;

const thresholdRows = ({ thresholds }: LoadReport) =>
  `<table>${
    thresholds.map(({ name, limit, value, isMet }) =>
      `<tr><td class="${isMet ? "ok" : "missed"}">${
        isMet ? (value === null ? "–" : "ok") : "missed"
      }</td><td>${escape(name)}</td><td>${escape(value ?? "not measured")}</td><td>${escape(limit)}</td></tr>`
    ).join("")
  }</table>`;

/** The page. Nothing is loaded from anywhere. */
export function loadHtml(report: LoadReport): string {
  const { plan, machine, durations, toolLate } = report;
  const stages = plan.stages.map(({ clients, seconds }) => `${clients}:${seconds}`).join(", ");
  const counted = (counts: Readonly<Record<string, number>>) => Object.entries(counts);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>tickcast load ${escape(report.startedAt)}</title><style>${STYLE}</style>
<h1>Load: <span class="${report.passed ? "ok" : "missed"}">${
    report.passed ? "passed" : "not passed"
  }</span></h1>
<p>${escape(report.startedAt)}, ${report.seconds} s; stages ${escape(stages)}; ${
    escape(plan.urls.join(", "))
  }; streams ${escape(plan.streams.join(", "))}; ${
    plan.symbols[0] === "*" ? "all symbols" : `${plan.symbolsEach || plan.symbols.length} symbols each`
  }.</p>
<p>${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB, ${escape(machine.os)}, Deno ${
    escape(machine.deno)
  }.</p>
<h2>Thresholds</h2>
${thresholdRows(report)}
<h2>Durations (ms)</h2>
${
    table(
      ["", "count", "p50", "p95", "p99", "max"],
      [...Object.entries(durations), ["this tool late", toolLate] as const].map((
        [name, one],
      ) => [name, one.count, one.p50, one.p95, one.p99, one.max]),
    )
  }
${PLOTS.map((one) => plot(report.course, one)).join("\n")}
<h2>Counts</h2>
${
    table(["", ""], [
      ...counted(report.totals),
      ...counted(report.failures).map(([name, n]) => [`failed: ${name}`, n]),
    ])
  }
${table(["gaps told", ""], counted(report.gapsTold))}${table(["warnings", ""], counted(report.warnings))}
</html>
`;
}
