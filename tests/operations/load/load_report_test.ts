import { assert, assertEquals, assertThrows } from "@std/assert";
import { TickcastError } from "../../../src/feed/error.ts";
import { systemClock } from "../../../src/feed/clock.ts";
import { readLoadArguments } from "../../../src/operations/load/load_arguments.ts";
import { DurationHistogram } from "../../../src/operations/load/duration_histogram.ts";
import { LoadFigures } from "../../../src/operations/load/load_figures.ts";
import { loadHtml } from "../../../src/operations/load/load_html.ts";
import { loadReport, reportTable } from "../../../src/operations/load/load_report.ts";
import { axisSteps } from "../../../src/operations/load/load_plot.ts";
import type { Silence } from "../../../src/operations/load/silence.ts";
import { metricValue, readProcStat, ServerWatch } from "../../../src/operations/load/server_watch.ts";

const pure = { permissions: "none" } as const;
const machine = { cores: 2, memoryBytes: 2 ** 33, os: "linux", deno: "2.9.6" };

function report(change: (figures: LoadFigures) => void, silence?: Silence) {
  const plan = readLoadArguments(["--stages", "10:1"]);
  assert(plan !== undefined);
  const figures = new LoadFigures();
  figures.attempts.ws = 100;
  for (let ms = 1; ms <= 100; ms++) {
    figures.connectMs.add(ms);
    figures.snapshotMs.add(ms);
    figures.deliveryMs.add(ms);
  }
  change(figures);
  return loadReport(plan, figures, new ServerWatch([], [], systemClock), {
    silence,
    startedAt: "",
    seconds: 1,
    machine,
  });
}

Deno.test({
  name: "every threshold fails a run by itself",
  ...pure,
  fn() {
    assert(report(() => {}).passed);
    const faults: readonly ((figures: LoadFigures) => void)[] = [
      (figures) => figures.totals.undetected = 1,
      (figures) => figures.totals.repeats = 1,
      (figures) => figures.malformed.set("price", 1),
      (figures) => figures.fail("refused"),
      (figures) => Array.from({ length: 6 }, () => figures.deliveryMs.add(501)),
      (figures) => Array.from({ length: 2 }, () => figures.connectMs.add(1001)),
      (figures) => figures.deliveryMs.clear(),
    ];
    faults.forEach((fault, n) => assert(!report(fault).passed, `fault ${n}`));
  },
});

Deno.test({
  name: "the table and the page show the figures, and nothing a server says becomes markup",
  ...pure,
  fn() {
    const made = report((figures) => figures.fail("<script>alert(1)</script>"));
    const page = loadHtml(made);
    assert(!page.includes("<script"));
    assert(page.includes("&lt;script&gt;"));
    assert(!/(src|href)=/.test(page));
    assert(reportTable(made).includes("not passed"));
  },
});

Deno.test({
  name: "a run without an event passes where none was due, fails where some were, and says which",
  ...pure,
  fn() {
    const silent = (figures: LoadFigures) => figures.deliveryMs.clear();
    const excused = report(silent, { isExcused: true, reason: "nothing came: market closed?" });
    assert(excused.passed && reportTable(excused).includes("nothing came: market closed?"));
    assert(loadHtml(excused).includes("nothing came: market closed?"));
    assert(!report(silent, { isExcused: false, reason: "nothing came: tick is live" }).passed);
    const alone = (figures: LoadFigures) => {
      figures.deliveryMs.clear();
      figures.connectMs.clear();
    };
    assert(!report(alone, { isExcused: true, reason: "" }).passed, "nobody was let in");
  },
});

Deno.test({
  name: "the page plots every second that was measured, and breaks a line where nothing was",
  ...pure,
  fn() {
    const page = loadHtml(report((figures) => {
      for (const [at, p50] of [[1, 5], [2, null], [3, 7]] as const) {
        figures.point({
          ...{ at, wanted: 10, connected: 10, eventsPerSecond: 1, failed: 0, undetected: 0, p50, p95: p50 },
          ...{ p99: p50, opened: 3, connectP95: 1, connectP99: 2, toolLateMs: 0, memoryBytes: null },
          cpuPercent: null,
        });
      }
    }));
    const sections = page.split("<section>").slice(1);
    assertEquals(sections.length, 6, "memory and CPU were not measured");
    const delivery = sections.find((one) => one.includes("<h2>Delivery")) ?? "";
    assertEquals([...delivery.matchAll(/<polyline/g)].length, 1 + 3 * 2);
    assertEquals([axisSteps(0), axisSteps(7), axisSteps(1000)], [
      [0, 1],
      [0, 2, 4, 6, 8],
      [0, 500, 1000],
    ]);
  },
});

Deno.test({
  name: "percentiles are exact to the millisecond",
  ...pure,
  fn() {
    const histogram = new DurationHistogram();
    assertEquals(histogram.summary(), { count: 0, p50: null, p95: null, p99: null, max: null });
    for (let ms = 1; ms <= 1000; ms++) histogram.add(ms);
    assertEquals(histogram.summary(), { count: 1000, p50: 500, p95: 950, p99: 990, max: 1000 });
    histogram.add(1e9);
    histogram.add(-5);
    assertEquals([histogram.percentile(0), histogram.summary().max], [0, 20_000]);
    histogram.clear();
    assertEquals(histogram.count, 0);
  },
});

Deno.test({
  name: "wrong arguments are told all at once",
  ...pure,
  fn() {
    const args = [
      "--stages",
      "x",
      "--mix",
      "tcp:1",
      "--url",
      "ftp://a",
      "--slow",
      "2",
      "--streams",
      "news",
      "--pid",
      "x",
    ];
    const error = assertThrows(() => readLoadArguments(args), TickcastError);
    for (const name of ["stages", "mix", "url", "slow", "streams", "pid"]) {
      assert(error.message.includes(`--${name}`));
    }
    assertThrows(() => readLoadArguments(["--nonsense"]), TickcastError);
    assertEquals(readLoadArguments(["--help"]), undefined);
    assertEquals(readLoadArguments(["--url", "http://a/", "--url", "http://b"])?.urls, [
      "http://a",
      "http://b",
    ]);
  },
});

Deno.test({
  name: "metrics and /proc are read",
  ...pure,
  fn() {
    assertEquals(metricValue("# HELP a b\na_total 3\na 1.5e3\n", "a"), 1500);
    assertEquals(metricValue("a{} 2\n", "b"), undefined);
    const stat = `12 (de) no) S ${Array.from({ length: 30 }, (_, n) => n + 4).join(" ")}`;
    assertEquals(readProcStat(stat), { cpuSeconds: (14 + 15) / 100, memoryBytes: 24 * 4096 });
  },
});
