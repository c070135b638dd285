/** What may be asked wrongly of the event streams and polls, row by row, on both servers. */
import { assertEquals } from "@std/assert";
import { aTrade } from "../support/event_factory.ts";
import { edgeRig } from "./edge_rig.ts";
import { StreamClient } from "./test_clients.ts";

interface Row {
  readonly what: string;
  readonly path: string;
  readonly init?: RequestInit;
  readonly status: number;
  readonly code?: string;
}

const CURSOR = "k3f9a0b1-9007199254740993";
const rows: readonly Row[] = [
  { what: "an unknown stream", path: "/sse/nope", status: 404, code: "UNKNOWN_STREAM" },
  { what: "an unknown stream polled", path: "/events/nope", status: 404, code: "UNKNOWN_STREAM" },
  { what: "a path that climbs", path: "/events/..%2f..%2fetc%2fpasswd", status: 404, code: "UNKNOWN_STREAM" },
  { what: "an encoded slash", path: "/sse/tick%2fx", status: 404 },
  { what: "a bad cursor", path: `/events/tick?cursor=tick:${CURSOR}`, status: 400, code: "BAD_CURSOR" },
  {
    what: "a bad cursor for a stream",
    path: `/sse/tick?cursor=tick:${CURSOR}`,
    status: 400,
    code: "BAD_CURSOR",
  },
  {
    what: "a bad Last-Event-ID",
    path: "/sse/tick",
    init: { headers: { "last-event-id": "7" } },
    status: 400,
    code: "BAD_CURSOR",
  },
  {
    what: "two cursors in the query",
    path: "/events/tick?cursor=tick:0-0&cursor=earliest",
    status: 400,
    code: "BAD_REQUEST",
  },
  { what: "a bad symbol", path: "/events/tick?symbols=%0d%0a", status: 400, code: "BAD_SYMBOL" },
  { what: "a bad max_hz", path: "/sse/tick?max_hz=1e99", status: 400, code: "BAD_REQUEST" },
  { what: "a bad wait", path: "/events/tick?wait=-1", status: 400, code: "BAD_REQUEST" },
  { what: "a bad snapshot flag", path: "/sse/tick?snapshot=maybe", status: 400, code: "BAD_REQUEST" },
  {
    what: "POST",
    path: "/events/tick",
    init: { method: "POST", body: "{}" },
    status: 405,
    code: "METHOD_NOT_ALLOWED",
  },
  {
    what: "POST to a stream",
    path: "/sse/tick",
    init: { method: "POST" },
    status: 405,
    code: "METHOD_NOT_ALLOWED",
  },
  { what: "HEAD of a poll", path: "/events/tick", init: { method: "HEAD" }, status: 200 },
  { what: "HEAD of a stream", path: "/sse/tick", init: { method: "HEAD" }, status: 200 },
  {
    what: "a garbage If-None-Match",
    path: "/events/tick",
    init: { headers: { "if-none-match": '"x", W/"\\", *' } },
    status: 200,
  },
  { what: "a plain GET of a socket", path: "/ws/tick", status: 426, code: "UPGRADE_REQUIRED" },
  { what: "a socket of an unknown stream", path: "/ws/nope", status: 404, code: "UNKNOWN_STREAM" },
  { what: "nothing at all", path: "/nope", status: 404, code: "NOT_FOUND" },
];

