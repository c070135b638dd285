/**
 * Metrics against what clients really got: every message and event counted by its receiver is in the exposition, and
 * nothing else is.
 */
import { assertEquals, assertGreater } from "@std/assert";
import { aMinute, aTrade } from "../support/event_factory.ts";
import { assertSamples, scrapeMetrics } from "../support/exposition.ts";
import { until } from "../support/until.ts";
import { edgeRig } from "./edge_rig.ts";
import { poll, SocketClient, StreamClient } from "./test_clients.ts";

Deno.test("what the metrics say was sent is what clients received", async () => {
  await using rig = edgeRig();
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  const base = `http://127.0.0.1:${port}`;
  await using sockets = new AsyncDisposableStack();
  const clients = [
    ...Array.from({ length: 5 }, () => sockets.use(new SocketClient(port, "/ws/tick?symbols=*"))),
    sockets.use(new SocketClient(port, "/ws/tick?symbols=MSFT")),
    sockets.use(new SocketClient(port, "/ws?streams=tick,minute&symbols=*")),
  ];
  const stream = sockets.use(new StreamClient(port, "/sse/tick"));
  for (const client of [...clients, stream]) await client.first("subscribed");
  for (let n = 0; n < 40; n++) {
    await rig.writer.append("tick", [aTrade({ tid: `${n}` }), aTrade({ sym: "MSFT", tid: `m${n}` })]);
  }
  await rig.writer.append("minute", [aMinute()]);
  const expected = [80, 80, 80, 80, 80, 40, 81, 80];
  for (const [n, client] of [...clients, stream].entries()) await client.events(expected[n] ?? 0);
  const polled = await poll(port, "/events/tick?cursor=earliest&symbols=MSFT");
  assertEquals(polled.events.length, 40);

  const values = await scrapeMetrics(base);
  const received = [...clients, stream].reduce((sum, client) => sum + client.messages.length, 1);
  assertSamples(values, {
    tickcast_events_sent_total: expected.reduce((a, b) => a + b) + polled.events.length,
    ws_messages_sent_total: received,
    'ws_active_connections{transport="ws"}': 7,
    'ws_active_connections{transport="sse"}': 1,
    'tickcast_connections_accepted_total{transport="ws"}': 7,
    'tickcast_connections_accepted_total{transport="poll"}': 1,
    tickcast_events_pulled_total: 81,
    'tickcast_clients{tier="premium"}': 8,
  });
  const stats = await (await fetch(`${base}/ws/stats`)).json();
  assertEquals([stats.active_connections, stats.messages_sent_1m], [8, received]);
  assertEquals(stats.subscriptions_by_symbol, { "*": 7, MSFT: 1 });
  for (const hop of ["pulled", "sent", "flushed"]) {
    assertGreater(values.get(`tickcast_lag_seconds_count{stream="tick",hop="${hop}"}`) ?? 0, 0, hop);
  }
  assertGreater(values.get('ws_broadcast_duration_seconds_count{stream="tick"}') ?? 0, 0);
});

Deno.test("clients that leave are taken out of the gauges and stay in the totals", async () => {
  await using rig = edgeRig();
  const { port } = await rig.edge.serve("127.0.0.1", 0);
  {
    await using client = new SocketClient(port, "/ws/tick?symbols=*");
    await client.first("subscribed");
    await using stream = new StreamClient(port, "/sse/tick");
    await stream.first("subscribed");
  }
  await until(() => rig.edge.hub.size === 0, "both are gone");
  const values = await scrapeMetrics(`http://127.0.0.1:${port}`);
  for (const transport of ["ws", "sse"]) {
    assertSamples(values, {
      [`ws_active_connections{transport="${transport}"}`]: 0,
      [`tickcast_connections_accepted_total{transport="${transport}"}`]: 1,
    });
  }
});
