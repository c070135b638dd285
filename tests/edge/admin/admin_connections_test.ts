/** What the routes tell of connections and tickers, to anybody and to an operator. */
import { assertEquals } from "@std/assert";
import { aConnection, anIngestHealth } from "../../support/ingest_health_factory.ts";
import { ADMIN_TOKEN, anOperationalSide, type OperationalScene } from "../../support/operational_scene.ts";
import { answering, done } from "./admin_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });

const three: OperationalScene = {
  ingest: anIngestHealth({
    connections: [
      aConnection(),
      aConnection({
        id: "connection_2",
        name: "secondary",
        status: "error",
        detail: "refused: bad key",
        tickers: 500,
        tickerSample: ["NVDA"],
        events: 7,
        errors: 3,
        latencyMs: null,
      }),
    ],
  }),
};

pure("GET /api/websocket/connections has the shape of the contract", async () => {
  using scene = await anOperationalSide(three);
  assertEquals(await (await scene.request("GET", "/api/websocket/connections")).json(), {
    total_connections: 2,
    connected: 1,
    total_tickers: 502,
    total_ticks: 5007,
    total_errors: 4,
    connections: {
      connection_1: {
        name: "primary",
        status: "connected",
        tickers: 2,
        messages: 1000,
        errors: 1,
        rate: 12.5,
        latency_ms: 18,
        detail: "connected for 10 min",
      },
      connection_2: {
        name: "secondary",
        status: "error",
        tickers: 500,
        messages: 1000,
        errors: 3,
        rate: 12.5,
        latency_ms: null,
        detail: "refused: bad key",
      },
    },
  });
  using silent = await anOperationalSide();
  assertEquals(await (await silent.request("GET", "/api/websocket/connections")).json(), {
    total_connections: 0,
    connected: 0,
    total_tickers: 0,
    total_ticks: 0,
    total_errors: 0,
    connections: {},
  });
});

pure("one connection is found by id or name, and 404 otherwise", async () => {
  using scene = await anOperationalSide(three);
  for (const id of ["connection_2", "secondary"]) {
    const response = await scene.request("GET", `/api/websocket/connections/${id}`);
    const body = await response.json();
    assertEquals([response.status, body.id, body.frequencies], [200, "connection_2", ["tick"]]);
  }
  for (const id of ["connection_3", "__proto__", "%00", "..%2f.."]) {
    const response = await scene.request("GET", `/api/websocket/connections/${id}`);
    assertEquals([response.status, (await response.json()).error.code], [404, "NOT_FOUND"]);
  }
});

pure("a connection's tickers come from the report, all of them by asking ingest as an operator", async () => {
  using scene = await anOperationalSide(three);
  const path = "/api/websocket/connections/connection_2/tickers";
  assertEquals(await (await scene.request("GET", path)).json(), {
    connection: "connection_2",
    total: 500,
    tickers: ["NVDA"],
    truncated: true,
  });
  const pending = scene.request("GET", path, { token: ADMIN_TOKEN });
  const { asked, body } = await answering(scene, pending, done({ tickers: ["NVDA", "TSLA"] }));
  assertEquals(asked, [{ do: "tickers", connection: "connection_2" }]);
  assertEquals([body.tickers, body.truncated], [["NVDA", "TSLA"], false]);
});

pure("a ticker is found from the report; ingest is asked only by an operator", async () => {
  using whole = await anOperationalSide({ ingest: anIngestHealth() });
  assertEquals(await (await whole.request("GET", "/api/websocket/tickers/AAPL")).json(), {
    ticker: "AAPL",
    connections: ["connection_1"],
  });
  assertEquals((await whole.request("GET", "/api/websocket/tickers/ZZZZ")).status, 404);
  assertEquals((await whole.request("GET", "/api/websocket/tickers/a%20b")).status, 400);

  using scene = await anOperationalSide(three);
  assertEquals((await scene.request("GET", "/api/websocket/tickers/TSLA")).status, 401);
  assertEquals(await scene.store.takeCommands(10), []);
  const pending = scene.request("GET", "/api/websocket/tickers/TSLA", { token: ADMIN_TOKEN });
  const { asked, body } = await answering(scene, pending, done({ connections: ["connection_2"] }));
  assertEquals([asked, body], [
    [{ do: "lookup", ticker: "TSLA" }],
    { ticker: "TSLA", connections: ["connection_2"] },
  ]);
});