for (const server of ["deno", "hardened"] as const) {
  Deno.test(`each wrong request has its status and code (SERVER=${server})`, async (t) => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    await rig.writer.append("tick", [aTrade()]);
    for (const row of rows) {
      await t.step(row.what, async () => {
        const response = await fetch(`http://127.0.0.1:${port}${row.path}`, row.init);
        const text = await response.text();
        assertEquals(response.status, row.status, text);
        if (row.code !== undefined) assertEquals(JSON.parse(text).error.code, row.code);
        assertEquals(text.includes("passwd") || text.includes("    at "), false);
      });
    }
  });

  Deno.test(`a full instance refuses so that every client knows what to do (SERVER=${server})`, async () => {
    await using rig = edgeRig({ settings: { server, wsMaxConnections: 1 } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    await using first = new StreamClient(port, "/sse/tick");
    await first.first("subscribed");
    await using second = new StreamClient(port, "/sse/tick");
    assertEquals((await second.first("fault")).code, "OVERLOADED");
    assertEquals([second.status, (second.retryMs ?? 0) >= 2000], [200, true]);
    const socket = await fetch(`http://127.0.0.1:${port}/ws/tick`);
    await socket.body?.cancel();
    assertEquals([socket.status, Number(socket.headers.get("retry-after")) > 0], [503, true]);
  });

  Deno.test(`WS_ENABLED=false answers 503 on sockets and goes on with the rest (SERVER=${server})`, async () => {
    await using rig = edgeRig({ settings: { server, wsEnabled: false } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    for (const path of ["/ws", "/ws/tick", "/massive/stocks"]) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      assertEquals([response.status, (await response.json()).error.code], [503, "WS_DISABLED"]);
    }
    const stats = await fetch(`http://127.0.0.1:${port}/ws/stats`);
    await stats.body?.cancel();
    assertEquals(stats.status, 200);
    await using stream = new StreamClient(port, "/sse/tick");
    await stream.first("subscribed");
  });

  Deno.test(`a past window is immutable, tagged and answered 304 (SERVER=${server})`, async () => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    await rig.writer.append("tick", Array.from({ length: 350 }, (_, n) => aTrade({ tid: String(n) })));
    const epoch = rig.writer.heads.get("tick")?.epoch;
    const url = `http://127.0.0.1:${port}/events/tick?cursor=tick:${epoch}-42`;
    const response = await fetch(url);
    const { cursor, events } = await response.json();
    assertEquals([cursor, events.length], [`tick:${epoch}-300`, 258]);
    assertEquals(response.headers.get("cache-control"), "public, max-age=31536000, immutable");
    const etag = response.headers.get("etag") ?? "";
    const again = await fetch(url, { headers: { "if-none-match": etag } });
    await again.body?.cancel();
    assertEquals(again.status, 304);
    const rest = await fetch(`http://127.0.0.1:${port}/events/tick?cursor=${cursor}`);
    assertEquals([(await rest.json()).events.length, rest.headers.get("cache-control")], [50, "no-cache"]);
    for (const other of ["tick:0-0", "earliest"]) {
      const open = await fetch(`http://127.0.0.1:${port}/events/tick?cursor=${other}`);
      await open.body?.cancel();
      assertEquals(open.headers.get("cache-control"), "no-cache");
    }
  });

  Deno.test(`an event stream has headers no proxy can misread, and a retry (SERVER=${server})`, async () => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    await using client = new StreamClient(port, "/sse/tick", {
      accept: "*/*",
      "accept-encoding": "gzip, br",
    });
    await client.first("subscribed");
    assertEquals(client.headers.get("content-type"), "text/event-stream; charset=utf-8");
    assertEquals(client.headers.get("cache-control"), "no-cache, no-transform");
    assertEquals(client.headers.get("x-accel-buffering"), "no");
    assertEquals(client.headers.get("content-encoding"), null);
    assertEquals([client.retryMs, client.lastEventId], [2000, "tick:0-0"]);
  });

  Deno.test(`the header's cursor wins over the query's (SERVER=${server})`, async () => {
    await using rig = edgeRig({ settings: { server } });
    const { port } = await rig.edge.serve("127.0.0.1", 0);
    await rig.writer.append("tick", [aTrade(), aTrade({ tid: "2" })]);
    const epoch = rig.writer.heads.get("tick")?.epoch;
    await using client = new StreamClient(port, "/sse/tick?cursor=tick:0-0", {
      "last-event-id": `tick:${epoch}-1`,
    });
    assertEquals(await client.events(1), [`${epoch}-2`]);
  });
}
