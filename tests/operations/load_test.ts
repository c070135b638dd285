/** The load tool against the real program, and against one that loses an event. */
import { assert, assertEquals } from "@std/assert";
import { systemClock, systemRandom } from "../../src/feed/clock.ts";
import { runLoad } from "../../src/operations/load.ts";
import { type LoadReport, reportTable } from "../../src/operations/load/load_report.ts";
import { startLoad } from "../support/load_run.ts";
import { startRunning } from "../support/running.ts";
import { pause, until } from "../support/until.ts";

/** Clients of a server that is made up. */
const CLIENTS = 3;
/** How often a number that is to stand still is looked at, and how many looks it must stand: polls have their round trips. */
const LOOK_MS = 200;
const STILL_LOOKS = 15;

async function load(args: readonly string[]): Promise<{ code: number; lines: string[]; report: LoadReport }> {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  const lines: string[] = [];
  try {
    const code = await runLoad([...args, "--json", file], {
      clock: systemClock,
      random: systemRandom,
      print: (line) => void lines.push(line),
      signal: new AbortController().signal,
    });
    const text = await Deno.readTextFile(file);
    return { code, lines, report: JSON.parse(text || "null") };
  } finally {
    await Deno.remove(file);
  }
}

/** Everything but how quick this machine was just then. */
function assertClean({ report, lines }: { report: LoadReport; lines: readonly string[] }): void {
  const missed = report.thresholds.filter(({ name, isMet }) => !isMet && !/ p9[59]$/.test(name));
  assertEquals(missed, [], lines.join("\n"));
}

Deno.test("forty clients of all transports, flapping ones too, get every event once, and the metrics agree", async () => {
  await using running = await startRunning({ SIMULATOR_RATE: "100", LOG_LEVEL: "error" });
  const mix = ["--mix", "ws:50,sse:30,poll:20", "--flap", "0.2"];
  const stages = ["--url", running.base, "--stages", "40:0.5,40:1.5,0:0.2"];
  const all = await load([...stages, ...mix]);
  assertClean(all);
  const some = await load([...stages, ...mix, "--symbols", "AAPL,MSFT,NVDA,AMZN", "--each", "2"]);
  assertClean(some);
  assert(Number(some.report.totals.verifiedStretches) > 20, some.lines.join("\n"));
  assertEquals(some.report.totals.unverifiableStretches, 0);
  const metrics = await (await fetch(`${running.base}/metrics`)).text();
  for (const transport of ["ws", "sse"]) {
    const told = new RegExp(`^tickcast_connections_accepted_total\\{transport="${transport}"\\} (\\d+)$`, "m")
      .exec(metrics);
    const made = Number(all.report.byTransport.attempts?.[transport]) +
      Number(some.report.byTransport.attempts?.[transport]);
    // One that was coming back as the run ended may never have been seen.
    assert(Math.abs(Number(told?.[1]) - made) <= 1, `${transport}: ${told?.[1]} accepted, ${made} made`);
  }
  const sent = Number(/^tickcast_events_sent_total (\d+)$/m.exec(metrics)?.[1]);
  const received = Number(all.report.totals.events) + Number(some.report.totals.events);
  assert(sent >= received, `${sent} sent, ${received} received`);
});

