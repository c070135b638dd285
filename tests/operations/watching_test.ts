/** Dashboard, alert rules and scrape file against what a running service really exposes. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { parse } from "yaml";
import { GAP_CAUSES } from "../../src/edge/edge_counters.ts";
import { EDGE_ROWS } from "../../src/edge/report/metrics_edge.ts";
import { INGEST_ROWS } from "../../src/edge/report/metrics_ingest.ts";
import { ERROR_KINDS } from "../../src/feed/error.ts";
import { STREAM_STATES } from "../../src/feed/health.ts";
import { STREAM_SPECS } from "../../src/feed/stream.ts";
import { readPromql } from "../support/promql.ts";
import { startRunning } from "../support/running.ts";
import { until } from "../support/until.ts";

const root = new URL("../../deploy/", import.meta.url);
const read = (name: string) => Deno.readTextFile(new URL(name, root));

/** A query somewhere, with the labels its legend shows. */
interface Query {
  readonly expression: string;
  readonly legend: readonly string[];
}

interface Rules {
  readonly groups: { readonly rules: { readonly alert: string; readonly expr: string }[] }[];
}

interface Dashboard {
  readonly panels: {
    readonly id: number;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number };
    readonly targets?: { readonly expr: string; readonly legendFormat?: string }[];
  }[];
}

async function queries(): Promise<readonly Query[]> {
  const rules: Rules = parse(await read("alerts.yml"));
  const alerts = rules.groups.flatMap((group) =>
    group.rules.map(({ expr }) => ({ expression: expr, legend: [] }))
  );
  const { panels }: Dashboard = JSON.parse(await read("grafana.json"));
  const shown = panels.flatMap(({ targets }) =>
    (targets ?? []).map(({ expr, legendFormat }) => ({
      expression: expr,
      legend: [...(legendFormat ?? "").matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label ?? ""),
    }))
  );
  assert(alerts.length >= 15 && shown.length >= 30);
  return [...alerts, ...shown];
}

/** A metric that is exposed. */
interface Exposed {
  readonly kind: string;
  readonly labels: Set<string>;
}

/** Kinds by `# TYPE` (a histogram's parts too), labels of the samples and of the tables metrics are made from. */
function exposed(text: string): Map<string, Exposed> {
  const metrics = new Map<string, Exposed>();
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const parts = type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    for (const part of parts) metrics.set(`${name}${part}`, { kind: type ?? "", labels: new Set() });
  }
  for (const [, name, labels] of text.matchAll(/^([a-z_]+)\{([^}]*)\} /gm)) {
    for (const [, label] of (labels ?? "").matchAll(/([a-z_]+)="/g)) {
      metrics.get(name ?? "")?.labels.add(label ?? "");
    }
  }
  for (const { name, labels } of [...EDGE_ROWS, ...INGEST_ROWS]) {
    for (const label of labels) metrics.get(name)?.labels.add(label);
  }
  return metrics;
}

/** Prometheus's own, and the labels it gives every sample. */
const OWN_METRIC = "up";
const OWN_LABELS = ["instance", "job"];

/** Words a label may have, where they are few and told in one place. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  state: STREAM_STATES,
  cause: GAP_CAUSES,
  code: Object.keys(ERROR_KINDS),
  hop: ["received", "appended", "pulled", "sent", "flushed"],
  stream: STREAM_SPECS.map(({ name }) => name),
};

/** What is wrong with a query, by what a service exposes. */
function faultsIn({ expression, legend }: Query, metrics: ReadonlyMap<string, Exposed>): string[] {
  const used = readPromql(expression);
  const faults = used.length === 0 ? ["no metric"] : [];
  for (const { name, matchers, groupedBy, functions, isRange } of used) {
    const known = name === OWN_METRIC ? { kind: "gauge", labels: new Set<string>() } : metrics.get(name);
    if (known === undefined) {
      faults.push(`${name} is not exposed`);
      continue;
    }
    for (const label of [...matchers.map(([label]) => label), ...groupedBy]) {
      if (!known.labels.has(label) && !OWN_LABELS.includes(label)) {
        faults.push(`${name} has no label ${label}`);
      }
    }
    for (const [label, operator, value] of matchers) {
      const words = operator.endsWith("~") ? value.split("|") : [value];
      for (const word of words) {
        if (WORDS[label]?.includes(word) === false) faults.push(`${label} is never ${word}`);
      }
    }
    const isCounted = known.kind !== "gauge";
    if (isCounted !== isRange) {
      faults.push(`${name} is a ${known.kind}: read ${isRange ? "over a span" : "as it stands"}`);
    }
    const isQuantile = functions.includes("histogram_quantile");
    if (isQuantile !== name.endsWith("_bucket")) {
      faults.push(`${name} and histogram_quantile don't go together`);
    }
    if (isQuantile && !groupedBy.includes("le")) faults.push(`${name} is grouped without le`);
    const shown = legend.filter((label) => !groupedBy.includes(label));
    if (shown.length > 0 && groupedBy.length > 0) {
      faults.push(`the legend shows ${shown}, which are grouped away`);
    }
  }
  return faults.map((fault) => `${fault}: ${expression}`);
}

