/** Two edges behind nginx with the project's own configuration: nothing is buffered, clients spread, one edge dies, nobody loses. */
import { assert, assertEquals } from "@std/assert";
import type { Tickcast } from "../../src/client/tickcast.ts";
import { reportTable } from "../../src/operations/load/load_report.ts";
import { startCluster } from "../support/cluster.ts";
import { activeAt, BUSY_SYMBOLS, startLoad } from "../support/load_run.ts";
import { nginxConfiguration, startNginx } from "../support/nginx.ts";
import { followTicks } from "../support/own_client.ts";
import { type Process, startProcess } from "../support/processes.ts";
import { realPart } from "../support/real_parts.ts";
import { startRedis } from "../support/redis_server.ts";
import { until } from "../support/until.ts";

const redis = realPart("redis-server");
const nginx = realPart("nginx");
const missing = { ignore: redis.ignore || nginx.ignore, note: redis.note || nginx.note };

const load = (args: readonly string[]) => startLoad(args).report;

const transportOf = ({ status }: Tickcast) => "transport" in status ? status.transport : status.state;

/** As programs do that would rather speak HTTP/2 (Java's own client, `curl --http2`): the offer is passed over. */
async function offersAnotherProtocol(base: string): Promise<void> {
  const { hostname, port } = new URL(base);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const request = [
    "GET /sse/tick HTTP/1.1",
    `Host: ${hostname}`,
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
  ];
  await connection.write(new TextEncoder().encode(`${request.join("\r\n")}\r\n\r\n`));
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16_384);
  let text = "";
  while (!text.includes("event: subscribed") && text.length < 8_192) {
    const read = await connection.read(buffer);
    assert(read !== null, text);
    text += decoder.decode(buffer.subarray(0, read), { stream: true });
  }
  assert(text.startsWith("HTTP/1.1 200"), text);
}

const seqOf = (id: string) => Number(id.slice(id.indexOf("-") + 1));

Deno.test({
  name:
    `WebSocket and event streams pass nginx unbuffered, spread over both edges, and survive the death of one${missing.note}`,
  ignore: missing.ignore,
  async fn() {
    await using cluster = await startCluster({
      rate: 40,
      edge: { SERVER: "hardened", WS_MAX_CONNECTIONS: "2500" },
    });
    const { nginx: { base }, edges: [first, second] } = cluster;
    assert(first && second);
    const own = followTicks(base);
    const running = load([
      ...["--url", base, "--metrics", second.base],
      ...["--stages", "40:0.5,40:6,0:0.5", "--mix", "ws:50,sse:40,poll:10"],
    ]);
    try {
      await offersAnotherProtocol(base);
      // Polls come and go; the rest stays where it was put.
      await until(
        async () => await activeAt(first.base) > 12 && await activeAt(second.base) > 12,
        "an even spread",
      );
      await until(() => own.ids.length > 50, "events at the project's own client");
      first.kill("SIGKILL");
      const before = own.ids.length;
      await until(() => own.ids.length > before + 50, "events after the death of an edge");
      const report = await running;
      const table = reportTable(report);
      assertEquals([report.totals.undetected, report.totals.repeats], [0, 0], table);
      assert(Number(report.totals.resumed) >= 10, table);
      assertEquals(Object.keys(report.malformed), [], table);
      // A proxy that buffers holds events back until kilobytes are full: seconds, at this rate.
      assert(Number(report.durations.delivery?.p50) < 500, table);
      assertEquals(own.gaps, []);
      own.ids.forEach((id, n) => n > 0 && assertEquals(seqOf(id), seqOf(own.ids[n - 1] ?? "") + 1));
    } finally {
      await running.catch(() => {});
      own.client.disconnect();
    }
  },
});

