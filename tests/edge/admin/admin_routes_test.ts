import { assertEquals, assertNotMatch, assertStringIncludes } from "@std/assert";
import * as fc from "fast-check";
import { ADMIN_BODY_MAX_BYTES } from "../../../src/edge/admin/admin_body.ts";
import { CONTROL_WAIT_MS, CONTROL_WAITING_MAX } from "../../../src/edge/admin/admin_commands.ts";
import { sameSecret } from "../../../src/edge/admin/admin_guard.ts";
import { type ControlAnswer, ControlEnvelope } from "../../../src/feed/control.ts";
import { TickcastError } from "../../../src/feed/error.ts";
import { aConnection, anIngestHealth } from "../../support/ingest_health_factory.ts";
import { ADMIN_TOKEN, anOperationalSide, type OperationalScene } from "../../support/operational_scene.ts";

const pure = (name: string, fn: () => Promise<void> | void) => Deno.test({ name, permissions: "none", fn });
type Scene = Awaited<ReturnType<typeof anOperationalSide>>;

/** Plays ingest: takes what was asked and answers it, then lets the edge find the answer. */
async function answering(scene: Scene, pending: Promise<Response>, reply: ControlAnswer) {
  let done = false;
  pending.then(() => done = true);
  const asked: unknown[] = [];
  for (let n = 0; n < 50 && !done; n++) {
    await scene.clock.advance(100);
    // Bodies are read outside the microtask queue.
    await new Promise((resolve) => setTimeout(resolve, 0));
    for (const text of await scene.store.takeCommands(10)) {
      const envelope = ControlEnvelope.parse(JSON.parse(text));
      asked.push(envelope.command);
      await scene.store.writeAnswer(envelope.id, JSON.stringify(reply), 60_000);
    }
  }
  const response = await pending;
  return { asked, status: response.status, body: await response.json() };
}

const done = (result: Record<string, unknown> = {}): ControlAnswer => ({ ok: true, result });

const COMMANDS: readonly (readonly [method: string, path: string, body: unknown, command: unknown])[] = [
  [
    "POST",
    "/api/websocket/connections",
    { name: "extra", frequencies: ["tick"], tickers: ["AAPL"] },
    { do: "add_connection", name: "extra", frequencies: ["tick"], tickers: ["AAPL"] },
  ],
  [
    "DELETE",
    "/api/websocket/connections/connection_2",
    undefined,
    { do: "remove_connection", connection: "connection_2" },
  ],
  [
    "POST",
    "/api/websocket/tickers",
    { action: "subscribe", tickers: ["AAPL", "BTC-USD"], frequency: "tick", connection: "connection_1" },
    { do: "subscribe", tickers: ["AAPL", "X:BTC-USD"], frequency: "tick", connection: "connection_1" },
  ],
  [
    "POST",
    "/api/websocket/tickers",
    { action: "unsubscribe", tickers: ["AAPL"], frequency: "fmv" },
    { do: "unsubscribe", tickers: ["AAPL"], frequency: "fmv" },
  ],
  ["POST", "/api/websocket/rebalance", undefined, { do: "rebalance" }],
  ["POST", "/api/streams/fmv", { action: "stop" }, { do: "stop_stream", stream: "fmv" }],
  ["POST", "/api/streams/fmv", { action: "start" }, { do: "start_stream", stream: "fmv" }],
  ["POST", "/api/reload", undefined, { do: "reload" }],
];