Deno.test("every metric, label and word that dashboard and alerts name is one a running service exposes", async () => {
  await using running = await startRunning({ SIMULATOR_RATE: "50", LOG_LEVEL: "error" });
  const first = new AbortController();
  const sse = await fetch(`${running.base}/sse/tick`, { signal: first.signal });
  const counted = [
    ...["received", "appended"].map((hop) => `ingest_lag_seconds_count{stream="tick",hop="${hop}"}`),
    ...["pulled", "sent", "flushed"].map((hop) => `lag_seconds_count{stream="tick",hop="${hop}"}`),
  ];
  const areCounted = (text: string) =>
    counted.every((sample) =>
      text.includes(`tickcast_${sample} `) && !text.includes(`tickcast_${sample} 0\n`)
    );
  let text = "";
  await until(async () => {
    text = await (await fetch(`${running.base}/metrics`)).text();
    return areCounted(text);
  }, "every hop is counted");
  first.abort();
  await sse.body?.cancel().catch(() => {});
  const metrics = exposed(text);
  assertEquals((await queries()).flatMap((query) => faultsIn(query, metrics)), []);
});

Deno.test("the reader of expressions sees planted faults", () => {
  const metrics = new Map<string, Exposed>([
    ["tickcast_gaps_told_total", { kind: "counter", labels: new Set(["cause"]) }],
    ["tickcast_lag_seconds_bucket", { kind: "histogram", labels: new Set(["le", "hop"]) }],
    ["tickcast_ready", { kind: "gauge", labels: new Set<string>() }],
  ]);
  const faults = (expression: string, legend: readonly string[] = []) =>
    faultsIn({ expression, legend }, metrics).map((fault) => fault.slice(0, fault.lastIndexOf(": ")));
  assertEquals(faults('sum by (cause) (rate(tickcast_gaps_told_total{cause=~"epoch|slow"}[5m])) > 0'), []);
  assertEquals(faults("sum(tickcast_nothing_total)"), ["tickcast_nothing_total is not exposed"]);
  assertEquals(faults('rate(tickcast_gaps_told_total{cause="elsewhere"}[5m])'), ["cause is never elsewhere"]);
  assertEquals(faults('max by (connection) (tickcast_ready{job="x"})'), [
    "tickcast_ready has no label connection",
  ]);
  assertEquals(faults("rate(tickcast_ready[5m])"), ["tickcast_ready is a gauge: read over a span"]);
  assertEquals(faults("tickcast_gaps_told_total"), [
    "tickcast_gaps_told_total is a counter: read as it stands",
  ]);
  assertEquals(faults("histogram_quantile(0.9, sum by (hop) (rate(tickcast_lag_seconds_bucket[5m])))"), [
    "tickcast_lag_seconds_bucket is grouped without le",
  ]);
  assertEquals(faults("sum by (cause) (rate(tickcast_gaps_told_total[5m]))", ["stream"]), [
    "the legend shows stream, which are grouped away",
  ]);
  assertThrows(() => readPromql("sum by (le) (rate(x[5m])"), Error, "not PromQL");
});

Deno.test("the scrape file reads the rules beside it and the edges of deploy.yml by themselves", async () => {
  const { rule_files, scrape_configs: [job, ...others] } = parse(await read("prometheus.yml"));
  assertEquals([rule_files, job.metrics_path, others], [["alerts.yml"], "/metrics", []]);
  const { services } = parse(await Deno.readTextFile(new URL("../deploy.yml", root)));
  // One that stands behind a profile runs during a canary only: absent it would be an instance that is down.
  const always = Object.keys(services).filter((name) => services[name].profiles === undefined);
  const edges = always.filter((name) => name.startsWith("edge-")).map((name) => `${name}:8000`);
  assertEquals(job.static_configs, [{ targets: edges }]);
});

Deno.test("every alert has the parts Prometheus takes and says what to do; panels have places of their own", async () => {
  const { groups } = parse(await read("alerts.yml"));
  const names = new Set<string>();
  for (const { name, rules } of groups) {
    assertEquals(name, "tickcast");
    for (const { alert, expr, for: time, labels, annotations, ...others } of rules) {
      assertEquals([typeof expr, /^\d+[smh]$/.test(time), Object.keys(others)], ["string", true, []], alert);
      assert(["page", "warn", "info"].includes(labels.severity), alert);
      assert(annotations.summary.length > 10 && annotations.action.length > 10, alert);
      assert(!names.has(alert), alert);
      names.add(alert);
    }
  }
  const { panels }: Dashboard = JSON.parse(await read("grafana.json"));
  assertEquals(new Set(panels.map(({ id }) => id)).size, panels.length);
  assertEquals(new Set(panels.map(({ gridPos: { x, y } }) => `${x},${y}`)).size, panels.length);
  assert(panels.every(({ gridPos: { x, w } }) => x + w <= 24));
});

Deno.test("the k6 script is a module of JavaScript with the stages of deno task load", async () => {
  const { DEFAULT_STAGES } = await import("../../src/operations/load/stages.ts");
  const text = await read("load.k6.js");
  const stages = [...text.matchAll(/duration: "(\d+)m", target: (\d+)/g)].map(([, minutes, clients]) =>
    `${clients}:${Number(minutes) * 60}`
  );
  assertEquals(stages.join(","), DEFAULT_STAGES);
  const stub =
    "const ws = {}, check = () => true; class M { add() {} } const Counter = M, Rate = M, Trend = M, __ENV = {};\n";
  const body = stub + text.replace(/^import .*$/gm, "");
  const module = await import(`data:text/javascript,${encodeURIComponent(body)}`);
  assertEquals(typeof module.default, "function");
  assertEquals(module.options.thresholds.failed_connections, ["rate<0.01"]);
});