Deno.test({
  name:
    `rollback: edges with WS_ENABLED=false take over behind nginx, clients go on by event stream and miss nothing${missing.note}`,
  ignore: missing.ignore,
  async fn() {
    await using redisServer = await startRedis();
    const store = { REDIS_URL: redisServer.url };
    await using _feed = await startProcess({ environment: { ...store, ROLE: "all", SIMULATOR_RATE: "40" } });
    await using bad = await startProcess({ environment: { ...store, ROLE: "edge" } });
    await using good = await startProcess({ environment: { ...store, ROLE: "edge", WS_ENABLED: "false" } });
    const host = (one: Process) => new URL(one.base).host;
    await using proxy = await startNginx([host(bad), `${host(good)} backup`]);
    const own = followTicks(proxy.base);
    try {
      await until(() => own.ids.length > 50, "events by WebSocket");
      assertEquals(transportOf(own.client), "websocket");
      bad.kill("SIGTERM");
      await until(() => transportOf(own.client) === "sse", "an event stream");
      const before = own.ids.length;
      await until(() => own.ids.length > before + 50, "events by event stream");
      assertEquals(own.gaps, []);
      own.ids.forEach((id, n) => n > 0 && assertEquals(seqOf(id), seqOf(own.ids[n - 1] ?? "") + 1));
    } finally {
      own.client.disconnect();
    }
  },
});

Deno.test({
  name: `answers of 503 pass nginx as they are, and take no edge out of the balance${missing.note}`,
  ignore: missing.ignore,
  async fn() {
    await using redisServer = await startRedis();
    const environment = { ROLE: "edge", REDIS_URL: redisServer.url, WS_ENABLED: "false" };
    await using first = await startProcess({ environment });
    await using second = await startProcess({ environment });
    await using proxy = await startNginx([first, second].map(({ base }) => new URL(base).host));
    const status = async (path: string) => {
      const answer = await fetch(`${proxy.base}${path}`);
      await answer.body?.cancel();
      return answer.status;
    };
    for (let n = 0; n < 6; n++) assertEquals([await status("/ws"), await status("/health")], [503, 200]);
  },
});

const long = Deno.env.get("TICKCAST_LONG") === "1";
Deno.test({
  name: `2 000 clients over two edges behind nginx lose nothing when one is killed${
    missing.note || (long ? "" : " (ignored: TICKCAST_LONG=1 runs it, 2 min)")
  }`,
  ignore: missing.ignore || !long,
  async fn() {
    await using cluster = await startCluster({
      rate: 20,
      edge: { SERVER: "hardened", WS_MAX_CONNECTIONS: "2500" },
    });
    const { nginx: { base }, edges: [first, second], ingest } = cluster;
    assert(first && second);
    const directory = Deno.env.get("TICKCAST_REPORTS") ?? await Deno.makeTempDir();
    const running = load([
      ...["--url", base, "--metrics", second.base],
      ...[first, second, ingest].flatMap(({ pid }) => ["--pid", String(pid)]),
      ...["--stages", "2000:30,2000:45,0:5", "--mix", "ws:70,sse:20,poll:10"],
      ...BUSY_SYMBOLS,
    ]);
    await until(
      async () => await activeAt(first.base) + await activeAt(second.base) > 1700,
      "2 000 clients",
      60_000,
    );
    const spread = [await activeAt(first.base), await activeAt(second.base)];
    first.kill("SIGKILL");
    const report = await running;
    await Deno.writeTextFile(`${directory}/two_edges.json`, JSON.stringify({ spread, ...report }, null, 1));
    const table = `${reportTable(report)}\n  spread before the kill: ${
      spread.join(" and ")
    }; report in ${directory}`;
    assertEquals([report.totals.undetected, report.totals.repeats], [0, 0], table);
    assert(Number(report.totals.resumed) >= 500, table);
    assertEquals(report.totals.unverifiableStretches, 0, table);
  },
});

Deno.test("the project's nginx configuration keeps what streams need", async () => {
  const text = await Deno.readTextFile(new URL("../../deploy/nginx.conf", import.meta.url));
  for (
    const line of [
      "proxy_buffering off;",
      "proxy_read_timeout 86400;",
      "proxy_set_header Upgrade $socket_upgrade;",
      "proxy_set_header Connection $connection_upgrade;",
      "least_conn;",
      "proxy_http_version 1.1;",
      "proxy_connect_timeout 2s;",
      "proxy_next_upstream error timeout;",
    ]
  ) assert(text.includes(line), line);
  assert(nginxConfiguration(text, ["a:1", "b:2"], 1, "/tmp").includes("server a:1 "));
});