for (const [method, path, body, command] of COMMANDS) {
  pure(
    `${method} ${path} ${JSON.stringify(body) ?? ""} sends one command and gives back what ingest answered`,
    async () => {
      using scene = await anOperationalSide();
      const pending = scene.request(method, path, { token: ADMIN_TOKEN, body });
      const { asked, status, body: told } = await answering(scene, pending, done({ moved: [] }));
      assertEquals([asked, status, told], [[command], 200, { moved: [] }]);
    },
  );

  pure(
    `${method} ${path} ${JSON.stringify(body) ?? ""} is 401 without the token and 403 where none is set`,
    async () => {
      using scene = await anOperationalSide();
      for (
        const token of [undefined, "", "wrong", `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(1), "x".repeat(100_000)]
      ) {
        const response = await scene.request(method, path, { ...token === undefined ? {} : { token }, body });
        assertEquals([response.status, (await response.json()).error.code], [401, "UNAUTHORIZED"]);
      }
      using locked = await anOperationalSide({ adminToken: undefined });
      const response = await locked.request(method, path, { token: ADMIN_TOKEN, body });
      const told = await response.json();
      assertEquals([response.status, told.error.code], [403, "FORBIDDEN"]);
      assertStringIncludes(told.error.message, "ADMIN_TOKEN");
      assertEquals(await scene.store.takeCommands(10), []);
    },
  );
}

const BAD: readonly (readonly [path: string, body: unknown, status: number, code: string])[] = [
  ["/api/websocket/tickers", "{", 400, "BAD_JSON"],
  ["/api/websocket/tickers", undefined, 400, "BAD_REQUEST"],
  ["/api/websocket/tickers", "null", 400, "BAD_REQUEST"],
  ["/api/websocket/tickers", "[]", 400, "BAD_REQUEST"],
  ["/api/websocket/tickers", { action: "explode", tickers: ["A"], frequency: "tick" }, 400, "BAD_REQUEST"],
  ["/api/websocket/tickers", { action: "subscribe", tickers: [], frequency: "tick" }, 400, "BAD_REQUEST"],
  [
    "/api/websocket/tickers",
    { action: "subscribe", tickers: ["DROP TABLE"], frequency: "tick" },
    400,
    "BAD_REQUEST",
  ],
  [
    "/api/websocket/tickers",
    { action: "subscribe", tickers: ["A\r\nSET x"], frequency: "tick" },
    400,
    "BAD_REQUEST",
  ],
  [
    "/api/websocket/tickers",
    { action: "subscribe", tickers: ["A"], frequency: "signal" },
    400,
    "BAD_REQUEST",
  ],
  [
    "/api/websocket/tickers",
    { action: "subscribe", tickers: ["A"], frequency: "tick", x: 1 },
    400,
    "BAD_REQUEST",
  ],
  ["/api/websocket/connections", {}, 400, "BAD_REQUEST"],
  ["/api/websocket/connections", { name: "x".repeat(65) }, 400, "BAD_REQUEST"],
  ["/api/websocket/connections", { name: "x", url: "wss://evil.example" }, 400, "BAD_REQUEST"],
  ["/api/streams/fmv", { action: "delete" }, 400, "BAD_REQUEST"],
  ["/api/streams/nope", { action: "stop" }, 404, "UNKNOWN_STREAM"],
  ["/api/streams/__proto__", { action: "stop" }, 404, "UNKNOWN_STREAM"],
  ["/api/websocket/tickers", `"${"x".repeat(ADMIN_BODY_MAX_BYTES)}"`, 413, "TOO_LARGE"],
];

pure("bad requests are refused with a code, echo nothing and send no command", async () => {
  using scene = await anOperationalSide();
  for (const [path, body, status, code] of BAD) {
    const response = await scene.request("POST", path, { token: ADMIN_TOKEN, body });
    const text = await response.text();
    assertEquals(
      [response.status, JSON.parse(text).error.code],
      [status, code],
      `${path} ${text.slice(0, 200)}`,
    );
    assertNotMatch(text, /DROP TABLE|evil\.example|explode|SET x/);
  }
  assertEquals(await scene.store.takeCommands(10), []);
});

pure(
  "fuzz: whatever is posted is refused with a code or becomes a command, and nothing else happens",
  async () => {
    using scene = await anOperationalSide();
    const commands: string[] = [];
    scene.store.sendCommand = (text) => {
      commands.push(text);
      return Promise.reject(new TickcastError("OVERLOADED", "Cannot queue the command as the test says so"));
    };
    const word = fc.constantFrom(
      "action",
      "tickers",
      "frequency",
      "connection",
      "name",
      "market",
      "do",
      "subscribe",
      "tick",
      "AAPL",
      "start",
    );
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.dictionary(word, fc.oneof(word, fc.array(word), fc.integer(), fc.jsonValue())).map((value) =>
        JSON.stringify(value)
      ),
    );
    const path = fc.constantFrom(
      "/api/websocket/tickers",
      "/api/websocket/connections",
      "/api/streams/tick",
      "/api/websocket/rebalance",
      "/api/reload",
    );
    await fc.assert(
      fc.asyncProperty(path, body, async (where, what) => {
        const response = await scene.request("POST", where, { token: ADMIN_TOKEN, body: what });
        const { error } = await response.json();
        return [400, 413, 503].includes(response.status) && typeof error.code === "string" &&
          error.code !== "INTERNAL";
      }),
      { numRuns: 500 },
    );
    for (const text of commands) ControlEnvelope.parse(JSON.parse(text));
  },
);

pure("what ingest refuses keeps its code and reason", async () => {
  using scene = await anOperationalSide();
  const cases = [
    ["NOT_LEADER", 503, "NOT_LEADER"],
    ["CONFLICT", 409, "CONFLICT"],
    ["A_CODE_OF_TOMORROW", 409, "CONFLICT"],
    ["__proto__", 409, "CONFLICT"],
  ] as const;
  for (const [code, status, told] of cases) {
    const pending = scene.request("POST", "/api/reload", { token: ADMIN_TOKEN });
    const reply = await answering(scene, pending, { ok: false, code, message: "Cannot do it as it is so" });
    assertEquals([reply.status, reply.body], [status, {
      error: { code: told, message: "Cannot do it as it is so" },
    }]);
  }
});

pure("an ingest that does not answer is told as 504 within the limit", async () => {
  using scene = await anOperationalSide();
  const pending = scene.request("POST", "/api/reload", { token: ADMIN_TOKEN });
  await scene.clock.advance(CONTROL_WAIT_MS);
  const response = await pending;
  assertEquals([response.status, (await response.json()).error.code], [504, "INGEST_SILENT"]);
  assertEquals(scene.clock.pending, 0);
});

pure("a store that refuses commands is told as the store's own refusal", async () => {
  using scene = await anOperationalSide();
  scene.store.sendCommand = () =>
    Promise.reject(new TickcastError("STORE_REFUSED", "Cannot write as the token is read-only"));
  const response = await scene.request("POST", "/api/reload", { token: ADMIN_TOKEN });
  assertEquals([response.status, (await response.json()).error.code], [503, "STORE_REFUSED"]);
});

pure("a bounded number of commands waits at once", async () => {
  using scene = await anOperationalSide();
  const ask = () => scene.request("POST", "/api/reload", { token: ADMIN_TOKEN });
  const waiting = Array.from({ length: CONTROL_WAITING_MAX }, ask);
  await scene.clock.advance(1);
  const refused = await ask();
  assertEquals([refused.status, (await refused.json()).error.code], [503, "OVERLOADED"]);
  await scene.clock.advance(CONTROL_WAIT_MS);
  for (const response of await Promise.all(waiting)) assertEquals(response.status, 504);
});

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

pure("sameSecret() is true only for equal texts", () => {
  assertEquals(sameSecret("a", "a"), true);
  for (const [a, b] of [["a", "b"], ["", "a"], ["a", ""], ["a".repeat(1000), "a"], ["é", "e"]] as const) {
    assertEquals(sameSecret(a, b), false);
  }
});
