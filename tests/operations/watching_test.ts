/** Dashboard, alert rules and scrape file against what a running service really exposes. */
import { assert, assertEquals } from "@std/assert";
import { startRunning } from "../support/running.ts";

const root = new URL("../../deploy/", import.meta.url);
const read = (name: string) => Deno.readTextFile(new URL(name, root));

/** Functions, keywords and label names are no metrics. */
const METRIC = /\b((?:ws|tickcast)_[a-z0-9_]+|up)\b(?:\{([^}]*)\})?/g;

interface Used {
  readonly name: string;
  readonly labels: readonly string[];
}

/** Metrics an expression names, with the labels it selects by. */
function metricsOf(expression: string): readonly Used[] {
  return [...expression.matchAll(METRIC)].map(([, name, selector]) => ({
    name: name ?? "",
    labels: [...(selector ?? "").matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label ?? ""),
  }));
}

const groupedBy = (expression: string) =>
  [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names]) =>
    (names ?? "").split(",").map((one) => one.trim())
  );

async function expressions(): Promise<readonly string[]> {
  const alerts = [...(await read("alerts.yml")).matchAll(/^\s+expr: (.+)$/gm)].map(([, text]) => text ?? "");
  const dashboard: { panels: { targets?: { expr: string }[] }[] } = JSON.parse(await read("grafana.json"));
  const panels = dashboard.panels.flatMap(({ targets }) => (targets ?? []).map(({ expr }) => expr));
  assert(alerts.length >= 12 && panels.length >= 25);
  return [...alerts, ...panels];
}

/** Names by `# TYPE` (a histogram's parts too) and the labels their samples have. */
function exposed(text: string): Map<string, Set<string>> {
  const metrics = new Map<string, Set<string>>();
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    for (const part of type === "histogram" ? ["_bucket", "_sum", "_count"] : [""]) {
      metrics.set(`${name}${part}`, new Set());
    }
  }
  for (const [, name, labels] of text.matchAll(/^([a-z_]+)\{([^}]*)\} /gm)) {
    for (const [, label] of (labels ?? "").matchAll(/([a-z_]+)="/g)) {
      metrics.get(name ?? "")?.add(label ?? "");
    }
  }
  return metrics;
}

/** Prometheus's own, and the label it gives every sample. */
const OWN = { metric: "up", labels: ["instance", "job"] };

Deno.test("every metric and label that dashboard and alerts name is one a running service exposes", async () => {
  await using running = await startRunning({ SIMULATOR_RATE: "50", LOG_LEVEL: "error" });
  await (await fetch(`${running.base}/events/tick?wait=5`)).body?.cancel();
  const first = new AbortController();
  const sse = await fetch(`${running.base}/sse/tick`, { signal: first.signal });
  let text = "";
  for (let n = 0; n < 200 && !text.includes('hop="sent"'); n++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    text = await (await fetch(`${running.base}/metrics`)).text();
  }
  first.abort();
  await sse.body?.cancel().catch(() => {});
  const metrics = exposed(text);
  for (const expression of await expressions()) {
    const used = metricsOf(expression);
    assert(used.length > 0, `no metric in ${expression}`);
    for (const { name, labels } of used) {
      if (name === OWN.metric) continue;
      const known = metrics.get(name);
      assert(known !== undefined, `${name} is not exposed: ${expression}`);
      // A metric without samples yet (no gap was told) shows no labels: its table in src/edge has them.
      if (known.size === 0) continue;
      for (const label of [...labels, ...groupedBy(expression)]) {
        const isKnown = known.has(label) || OWN.labels.includes(label) || used.length > 1;
        assert(isKnown, `${name} has no label ${label}: ${expression}`);
      }
    }
  }
});

Deno.test("the reader of expressions sees a planted fault", () => {
  assertEquals(metricsOf('sum(rate(tickcast_nothing_total{cause=~"a|b"}[5m])) > up{job="x"}'), [
    { name: "tickcast_nothing_total", labels: ["cause"] },
    { name: "up", labels: ["job"] },
  ]);
});

Deno.test("the scrape file reads the rules beside it and the edges of deploy.yml by themselves", async () => {
  const scrape = await read("prometheus.yml");
  const compose = await Deno.readTextFile(new URL("../deploy.yml", root));
  assert(scrape.includes("rule_files: [alerts.yml]") && scrape.includes("metrics_path: /metrics"));
  const targets = [...scrape.matchAll(/"(edge-\d+):8000"/g)].map(([, name]) => name);
  const edges = [...compose.matchAll(/^ {2}(edge-\d+):/gm)].map(([, name]) => name);
  assertEquals(targets, edges);
});

Deno.test("every alert says what to do, and the dashboard's panels have places of their own", async () => {
  const alerts = await read("alerts.yml");
  const count = (pattern: RegExp) => [...alerts.matchAll(pattern)].length;
  assertEquals(count(/- alert: /g), count(/action: "/g));
  assertEquals(count(/- alert: /g), count(/severity: (page|warn|info)/g));
  const { panels }: { panels: { id: number; gridPos: { x: number; y: number; w: number } }[] } = JSON.parse(
    await read("grafana.json"),
  );
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