Deno.test("what the metrics say was sent is what clients of every transport received, to the event", async () => {
  await using running = await startRunning({ SIMULATOR_RATE: "200", LOG_LEVEL: "error" });
  const mix = ["--mix", "ws:50,sse:30,poll:20"];
  const run = startLoad(["--url", running.base, "--stages", "60:0.3,60:60", ...mix]);
  const metric = async (name: string) => {
    const text = await (await fetch(`${running.base}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
  };
  await until(async () => await metric("tickcast_events_sent_total") > 6000, "events");
  // Nothing comes from upstream any more: what was sent arrives, and the numbers stand still.
  running.tickcast.simulator?.control({ fault: "silence", duration_ms: 60_000 });
  let sent = -1;
  let still = 0;
  await until(async () => {
    const before = sent;
    sent = await metric("tickcast_events_sent_total");
    still = sent === before ? still + 1 : 0;
    await pause(LOOK_MS);
    return still === STILL_LOOKS;
  }, "quiet");
  run.finish();
  const { totals, byTransport } = await run.report;
  assertEquals(totals.events, sent);
  for (const [transport, established] of Object.entries(byTransport.established ?? {})) {
    assert(established > 0, `nobody came by ${transport}`);
  }
  assertEquals(totals.undetected, 0);
});

Deno.test("a server that leaves out one event in a hundred is found out", async () => {
  let seq = 0;
  const sockets = new Set<WebSocket>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    if (request.headers.get("upgrade") !== "websocket") return new Response("", { status: 404 });
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "tickcast.v1" });
    socket.onmessage = () => {
      socket.send(JSON.stringify({ type: "subscribed", cursor: `tick:k3f9a0b1-${seq}`, streams: ["tick"] }));
      sockets.add(socket);
    };
    socket.onclose = () => sockets.delete(socket);
    return response;
  });
  let skipped = 0;
  const ticking = setInterval(() => {
    seq++;
    if (seq % 100 === 0) return void (skipped += sockets.size === CLIENTS ? 1 : 0);
    const event = { id: `k3f9a0b1-${seq}`, type: "trade", sym: "AAPL", t: 1, rx: Date.now(), price: 1 };
    const text = JSON.stringify({
      type: "events",
      stream: "tick",
      cursor: `tick:k3f9a0b1-${seq}`,
      events: [event],
    });
    for (const socket of sockets) socket.send(text);
  }, 2);
  try {
    const { addr: { port } } = server;
    const stages = ["--mix", "ws:1", "--stages", `${CLIENTS}:0.1,${CLIENTS}:60`];
    const run = startLoad(["--url", `http://127.0.0.1:${port}`, ...stages]);
    // What follows the first of them is with the clients by the third.
    await until(() => skipped === 3, "events left out");
    run.finish();
    const report = await run.report;
    assertEquals(report.passed, false);
    assert(Number(report.totals.undetected) > 0);
  } finally {
    clearInterval(ticking);
  }
});

Deno.test("nobody there is a failure told in words", async () => {
  const { code, lines } = await load(["--url", "http://127.0.0.1:1", "--stages", "2:0.3"]);
  assertEquals(code, 1);
  assert(lines.join("\n").includes("failures: "));
  assertEquals((await load(["--stages", "much"])).code, 2);
});

Deno.test("a closed market is judged by handshake, snapshot and format, and a live stream that says nothing is a fault", async () => {
  let state = "closed";
  let told = 0;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    if (new URL(request.url).pathname === "/health/streams/tick") return Response.json({ state });
    if (request.headers.get("upgrade") !== "websocket") return new Response("", { status: 404 });
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "tickcast.v1" });
    socket.onmessage = () => {
      const cursor = "tick:0-0";
      socket.send(JSON.stringify({ type: "subscribed", cursor, streams: ["tick"] }));
      socket.send(JSON.stringify({ type: "snapshot", stream: "tick", cursor, events: [], last: true }));
      told++;
    };
    return response;
  });
  const args = ["--url", `http://127.0.0.1:${server.addr.port}`, "--mix", "ws:1"];
  const silent = async () => {
    told = 0;
    const run = startLoad([...args, "--stages", `${CLIENTS}:0.2,${CLIENTS}:60`]);
    await until(() => told === CLIENTS, "a snapshot to everybody");
    // It is on its way to clients in this very process: what they need is turns, not time.
    for (let n = 0; n < STILL_LOOKS; n++) await pause(LOOK_MS / STILL_LOOKS);
    run.finish();
    const report = await run.report;
    return { report, lines: reportTable(report).split("\n") };
  };
  const closed = await silent();
  assert(closed.lines.join("\n").includes("nothing came: market closed? tick is closed"));
  assertClean(closed);
  assertEquals(closed.report.durations.snapshot?.count, CLIENTS);
  state = "live";
  const live = await silent();
  assertEquals(live.report.passed, false);
  assert(live.lines.join("\n").includes("nothing came: tick is live"));
});
